import type { OrderType, Side, SpecialTerms, TimeInForce } from "@bourse/market";

/** A request for an order whose fields are well-formed one by one: the edge has checked that. */
export interface Placement {
  readonly accountId: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly quantity: string;
  readonly price: string | null;
  readonly postOnly: boolean;
  /** As it was given, and in milliseconds. */
  readonly expireAt: string | null;
  readonly expireAtMs: number | null;
  readonly botId: string | null;
  readonly remark: string | null;
  /** As it was given, without fields that say their default. */
  readonly special: SpecialTerms | null;
}

/**
 * The request as one text whose hash is kept to tell a repetition from another request with the same key.
 * "1.50" and "1.5" are the same request; what depends on the moment (fees, the day's end) is not part of it.
 */
export function canonicalPlacement(placement: Placement): string {
  const { special } = placement;
  const fields = [
    placement.symbol,
    placement.side,
    placement.orderType,
    placement.timeInForce,
    canonicalDecimal(placement.quantity),
    placement.price === null ? null : canonicalDecimal(placement.price),
    placement.postOnly,
    placement.expireAtMs,
    placement.botId,
    placement.remark,
  ];
  return JSON.stringify(special === null ? fields : [...fields, canonicalSpecial(special)]);
}

/** By name, so that the order in which fields were given does not matter. */
function canonicalSpecial(special: SpecialTerms): readonly (readonly [string, unknown])[] {
  return Object.entries(special)
    .filter(([field]) => field !== "groupOrderId" && field !== "parentOrderId")
    .map(([field, value]) => [field, DECIMALS.has(field) ? canonicalDecimal(String(value)) : value] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

const DECIMALS: ReadonlySet<string> = new Set([
  "stopPrice",
  "displayQuantity",
  "minQuantity",
  "trailingOffset",
]);

/** A well-formed decimal, or a percentage, without trailing zeros. */
export function canonicalDecimal(text: string): string {
  if (text.endsWith("%")) return `${canonicalDecimal(text.slice(0, -1))}%`;
  if (!text.endsWith("0") || !text.includes(".")) return text;
  return text.replace(/\.?0+$/, "");
}
