import { assert } from "@bourse/base";
import { type ExecType, nextStatus } from "@bourse/market";
import type { Order, OrderTerms } from "./order.ts";

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
  /** True from TRIGGERED on. */
  readonly triggered: boolean;
}

/** What a report makes of its order. `old`: it is older than what was applied. `illegal`: the order can't go there. */
export type ReportOutcome =
  | { readonly kind: "changed"; readonly order: Order }
  | { readonly kind: "old" }
  | { readonly kind: "illegal"; readonly words: string };

/** R10: only the report with the highest engine sequence counts; an illegal transition is the caller's to park. */
export function applyReport(order: Order, report: Report, nowMs: number): ReportOutcome {
  if (report.engineSequence <= order.engineSequence) return { kind: "old" };
  const decision = nextStatus(order.status, report);
  if (decision.kind === "illegal") {
    return {
      kind: "illegal",
      words: `order ${order.orderId} can't go from ${order.status} to ${decision.to}, as report ${report.engineSequence} says`,
    };
  }
  assert(report.filledLots >= order.filledLots, "what is filled only grows");
  const changed: Order = {
    ...order,
    terms: amended(order.terms, report),
    status: decision.status,
    boundTicks: report.boundTicks,
    filledLots: report.filledLots,
    leavesLots: report.leavesLots,
    cancelledLots: report.cancelledLots,
    filledNotionalUnits: report.filledNotionalUnits,
    feeUnits: report.feeUnits,
    engineSequence: report.engineSequence,
    reason: report.reason ?? order.reason,
    triggered: report.triggered || order.triggered,
    updatedMs: nowMs,
  };
  return { kind: "changed", order: changed };
}

/** Most reports leave the terms as they are. */
function amended(terms: OrderTerms, { quantityLots, boundTicks }: Report): OrderTerms {
  const priceTicks = terms.priceTicks === null ? null : boundTicks;
  if (terms.quantityLots === quantityLots && terms.priceTicks === priceTicks) return terms;
  return { ...terms, quantityLots, priceTicks };
}
