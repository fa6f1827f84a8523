import { assert } from "@bourse/base";
import { type ExecType, nextStatus } from "@bourse/market";
import type { Order } from "./order.ts";

/** An execution report of an order, decoded: its cumulative facts (R11). */
export interface Report {
  readonly orderId: string;
  readonly engineSequence: number;
  readonly execType: ExecType;
  readonly quantityLots: number;
  readonly boundTicks: number;
  readonly filledLots: number;
  readonly leavesLots: number;
  readonly cancelledLots: number;
  readonly filledNotionalUnits: bigint;
  readonly feeUnits: bigint;
  readonly done: boolean;
  readonly reason: string | null;
}

/**
 * The order after a report, or null for a report that is older than what was applied (R10: only the one with the
 * highest engine sequence counts). Throws `InvariantError` for an illegal transition.
 */
export function applyReport(order: Order, report: Report, nowMs: number): Order | null {
  if (report.engineSequence <= order.engineSequence) return null;
  const decision = nextStatus(order.status, report);
  assert(
    decision.kind === "status",
    `order ${order.orderId} goes from ${order.status} only where its table allows, report ${report.engineSequence} says ${decision.kind === "illegal" ? decision.to : decision.status}`,
  );
  assert(report.filledLots >= order.filledLots, "what is filled only grows");
  return {
    ...order,
    terms: {
      ...order.terms,
      quantityLots: report.quantityLots,
      priceTicks: order.terms.priceTicks === null ? null : report.boundTicks,
    },
    status: decision.status,
    boundTicks: report.boundTicks,
    filledLots: report.filledLots,
    leavesLots: report.leavesLots,
    cancelledLots: report.cancelledLots,
    filledNotionalUnits: report.filledNotionalUnits,
    feeUnits: report.feeUnits,
    engineSequence: report.engineSequence,
    reason: report.reason ?? order.reason,
    updatedMs: nowMs,
  };
}
