import type { PegTo, SelfTradePrevention, TriggerBy } from "./order.ts";

/**
 * What an order has beyond a plain limit or market order, as decimals, under the names of the public API. An absent
 * field is its default; an order without any has no special terms at all.
 */
export interface SpecialTerms {
  readonly stopPrice?: string;
  readonly ifTouched?: boolean;
  /** A distance in the quote asset, or a percentage of the price. */
  readonly trailingOffset?: string;
  readonly triggerBy?: TriggerBy;
  readonly displayQuantity?: string;
  readonly hidden?: boolean;
  readonly pegTo?: PegTo;
  readonly minQuantity?: string;
  readonly reduceOnly?: boolean;
  readonly slide?: boolean;
  readonly selfTradePrevention?: SelfTradePrevention;
  /** Client order ids. */
  readonly groupId?: string;
  readonly parentId?: string;
  /** Children. */
  readonly awaits?: number;
  /** Order ids. */
  readonly replaces?: string;
  readonly groupOrderId?: string;
  readonly parentOrderId?: string;
  readonly sessionId?: string;
}
