import type { CompiledInstrument, PriceFault, QuantityFault } from "@bourse/market";
import { type FieldFault, fieldRefusal, type Refusal } from "./refusal.ts";

/** A field of an order, or of an amendment, that its listing does not take. */
export interface CodedFault extends FieldFault {
  readonly code: "off_tick" | "off_lot" | "order_terms_invalid";
}

/** The code is the first fault's; all are listed. */
export function refusalOf(faults: readonly CodedFault[]): Refusal {
  const [first] = faults;
  if (first === undefined) throw new RangeError("a refusal has a fault");
  const errors = faults.map(({ field, given, allowed }) => ({ field, given, allowed }));
  const more = faults.length > 1 ? `, and ${faults.length - 1} more` : "";
  return {
    code: first.code,
    detail: `${first.field}: given ${first.given}, allowed ${first.allowed}${more}`,
    errors,
  };
}

export function unknownSymbol(symbol: string): Refusal {
  return fieldRefusal("unknown_symbol", {
    field: "symbol",
    given: symbol,
    allowed: "a listed symbol; GET /api/v1/instruments lists them",
  });
}

export function halted(symbol: string): Refusal {
  return fieldRefusal("trading_halted", {
    field: "symbol",
    given: symbol,
    allowed: "a symbol that is trading; while it is halted it takes cancels only",
  });
}

export function quantityFault(
  fault: QuantityFault,
  given: string,
  instrument: CompiledInstrument,
): CodedFault {
  const { minQuantity, maxQuantity, lotSize } = instrument.instrument;
  return {
    code: fault === "malformed" || fault === "too_long" ? "order_terms_invalid" : "off_lot",
    field: "quantity",
    given,
    allowed: `from ${minQuantity} to ${maxQuantity} in steps of ${lotSize}`,
  };
}

export function priceFault(fault: PriceFault, given: string, instrument: CompiledInstrument): CodedFault {
  const { tickSize, maxPrice } = instrument.instrument;
  return {
    code: fault === "malformed" || fault === "too_long" ? "order_terms_invalid" : "off_tick",
    field: "price",
    given,
    allowed: `from ${tickSize} to ${maxPrice} in steps of ${tickSize}`,
  };
}

/** The same for an order of another account: whether there is one is not the caller's to know. */
export function replacesNone(given: string): CodedFault {
  return {
    code: "order_terms_invalid",
    field: "replaces",
    given,
    allowed: "the id of an order of the account",
  };
}
