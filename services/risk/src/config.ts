import { Type } from "typebox";

const Amount = (fallback: string, description: string) =>
  Type.String({
    pattern: "^(unlimited|(0|[1-9][0-9]*)(\\.[0-9]+)?)$",
    maxLength: 40,
    default: fallback,
    description: `${description}; "unlimited" for none`,
  });

/** Defaults of the limits; an operator may set others, for everyone, an account, a symbol or both. */
export const RiskConfig = Type.Object({
  RISK_MAX_ORDER_NOTIONAL: Amount(
    "10000000",
    "Default limit: the largest price x quantity of one order, in the quote asset",
  ),
  RISK_MAX_ORDER_QUANTITY: Amount("unlimited", "Default limit: the largest quantity of one order"),
  RISK_ORDERS_PER_SECOND: Amount(
    "5000",
    "Default limit: orders and repricing amendments an account may send per second, a whole number",
  ),
  RISK_ORDER_BURST: Amount(
    "10000",
    "Default limit: how many of them an account may send in one burst, a whole number",
  ),
  RISK_MAX_OPEN_ORDERS: Amount(
    "unlimited",
    "Default limit: open orders of an account over all symbols, a whole number",
  ),
  RISK_MAX_OPEN_NOTIONAL: Amount(
    "unlimited",
    "Default limit: the sum of worst price x leaves quantity over an account's open orders, for each quote asset",
  ),
  RISK_RESERVATION_MS: Type.Integer({
    minimum: 5_000,
    maximum: 600_000,
    default: 20_000,
    description:
      "How long risk counts an approval whose order it has not seen yet; then it asks order. Must be longer than order takes to commit (R14)",
  }),
  RISK_ACCEPT_WINDOW_MS: Type.Integer({
    minimum: 0,
    maximum: 600_000,
    default: 5_000,
    description: "How long risk approves nothing after it was not shut down cleanly (R14)",
  }),
});
