import { PEGS_TO, SELF_TRADE_PREVENTIONS, TRIGGERS_BY } from "@bourse/market";
import { type Static, Type } from "typebox";
import { ClientOrderId, Decimal, OrderId, oneOf } from "./fields.ts";

/**
 * What an order has beyond the terms of a plain limit or market order, under the names of the public API. Absent is the
 * default, so that a plain order carries none of it.
 */
export const specialFields = {
  /**
   * STOP_LOSS, STOP_LIMIT: the order sleeps until the reference reaches it: upwards for BUY, downwards for SELL.
   * TRAILING_STOP: where the trail begins.
   */
  stopPrice: Type.Optional(Decimal),
  /** The stop is reached from the other side: downwards for BUY, upwards for SELL (take-profit). */
  ifTouched: Type.Optional(Type.Boolean()),
  /** TRAILING_STOP: the stop follows the best reference at this distance. */
  trailingOffset: Type.Optional(
    Type.String({
      pattern: "^(0|[1-9][0-9]*)(\\.[0-9]+)?%?$",
      maxLength: 40,
      description: "12.5 is a distance in the quote asset, 0.25% one of the price",
    }),
  ),
  /** Of a stop. Default: LAST. */
  triggerBy: Type.Optional(oneOf(TRIGGERS_BY)),
  /** ICEBERG: how much of it is shown at a time. */
  displayQuantity: Type.Optional(Decimal),
  /** Not shown, and after what is shown at its price. */
  hidden: Type.Optional(Type.Boolean()),
  /** PEGGED: what its price follows. */
  pegTo: Type.Optional(oneOf(PEGS_TO)),
  /** What must fill at once, or the order is cancelled whole. */
  minQuantity: Type.Optional(Decimal),
  /** Only ever makes the account's net traded position in the symbol smaller. */
  reduceOnly: Type.Optional(Type.Boolean()),
  /** A post-only order that would trade gets the price one tick before it would, instead of being refused. */
  slide: Type.Optional(Type.Boolean()),
  /** Default: NONE. */
  selfTradePrevention: Type.Optional(oneOf(SELF_TRADE_PREVENTIONS)),
  /** One cancels the other: the client order id of the open order that the group is named after. */
  groupId: Type.Optional(ClientOrderId),
  /** Waits until the order with this client order id is done and has filled; its siblings cancel each other. */
  parentId: Type.Optional(ClientOrderId),
  /** Stands aside until so many children have come; if the engine refuses one of them, the order is cancelled. */
  awaits: Type.Optional(Type.Integer({ minimum: 1, maximum: 8 })),
  /** Cancels that order in the same step: both or neither. */
  replaces: Type.Optional(OrderId),
  /** The session whose end cancels the order. */
  sessionId: Type.Optional(ClientOrderId),
};

export const SpecialTerms = Type.Object(specialFields);
export type SpecialTerms = Static<typeof SpecialTerms>;
