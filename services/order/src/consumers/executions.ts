import { assert, decimalUnits } from "@bourse/base";
import { type EventOf, type ExecutionReport, epochMs, executionEvents } from "@bourse/contracts";
import { type ConsumerUnit, type Effects, type Envelope, eventsOf } from "@bourse/delivery";
import { instrumentOf } from "../checks.ts";
import type { Desk } from "../desk.ts";
import { applyReport, type Report } from "../domain/apply-report.ts";
import { isTombstone, type OrderRecord } from "../domain/order.ts";
import { orderUpdate } from "../engine-log.ts";
import { type CommandOutcome, completeCommands } from "../sql/command-rows.ts";
import {
  type ChangedOrder,
  markTriggered,
  orderRecordOf,
  selectOrders,
  updateOrders,
} from "../sql/order-rows.ts";
import { noteLimitStates, raiseEngineHeads } from "../sql/venue-rows.ts";
import { cancelWaitingEntries } from "./voided-exits.ts";

type ReportEvent = EventOf<typeof ExecutionReport>;

/**
 * Orders follow their reports: of a batch the one with the highest engine sequence counts for each order (R10), one
 * row each. Outcomes complete their commands. No row is locked: an order belongs to one partition, and the marks'
 * compare-and-set in front makes this the partition's only writer (R5); a redrive has the same locks.
 */
export async function followExecutions(
  desk: Desk,
  batch: readonly Envelope[],
  unit: ConsumerUnit,
): Promise<Effects> {
  const told = toldBy(batch);
  const changed = told.reports.size === 0 ? [] : await changedOrders(desk, told.reports, unit);
  desk.metrics.reports.inc(changed.length);
  desk.known.stage(changed.map(({ order }) => order));
  const entries = await cancelWaitingEntries(desk, changed, unit);
  // The engine has answered what is parked, too.
  for (const envelope of eventsOf(unit.parked, executionEvents)) noteHead(told.heads, envelope);
  return {
    statements: [
      ...updateOrders(changed, unit.nowMs),
      ...markTriggered(changed),
      ...completeCommands([...told.outcomes.values()], unit.nowMs),
      ...noteLimitStates([...told.limitStates.values()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1))),
      ...entries.statements,
      ...raiseEngineHeads(told.heads),
    ],
    events: [
      ...changed.map(({ order }) => orderUpdate(order, instrumentOf(desk, order.terms.symbol))),
      ...entries.events,
    ],
    result: undefined,
  };
}

/** What a batch says, each time the last word. */
interface Told {
  readonly reports: Map<string, Envelope<ReportEvent>>;
  readonly outcomes: Map<string, CommandOutcome>;
  readonly limitStates: Map<string, LimitState>;
  readonly heads: Map<number, number>;
}

type LimitState = Parameters<typeof noteLimitStates>[0][number];

function toldBy(batch: readonly Envelope[]): Told {
  const told: Told = { reports: new Map(), outcomes: new Map(), limitStates: new Map(), heads: new Map() };
  for (const envelope of eventsOf(batch, executionEvents)) {
    const { event, partition } = envelope;
    noteHead(told.heads, envelope);
    if (event.eventType === "MarketStatusChanged") {
      const { symbol, until } = event;
      told.limitStates.set(symbol, {
        symbol,
        partition,
        untilMs: until === undefined ? null : epochMs(until),
      });
      continue;
    }
    if (event.eventType === "ExecutionReport") {
      const known = told.reports.get(event.orderId);
      if (known === undefined || known.event.engineSequence < event.engineSequence)
        told.reports.set(event.orderId, envelope as Envelope<ReportEvent>);
    }
    const outcome = outcomeOf(event);
    if (outcome !== null) told.outcomes.set(outcome.requestId, outcome);
  }
  return told;
}

/** After the commit: the engine has answered up to here (R14). */
export function executionsCommitted(
  desk: Desk,
  batch: readonly Envelope[],
  parked: readonly Envelope[],
): void {
  const heads = new Map<number, number>();
  for (const envelope of eventsOf(batch, executionEvents)) noteHead(heads, envelope);
  for (const envelope of eventsOf(parked, executionEvents)) noteHead(heads, envelope);
  for (const [partition, sequence] of heads) desk.lag.outcome(partition, sequence);
}

