import { partitionOf } from "@bourse/bus";
import {
  type EventOf,
  type ExecutionReport,
  type OrderCreated,
  ordersFeed,
  type TradeExecuted,
  tradesFeed,
} from "@bourse/contracts";
import type { ConsumerUnit, Effects, Envelope, Known, OutgoingEvent } from "@bourse/delivery";
import { applyFact, type OrderFact, type ReportFact, type Told, unknownOrder } from "../domain/order-copy.ts";
import type { DropCopy } from "../drop-copy.ts";
import { findOrders, type KnownOrder, lockOrders, readOrders, writeOrders } from "../sql/order-rows.ts";

type Created = EventOf<typeof OrderCreated>;
type Report = EventOf<typeof ExecutionReport>;
type Executed = EventOf<typeof TradeExecuted>;

const NOTHING: Effects = { statements: [], events: [], result: undefined };

/**
 * Tells orders and trades to their feeds: applies the facts of a batch to the orders as they are known, and writes one row
 * for each that has changed (R13).
 */
export async function copyOrders(
  service: DropCopy,
  batch: readonly Envelope[],
  unit: ConsumerUnit,
): Promise<Effects> {
  const facts: OrderFact[] = [];
  for (const { event } of batch) for (const fact of orderFactsOf(event)) facts.push(fact);
  if (facts.length === 0) return NOTHING;
  const known = service.knownOrders.of(unit.tenure);
  await readUnknown(unit, known, facts);
  const { rows } = known;
  const changed = new Map<string, KnownOrder>();
  const events: OutgoingEvent[] = [];
  for (const fact of facts) {
    const { orderId } = fact;
    const { copy: before, version } = changed.get(orderId) ??
      rows.get(orderId) ?? { copy: unknownOrder(orderId), version: 0 };
    const { copy, told } = applyFact(before, fact);
    if (copy !== before) changed.set(orderId, { copy, version });
    for (const each of told) events.push(outgoing(each));
  }
  for (const [orderId, { copy, version }] of changed) rows.set(orderId, { copy, version: version + 1 });
  return { statements: writeOrders([...changed.values()]), events, result: undefined };
}

/**
 * Reads the orders that are not known. One that comes now is taken for new: where another instance has had facts of it
 * before, its row breaks the key, and the unit is done again with locks.
 */
async function readUnknown(
  unit: ConsumerUnit,
  { rows, isCareful }: Known<KnownOrder>,
  facts: readonly OrderFact[],
): Promise<void> {
  const unknown = new Set<string>();
  for (const { orderId } of facts) if (!rows.has(orderId)) unknown.add(orderId);
  if (!isCareful) for (const { kind, orderId } of facts) if (kind === "created") unknown.delete(orderId);
  if (unknown.size === 0) return;
  const results = await unit.run(isCareful ? lockOrders([...unknown]) : [findOrders([...unknown])]);
  for (const known of readOrders(results.at(-1) ?? [])) rows.set(known.copy.orderId, known);
}

/** What an event says of orders; most say nothing. */
export function orderFactsOf(decoded: unknown): readonly OrderFact[] {
  const event = decoded as Created | Report | Executed;
  switch (event.eventType) {
    case "OrderCreated":
      return [
        {
          kind: "created",
          orderId: event.orderId,
          clientId: event.accountId,
          remark: event.remark ?? "",
          qty: event.quantity,
          price: event.price ?? event.worstPrice,
        },
      ];
    case "ExecutionReport":
      return [reportFact(event)];
    case "TradeExecuted":
      return [event.buyer, event.seller].map(({ orderId, cumulativeQuantity }) => ({
        kind: "trade",
        orderId,
        engineSequence: event.engineSequence,
        tradeId: event.tradeId,
        qty: event.quantity,
        price: event.price,
        cumulative: cumulativeQuantity,
      }));
    default:
      return [];
  }
}

const ENDS: ReadonlySet<Report["execType"]> = new Set(["CANCELLED", "EXPIRED", "REJECTED"]);
const MAX_REMARK = 256;

function reportFact(event: Report): ReportFact {
  const { orderId, engineSequence, execType, reason, done } = event;
  const ended = done && ENDS.has(execType);
  const words = reason === undefined ? execType : `${execType}: ${reason}`;
  return {
    kind: "report",
    orderId,
    engineSequence,
    cumulative: event.cumulativeQuantity,
    leaves: event.leavesQuantity,
    price: event.boundPrice,
    ended: ended ? words.slice(0, MAX_REMARK) : null,
  };
}

function outgoing({ feed, record }: Told): OutgoingEvent {
  const topic = feed === "orders" ? ordersFeed : tradesFeed;
  const key = record.client_id;
  return { topic, key, partition: partitionOf(key, topic.partitions), event: record };
}
