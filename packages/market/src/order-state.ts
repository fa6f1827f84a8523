import { assert } from "@bourse/base";
import type { ExecType, OrderStatus } from "./order.ts";

/**
 * The state machine of an order, as one table: what each status may become.
 * PENDING and OPEN may go straight to any later one, since reports are collapsed to the last of a batch.
 * A status that may become itself has reports that change facts and not the status (a fill, a replacement).
 */
export const ORDER_TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PENDING: ["PENDING", "OPEN", "PARTIALLY_FILLED", "FILLED", "CANCELLED", "EXPIRED", "REJECTED"],
  OPEN: ["OPEN", "PARTIALLY_FILLED", "FILLED", "CANCELLED", "EXPIRED", "REJECTED"],
  PARTIALLY_FILLED: ["PARTIALLY_FILLED", "FILLED", "CANCELLED", "EXPIRED"],
  FILLED: [],
  CANCELLED: [],
  EXPIRED: [],
  REJECTED: [],
};

export function canTransition(from: OrderStatus, to: OrderStatus): boolean {
  return ORDER_TRANSITIONS[from].includes(to);
}

/** Whether nothing can follow. */
export function isFinal(status: OrderStatus): boolean {
  return ORDER_TRANSITIONS[status].length === 0;
}

/** What an execution report says of its order. A refused amend or cancel is no report of the order and never comes here. */
export interface ReportFacts extends OrderQuantities {
  readonly execType: ExecType;
  /** No fill can follow. */
  readonly done: boolean;
}

/** The quantities of an order, in lots. What was rejected, expired or decremented counts as cancelled. */
export interface OrderQuantities {
  readonly quantityLots: number;
  readonly filledLots: number;
  readonly leavesLots: number;
  readonly cancelledLots: number;
}

export type StatusDecision =
  | { readonly kind: "status"; readonly status: OrderStatus }
  /** R10: that order is parked and an alarm rings. */
  | { readonly kind: "illegal"; readonly from: OrderStatus; readonly to: OrderStatus };

/** The status of an order after a report, or what is illegal about it. */
export function nextStatus(current: OrderStatus, report: ReportFacts): StatusDecision {
  const status = reportedStatus(report);
  return canTransition(current, status)
    ? { kind: "status", status }
    : { kind: "illegal", from: current, to: status };
}

/** The status that a report's facts amount to, whatever it was before. */
export function reportedStatus(report: ReportFacts): OrderStatus {
  assertQuantities(report);
  if (!report.done) return report.filledLots > 0 ? "PARTIALLY_FILLED" : "OPEN";
  assert(report.leavesLots === 0, "a finished order leaves nothing");
  if (report.filledLots === report.quantityLots) return "FILLED";
  if (report.execType === "EXPIRED") return "EXPIRED";
  return report.execType === "REJECTED" && report.filledLots === 0 ? "REJECTED" : "CANCELLED";
}

/** Asserts quantity = filled + leaves + cancelled, none of them negative. */
export function assertQuantities(order: OrderQuantities): void {
  assert(quantitiesAddUp(order), "quantity = filled + leaves + cancelled");
}

export function quantitiesAddUp(order: OrderQuantities): boolean {
  const { quantityLots, filledLots, leavesLots, cancelledLots } = order;
  if (filledLots < 0 || leavesLots < 0 || cancelledLots < 0) return false;
  return quantityLots === filledLots + leavesLots + cancelledLots;
}