/** What a parked report holds up: its order, not its symbol (R10). */
export function orderOfExecution({ event }: Envelope): string | null {
  const { orderId } = event as { readonly orderId?: unknown };
  return typeof orderId === "string" ? orderId : null;
}

/** The orders as their reports make them. A report that its order can't follow is parked, and so is its order (R10). */
async function changedOrders(
  desk: Desk,
  reports: ReadonlyMap<string, Envelope<ReportEvent>>,
  unit: ConsumerUnit,
): Promise<readonly ChangedOrder[]> {
  const records = new Map<string, OrderRecord>();
  const missing: string[] = [];
  for (const orderId of reports.keys()) {
    const known = desk.known.get(orderId);
    if (known === undefined) missing.push(orderId);
    else records.set(orderId, known);
  }
  const [rows = []] = missing.length === 0 ? [] : await unit.run([selectOrders(missing)]);
  for (const record of rows.map(orderRecordOf)) records.set(record.orderId, record);
  const changed: ChangedOrder[] = [];
  for (const [orderId, envelope] of reports) {
    const before = records.get(orderId);
    assert(before !== undefined, "every order that the engine reports on is kept here");
    const outcome = isTombstone(before)
      ? ({ kind: "illegal", words: `order ${orderId} was given up (${before.reason})` } as const)
      : applyReport(before, decodeReport(desk, envelope.event), unit.nowMs);
    if (outcome.kind === "illegal") unit.park(envelope, { code: ILLEGAL_TRANSITION, message: outcome.words });
    if (outcome.kind !== "changed" || isTombstone(before)) continue;
    const wakes = outcome.order.triggered && !before.triggered;
    changed.push({ order: outcome.order, beforeSequence: before.engineSequence, wakes });
  }
  return changed;
}

const ILLEGAL_TRANSITION = "illegal_transition";

function decodeReport(desk: Desk, event: ReportEvent): Report {
  const instrument = instrumentOf(desk, event.symbol);
  return {
    orderId: event.orderId,
    engineSequence: event.engineSequence,
    execType: event.execType,
    quantityLots: instrument.decodeQuantity(event.quantity),
    boundTicks: instrument.decodePrice(event.boundPrice),
    filledLots: instrument.decodeQuantity(event.cumulativeQuantity),
    leavesLots: instrument.decodeQuantity(event.leavesQuantity),
    cancelledLots: instrument.decodeQuantity(event.cancelledQuantity),
    filledNotionalUnits: decimalUnits(event.cumulativeNotional, instrument.quoteScale),
    feeUnits: decimalUnits(event.cumulativeFee, instrument.quoteScale),
    done: event.done,
    reason: event.reason ?? null,
    triggered: event.triggered === true,
  };
}

type EngineOutput = EventOf<(typeof executionEvents.events)[number]>;

/** Placements have no command of their own: their outcome is the order's. */
function outcomeOf(event: EngineOutput): CommandOutcome | null {
  if (event.eventType === "ExecutionReport")
    return event.outcome && event.requestId !== event.orderId && OWN_REQUEST_ID.test(event.requestId)
      ? { requestId: event.requestId, accepted: event.execType !== "REJECTED", reason: event.reason ?? null }
      : null;
  if (event.eventType === "CommandCompleted" && OWN_REQUEST_ID.test(event.requestId))
    return { requestId: event.requestId, accepted: event.accepted, reason: event.reason ?? null };
  return null;
}

/** All that this service writes are 128 bits in hex. */
const OWN_REQUEST_ID = /^[0-9a-f]{32}$/;

/** The last command of each partition whose outcome was read. */
function noteHead(heads: Map<number, number>, { partition, event }: Envelope<EngineOutput>): void {
  if (event.eventType === "MarketStatusChanged") return;
  if (event.commandSequence > (heads.get(partition) ?? -1)) heads.set(partition, event.commandSequence);
}
