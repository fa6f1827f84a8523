import { Type } from "typebox";

const Milliseconds = (fallback: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 86_400_000, default: fallback, description });

export const OrderConfig = Type.Object({
  ORDER_MAX_INPUT_LAG_MS: Milliseconds(
    5_000,
    "New orders are refused while the oldest command without outcome is older than this (R14)",
  ),
  ORDER_ACCEPT_WINDOW_MS: Milliseconds(
    5_000,
    "How old a hold must be, and for how long it must have been seen without an order, to be given up (R10)",
  ),
  ORDER_MAX_QUEUED: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 20_000,
    description: "Placements and amendments that may wait at the door; more are refused",
  }),
  ORDER_MAX_BATCH: Type.Integer({
    minimum: 1,
    maximum: 4_000,
    default: 2_000,
    description: "Orders and commands that go into one transaction at most",
  }),
});
