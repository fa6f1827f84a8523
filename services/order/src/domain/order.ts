import type { OrderStatus, OrderType, Side, SpecialTerms, TimeInForce } from "@bourse/market";
import type { Refusal } from "./refusal.ts";

/** An order as this service keeps it: quantities in lots, prices in ticks, money in minor units of the quote asset. */
export interface Order {
  readonly orderId: string;
  readonly accountId: string;
  readonly clientOrderId: string;
  readonly terms: OrderTerms;
  readonly status: OrderStatus;
  /** The worst price it may trade at; null for an order that was refused before it had one. */
  readonly boundTicks: number | null;
  readonly filledLots: number;
  readonly leavesLots: number;
  readonly cancelledLots: number;
  readonly filledNotionalUnits: bigint;
  readonly feeUnits: bigint;
  /** Of the last report that was applied; 0: none yet. */
  readonly engineSequence: number;
  /** Why it was rejected, cancelled or expired. */
  readonly reason: string | null;
  /** It slept or waited, and works now. */
  readonly triggered: boolean;
  /** The answer to its placement where that was refused: given again for the same key (R10). */
  readonly refusal: Refusal | null;
  /** 128 bits over the canonical body: tells the same request from another with its key. */
  readonly bodyHash: string;
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** What was asked for; an amendment changes quantity and price, nothing else changes. */
export interface OrderTerms {
  readonly symbol: string;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly quantityLots: number;
  readonly priceTicks: number | null;
  readonly postOnly: boolean;
  readonly expireAtMs: number | null;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  readonly botId: string | null;
  readonly remark: string | null;
  /** null: a plain limit or market order. */
  readonly special: SpecialTerms | null;
}

/**
 * A row that keeps an order id from ever being used (R10): its placement was given up before it was committed, or it
 * was cancelled before it came. The terms are not known.
 */
export interface Tombstone {
  readonly orderId: string;
  readonly accountId: string;
  readonly clientOrderId: string | null;
  readonly terms: null;
  readonly status: "REJECTED";
  readonly reason: TombstoneReason;
  readonly createdMs: number;
}

export const TOMBSTONE_REASONS = ["cancelled_before_placement", "abandoned_before_commit"] as const;
export type TombstoneReason = (typeof TOMBSTONE_REASONS)[number];

/** What an order id may stand for. */
export type OrderRecord = Order | Tombstone;

export function isTombstone(record: OrderRecord): record is Tombstone {
  return record.terms === null;
}

/** The answer to a placement that meets a tombstone: final. */
export function tombstoneRefusal(tombstone: Tombstone): Refusal {
  const why =
    tombstone.reason === "cancelled_before_placement"
      ? "the order was cancelled before it was placed"
      : "the order was given up before it was committed; nothing is held for it";
  return { code: "order_rejected", detail: `${why}; use a new client order id` };
}

/** Before risk has set the bound: accepted as far as its terms go. */
export function pendingOrder(
  identity: Pick<Order, "orderId" | "accountId" | "clientOrderId" | "bodyHash">,
  terms: OrderTerms,
  nowMs: number,
): Order {
  return {
    orderId: identity.orderId,
    accountId: identity.accountId,
    clientOrderId: identity.clientOrderId,
    terms,
    status: "PENDING",
    boundTicks: terms.priceTicks,
    filledLots: 0,
    leavesLots: terms.quantityLots,
    cancelledLots: 0,
    filledNotionalUnits: 0n,
    feeUnits: 0n,
    engineSequence: 0,
    reason: null,
    triggered: false,
    refusal: null,
    bodyHash: identity.bodyHash,
    createdMs: nowMs,
    updatedMs: nowMs,
  };
}

/** Refused by risk or for lack of funds: kept, so that the same key gets the same answer (R10). */
export function rejectedOrder(order: Order, refusal: Refusal): Order {
  return {
    ...order,
    status: "REJECTED",
    leavesLots: 0,
    cancelledLots: order.terms.quantityLots,
    reason: refusal.code,
    refusal,
  };
}
