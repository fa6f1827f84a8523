import { Type } from "typebox";

const Milliseconds = (fallback: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 86_400_000, default: fallback, description });

export const OrderConfig = Type.Object({
  ORDER_MAX_INPUT_LAG_MS: Milliseconds(
    5_000,
    "New orders are refused while the oldest command without an outcome is older than this (R14)",
  ),
  ORDER_ACCEPT_WINDOW_MS: Milliseconds(
    5_000,
    "A hold that is older than this, and has had no order for as long, is released (R10). An approval by risk is used within this time, or asked for again",
  ),
  ORDER_MAX_QUEUED: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 20_000,
    description: "Most placements and amendments that may queue; further ones are refused",
  }),
  ORDER_MAX_BATCH: Type.Integer({
    minimum: 1,
    maximum: 4_000,
    default: 2_000,
    description: "Most orders and commands in one transaction",
  }),
});
