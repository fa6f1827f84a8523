import { partitionOf } from "@bourse/bus";
import {
  type EventOf,
  type ExecutionReport,
  type OrderCreated,
  ordersFeed,
  type TradeExecuted,
  tradesFeed,
} from "@bourse/contracts";
import type { Effects, Envelope, OutgoingEvent, Unit } from "@bourse/delivery";
import { applyFact, type OrderFact, type ReportFact, type Told, unknownOrder } from "../domain/order-copy.ts";
import type { DropCopy } from "../drop-copy.ts";
import { lockOrders, readOrders, writeOrders } from "../sql/order-rows.ts";

type Created = EventOf<typeof OrderCreated>;
type Report = EventOf<typeof ExecutionReport>;
type Executed = EventOf<typeof TradeExecuted>;

const NOTHING: Effects = { statements: [], events: [], result: undefined };

/** Tells orders and trades to their feeds: locks the orders of a batch, applies its facts, writes one row each (R13). */
export async function copyOrders(
  _service: DropCopy,
  batch: readonly Envelope[],
  unit: Unit,
): Promise<Effects> {
  const facts = batch.flatMap(({ event }) => orderFactsOf(event));
  if (facts.length === 0) return NOTHING;
  const orderIds = [...new Set(facts.map(({ orderId }) => orderId))];
  const [, rows = []] = await unit.run(lockOrders(orderIds));
  const copies = new Map(readOrders(rows).map((copy) => [copy.orderId, copy]));
  const events: OutgoingEvent[] = [];
  for (const fact of facts) {
    const { copy, told } = applyFact(copies.get(fact.orderId) ?? unknownOrder(fact.orderId), fact);
    copies.set(fact.orderId, copy);
    events.push(...told.map(outgoing));
  }
  return { statements: [writeOrders([...copies.values()])], events, result: undefined };
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
