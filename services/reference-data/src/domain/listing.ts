import { ok, type Result, refused } from "@bourse/base";
import {
  type Asset,
  areExactLimits,
  type CompiledInstrument,
  compileInstrument,
  EXACT_NOTIONAL,
  greaterLimits,
  type Instrument,
  type OrderLimits,
} from "@bourse/market";

/** What is wrong with a field: as given, and what is allowed there. */
export interface FieldFault {
  readonly field: string;
  readonly given: string;
  readonly allowed: string;
}

/** What of an instrument may change after it is listed. Scale, tick and lot never do (R9). */
const CHANGEABLE_FIELDS = [
  "minQuantity",
  "maxQuantity",
  "maxPrice",
  "makerFeePpm",
  "takerFeePpm",
  "collarPpm",
  "referencePrice",
  "status",
] as const;

/** The instrument as it is kept and published, if it obeys R9's listing rule. */
export function canonicalInstrument(
  instrument: Instrument,
  baseAsset: Asset,
  quoteAsset: Asset,
): Result<Instrument, FieldFault> {
  const compiled = compileInstrument(instrument, baseAsset, quoteAsset);
  return compiled.ok ? ok(canonicalOf(compiled.value)) : refused(compiled.error);
}

/** Decimals without trailing zeros. */
export function canonicalOf(compiled: CompiledInstrument): Instrument {
  const { formatPrice, formatQuantity } = compiled;
  return {
    ...compiled.instrument,
    tickSize: formatPrice(1),
    lotSize: formatQuantity(1),
    minQuantity: formatQuantity(compiled.minQuantityLots),
    maxQuantity: formatQuantity(compiled.maxQuantityLots),
    maxPrice: formatPrice(compiled.maxPriceTicks),
    referencePrice: formatPrice(compiled.referencePriceTicks),
  };
}

/**
 * The greatest limits there ever were, with those of the instrument among them. An order keeps the limits that it came
 * with and trades with later ones, so R9's bound on a notional holds for the greatest of both, or the change is refused.
 */
export function greatestLimits(
  before: OrderLimits,
  compiled: CompiledInstrument,
): Result<OrderLimits, FieldFault> {
  const { decodeQuantity, maxQuantityLots } = compiled;
  const greatest = greaterLimits(compiled, before, compiled.instrument);
  if (areExactLimits(compiled, greatest)) return ok(greatest);
  const field = maxQuantityLots > decodeQuantity(before.maxQuantity) ? "maxQuantity" : "maxPrice";
  const had = `${before.maxPrice} and ${before.maxQuantity}`;
  return refused({
    field,
    given: compiled.instrument[field],
    allowed: `${EXACT_NOTIONAL}, also with the greatest that it has had, ${had}`,
  });
}

/** The instrument with `change` applied, by the listing rule; or each field of it that never changes, by name. */
export function changedInstrument(
  instrument: Instrument,
  change: Readonly<Record<string, unknown>>,
  baseAsset: Asset,
  quoteAsset: Asset,
): Result<CompiledInstrument, readonly FieldFault[]> {
  const fixed = Object.keys(change).filter(
    (field) => !(CHANGEABLE_FIELDS as readonly string[]).includes(field),
  );
  if (fixed.length > 0) return refused(fixed.map((field) => neverChanges(field, change[field])));
  const changed = compileInstrument({ ...instrument, ...change }, baseAsset, quoteAsset);
  return changed.ok ? changed : refused([changed.error]);
}

function neverChanges(field: string, given: unknown): FieldFault {
  return {
    field,
    given: typeof given === "string" ? given : JSON.stringify(given),
    allowed: `it never changes; only ${CHANGEABLE_FIELDS.join(", ")} do`,
  };
}

/** The fields in which what was sent is not what is listed already. */
export function differences<Listed extends Asset | Instrument>(
  listed: Listed,
  given: Listed,
): readonly FieldFault[] {
  return Object.entries(listed)
    .map(([field, value]) => ({ field, value: String(value), given: String((given as never)[field]) }))
    .filter((each) => each.given !== each.value)
    .map(({ field, value, given }) => ({ field, given, allowed: `${value}, as it is listed` }));
}
