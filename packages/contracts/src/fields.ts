import { DECIMAL_MAX_LENGTH, DECIMAL_PATTERN } from "@bourse/base";
import { LIQUIDITIES, ORDER_STATUSES, ORDER_TYPES, SIDES, TIMES_IN_FORCE } from "@bourse/market";
import { type TLiteral, Type } from "typebox";

/** The fields that many contracts share. Decimal strings carry prices, quantities and amounts; never numbers (R9). */
export const Decimal = Type.String({ pattern: DECIMAL_PATTERN, maxLength: DECIMAL_MAX_LENGTH });
export const Timestamp = Type.String({
  pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
  description: "RFC 3339, UTC, milliseconds",
});
export const SymbolField = Type.String({
  pattern: "^[A-Z0-9][A-Z0-9.-]{0,31}$",
  description: "BTC-USD, AAPL",
});
export const AssetCode = Type.String({ pattern: "^[A-Z0-9][A-Z0-9.]{0,15}$", description: "USD, BTC, AAPL" });
export const AccountId = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$" });
export const OrderId = Type.String({
  pattern: "^[0-9a-f]{32}$",
  description: "128-bit hash of account and client order id (R10)",
});
export const RequestId = Type.String({ minLength: 1, maxLength: 96 });
export const ClientOrderId = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$" });
/** Counts that JSON numbers hold exactly: sequences, milliseconds, parts per million. */
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const Ppm = Type.Integer({
  minimum: -1_000_000,
  maximum: 1_000_000,
  description: "parts per million",
});

type Literals<Values extends readonly string[]> = {
  -readonly [Index in keyof Values]: TLiteral<Values[Index]>;
};

export function oneOf<const Values extends readonly string[]>(values: Values) {
  return Type.Union(values.map((value) => Type.Literal(value)) as unknown as [...Literals<Values>]);
}

export const SideField = oneOf(SIDES);
export const OrderTypeField = oneOf(ORDER_TYPES);
export const TimeInForceField = oneOf(TIMES_IN_FORCE);
export const OrderStatusField = oneOf(ORDER_STATUSES);
export const LiquidityField = oneOf(LIQUIDITIES);
