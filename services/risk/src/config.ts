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
  RISK_MAX_ORDER_NOTIONAL: Amount("10000000", "Largest price x quantity of one order, in the quote asset"),
  RISK_MAX_ORDER_QUANTITY: Amount("unlimited", "Largest quantity of one order"),
  RISK_ORDERS_PER_SECOND: Amount(
    "5000",
    "Orders and repricing amendments an account may send a second, a whole number",
  ),
  RISK_ORDER_BURST: Amount("10000", "How many of them at once, a whole number"),
  RISK_MAX_OPEN_ORDERS: Amount("unlimited", "Open orders of an account over all symbols, a whole number"),
  RISK_MAX_OPEN_NOTIONAL: Amount(
    "unlimited",
    "Worst price x what is left of an account's open orders, in each quote asset",
  ),
  RISK_RESERVATION_MS: Type.Integer({
    minimum: 5_000,
    maximum: 600_000,
    default: 20_000,
    description:
      "How long an approval counts without its order being seen before order is asked about it; longer than order may take to commit one (R14)",
  }),
  RISK_ACCEPT_WINDOW_MS: Type.Integer({
    minimum: 0,
    maximum: 600_000,
    default: 5_000,
    description: "How long risk approves nothing after an unclean end (R14)",
  }),
});
