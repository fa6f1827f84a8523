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
import {
  applyFact,
  type Feeds,
  type OrderCopy,
  type OrderFact,
  type OrderRecord,
  type ReportFact,
  type TradeFact,
  type TradeRecord,
  unknownOrder,
} from "../domain/order-copy.ts";
import type { DropCopy } from "../drop-copy.ts";
import { findOrders, type KnownOrder, lockOrders, readOrders, writeOrders } from "../sql/order-rows.ts";

type Created = EventOf<typeof OrderCreated>;
type Report = EventOf<typeof ExecutionReport>;
type Executed = EventOf<typeof TradeExecuted>;

const NOTHING: Effects = { statements: [], events: [], result: undefined };

/** An order that a batch has facts of. */
interface OpenOrder {
  /** As it is known; version 0: as one of which nothing is known. */
  known: KnownOrder;
  /** After the facts so far. */
  copy: OrderCopy;
  /** It may be in the table, and is to be read. */
  isUnread: boolean;
}

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
  for (const { event } of batch) addFactsOf(event, facts);
  if (facts.length === 0) return NOTHING;
  const known = service.knownOrders.of(unit.tenure);
  const orders = new Map<string, OpenOrder>();
  const opened = facts.map((fact) => openOrder(orders, known, fact));
  await readOpened(unit, known, orders);
  const feeds = new FeedEvents();
  for (let place = 0; place < facts.length; place++) {
    const order = opened[place] as OpenOrder;
    order.copy = applyFact(order.copy, facts[place] as OrderFact, feeds);
  }
  return { statements: writeOrders(changedOf(orders, known)), events: feeds.events, result: undefined };
}

/**
 * One that comes now is taken for new: where another instance has had facts of it before, its row breaks the key, and the
 * unit is done again with locks.
 */
function openOrder(
  orders: Map<string, OpenOrder>,
  { rows, isCareful }: Known<KnownOrder>,
  { kind, orderId }: OrderFact,
): OpenOrder {
  let order = orders.get(orderId);
  if (order === undefined) {
    const row = rows.get(orderId);
    const known = row ?? { copy: unknownOrder(orderId), version: 0 };
    order = { known, copy: known.copy, isUnread: row === undefined };
    orders.set(orderId, order);
  }
  if (kind === "created" && !isCareful) order.isUnread = false;
  return order;
}

async function readOpened(
  unit: ConsumerUnit,
  { rows, isCareful }: Known<KnownOrder>,
  orders: ReadonlyMap<string, OpenOrder>,
): Promise<void> {
  const unread: string[] = [];
  for (const [orderId, { isUnread }] of orders) if (isUnread) unread.push(orderId);
  if (unread.length === 0) return;
  const results = await unit.run(isCareful ? lockOrders(unread) : [findOrders(unread)]);
  for (const known of readOrders(results.at(-1) ?? [])) {
    const { orderId } = known.copy;
    rows.set(orderId, known);
    const order = orders.get(orderId);
    if (order === undefined) continue;
    order.known = known;
    order.copy = known.copy;
  }
}

/** Those to be written. They are known from here on as they will be. */
function changedOf(orders: ReadonlyMap<string, OpenOrder>, { rows }: Known<KnownOrder>): KnownOrder[] {
  const changed: KnownOrder[] = [];
  for (const [orderId, { known, copy }] of orders) {
    if (copy === known.copy) continue;
    changed.push({ copy, version: known.version });
    rows.set(orderId, { copy, version: known.version + 1 });
  }
  return changed;
}

/** What an event says of orders; most say nothing. */
export function orderFactsOf(decoded: unknown): readonly OrderFact[] {
  const facts: OrderFact[] = [];
  addFactsOf(decoded, facts);
  return facts;
}

function addFactsOf(decoded: unknown, facts: OrderFact[]): void {
  const event = decoded as Created | Report | Executed;
  switch (event.eventType) {
    case "OrderCreated":
      facts.push({
        kind: "created",
        orderId: event.orderId,
        clientId: event.accountId,
        remark: event.remark ?? "",
        qty: event.quantity,
        price: event.price ?? event.worstPrice,
      });
      return;
    case "ExecutionReport":
      facts.push(reportFact(event));
      return;
    case "TradeExecuted":
      facts.push(tradeFact(event, event.buyer), tradeFact(event, event.seller));
      return;
  }
}

const ENDS: ReadonlySet<Report["execType"]> = new Set(["CANCELLED", "EXPIRED", "REJECTED"]);
const MAX_REMARK = 256;

function reportFact(event: Report): ReportFact {
  return {
    kind: "report",
    orderId: event.orderId,
    engineSequence: event.engineSequence,
    cumulative: event.cumulativeQuantity,
    leaves: event.leavesQuantity,
    price: event.boundPrice,
    ended: event.done && ENDS.has(event.execType) ? endOf(event) : null,
  };
}

function endOf({ execType, reason }: Report): string {
  const words = reason === undefined ? execType : `${execType}: ${reason}`;
  return words.slice(0, MAX_REMARK);
}

function tradeFact(event: Executed, { orderId, cumulativeQuantity }: Executed["buyer"]): TradeFact {
  return {
    kind: "trade",
    orderId,
    engineSequence: event.engineSequence,
    tradeId: event.tradeId,
    qty: event.quantity,
    price: event.price,
    cumulative: cumulativeQuantity,
  };
}

/** The records of a batch, by client. */
class FeedEvents implements Feeds {
  readonly events: OutgoingEvent[] = [];

  tellOrder(record: OrderRecord): void {
    this.#add(ordersFeed, record);
  }

  tellTrade(record: TradeRecord): void {
    this.#add(tradesFeed, record);
  }

  #add(topic: typeof ordersFeed | typeof tradesFeed, record: OrderRecord): void {
    const key = record.client_id;
    this.events.push({ topic, key, partition: partitionOf(key, topic.partitions), event: record });
  }
}
