import {
  cashBalanceFeed,
  executionEvents,
  orderEvents,
  ordersFeed,
  type Topic,
  tradeEvents,
  tradesFeed,
  walletEvents,
} from "@bourse/contracts";
import { type Envelope, replayTopic } from "@bourse/delivery";
import {
  Findings,
  type IdRange,
  type Invariant,
  type InvariantReport,
  idRange,
  isInRange,
} from "@bourse/host";
import { sql } from "@bourse/store";
import { cashFactsOf } from "./consumers/copy-cash.ts";
import { orderFactsOf } from "./consumers/copy-orders.ts";
import { type CashRecord, type ClientCash, cashRecord } from "./domain/client-cash.ts";
import type { OrderCopy, OrderRecord, TradeRecord } from "./domain/order-copy.ts";
import type { DropCopy } from "./drop-copy.ts";
import { readClients, selectClients } from "./sql/client-rows.ts";
import { readOrders, selectOrders } from "./sql/order-rows.ts";

/** What must hold of the feeds on a quiet platform. */
export const dropCopyInvariants: readonly Invariant<DropCopy>[] = [
  {
    name: "trades-equal-feed",
    rule: "the trades feed has each side of each trade once, and its last partial_filled_qty equals the order's filled quantity",
    check: (service, after) => tradesToldOnce(service, { after }),
  },
  {
    name: "orders-equal-feed",
    rule: "the orders feed's last record of each order equals the order, and no report or trade is still waiting for its order",
    check: (service, after) => ordersTold(service, { after }),
  },
  {
    name: "cash-equals-feed",
    rule: "each client's cash balance is the sum of its bookings, and the cash_balance feed's last record equals it",
    check: cashTold,
  },
];

const PAGE = 5_000;

/** Every event of a topic, each number once. Where retention has cut it, nothing: there would be too little to compare. */
async function* eventsOf(service: DropCopy, topics: readonly Topic[]): AsyncGenerator<Envelope> {
  for (const topic of topics) {
    if ((await service.bus.offsets(topic.name)).some(({ earliest }) => earliest > 0n)) return;
  }
  for (const topic of topics)
    for (let partition = 0; partition < topic.partitions; partition++)
      for await (const batch of replayTopic(service.bus, topic, partition)) yield* batch;
}

/**
 * The records of a feed that count. A database that was restored from a backup has sent what it had lost again, in a later
 * epoch (R6): the earlier copies are left out.
 */
async function* toldBy(service: DropCopy, feed: Topic): AsyncGenerator<Envelope> {
  const epochs = (
    await service.store.query(sql`SELECT partition, epoch, restored_sequence FROM outbox_epochs
      WHERE topic = ${feed.name} ORDER BY partition, epoch`)
  ).map((row) => ({
    partition: Number(row.partition),
    epoch: Number(row.epoch),
    restoredSequence: Number(row.restored_sequence),
  }));
  for await (const envelope of eventsOf(service, [feed])) {
    const { partition, epoch, sequence } = envelope;
    const isToldAgain = epochs.some(
      (later) => later.partition === partition && later.epoch > epoch && sequence > later.restoredSequence,
    );
    if (!isToldAgain) yield envelope;
  }
}

async function isCut({ bus }: DropCopy, topics: readonly Topic[]): Promise<boolean> {
  for (const { name } of topics)
    if ((await bus.offsets(name)).some(({ earliest }) => earliest > 0n)) return true;
  return false;
}

async function* ordersIn({ store }: DropCopy, range: IdRange): AsyncGenerator<OrderCopy> {
  for (let { after } = range; ; ) {
    const page = readOrders(await store.query(selectOrders(after, PAGE))).map(({ copy }) => copy);
    for (const copy of page) {
      if (!isInRange(range, copy.orderId)) return;
      yield copy;
      after = copy.orderId;
    }
    if (page.length === 0) return;
  }
}

/** Orders that are compared at once, in some 500 MB of memory. More are compared one range after the other. */
const ORDERS_AT_ONCE = 1_000_000;

/** Orders whose ids are behind `after`, at most about so many of them. */
interface Part {
  readonly after: string | undefined;
  readonly most?: number;
}

async function rangeOf({ store }: DropCopy, { after, most = ORDERS_AT_ONCE }: Part): Promise<IdRange> {
  const [row] = await store.scan(sql`SELECT count(*) AS n FROM orders`);
  return idRange(after, { count: Number(row?.n ?? 0), most });
}

async function* allClients({ store }: DropCopy): AsyncGenerator<ClientCash> {
  for (let after = ""; ; ) {
    const page = readClients(await store.query(selectClients(after, PAGE)));
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.clientId;
  }
}

/** Of an order's trades: how many, and the trade ids in one number that any difference changes. */
interface Sides {
  count: number;
  ids: number;
  filled: string;
}

export async function tradesToldOnce(service: DropCopy, part: Part): Promise<InvariantReport> {
  const findings = new Findings();
  if (await isCut(service, [tradeEvents, tradesFeed])) return findings.report();
  const range = await rangeOf(service, part);
  await compareTrades(service, range, findings);
  return findings.report(range.next);
}

async function compareTrades(service: DropCopy, range: IdRange, findings: Findings): Promise<void> {
  const made = new Map<string, Sides>();
  for await (const { event } of eventsOf(service, [tradeEvents]))
    for (const fact of orderFactsOf(event)) {
      if (fact.kind === "trade" && isInRange(range, fact.orderId))
        addSide(made, fact.orderId, fact.tradeId, fact.cumulative);
    }
  const told = new Map<string, Sides>();
  for await (const { event } of toldBy(service, tradesFeed)) {
    const { order_id, trade_id, partial_filled_qty } = event as TradeRecord;
    if (isInRange(range, order_id)) addSide(told, order_id, trade_id, partial_filled_qty);
  }
  for (const [orderId, { count, ids, filled }] of made) {
    findings.checked += count;
    const other = told.get(orderId);
    if (other?.count !== count || other.ids !== ids)
      findings.add(
        `order ${orderId} has ${count} trades, the feed has ${other?.count ?? 0} of it, or other ones`,
      );
    else if (other.filled !== filled)
      findings.add(`order ${orderId} has filled ${filled}, the feed says ${other.filled}`);
  }
  for (const orderId of told.keys())
    if (!made.has(orderId)) findings.add(`order ${orderId} has no trades, the feed has some of it`);
}

function addSide(sides: Map<string, Sides>, orderId: string, tradeId: string, filled: string): void {
  const side = sides.get(orderId) ?? { count: 0, ids: 0, filled: "0" };
  side.count++;
  side.ids = (side.ids + hashOf(tradeId)) >>> 0;
  side.filled = filled;
  sides.set(orderId, side);
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

export async function ordersTold(service: DropCopy, part: Part): Promise<InvariantReport> {
  const findings = new Findings();
  const cut = await isCut(service, [orderEvents, executionEvents, ordersFeed]);
  const range = await rangeOf(service, part);
  await compareOrders(service, { range, cut, findings });
  return findings.report(range.next);
}

interface Comparison {
  readonly range: IdRange;
  /** Retention has cut a topic: an order's record may be in the part that is gone. */
  readonly cut: boolean;
  readonly findings: Findings;
}

async function compareOrders(service: DropCopy, { range, cut, findings }: Comparison): Promise<void> {
  const last = new Map<string, OrderRecord & { told: number }>();
  for await (const { event } of toldBy(service, ordersFeed)) {
    const record = event as OrderRecord;
    if (!isInRange(range, record.order_id)) continue;
    last.set(record.order_id, { ...record, told: (last.get(record.order_id)?.told ?? 0) + 1 });
  }
  for await (const order of ordersIn(service, range)) {
    findings.checked++;
    if (order.clientId === null || order.waiting.length > 0) {
      findings.add(`${order.waiting.length} reports and trades wait for order ${order.orderId}`);
      continue;
    }
    const record = last.get(order.orderId);
    if (record === undefined) {
      if (!cut) findings.add(`order ${order.orderId} is not in the feed`);
      continue;
    }
    if (record.qty !== order.qty || record.price !== order.price || record.client_id !== order.clientId)
      findings.add(
        `order ${order.orderId} is for ${order.qty} at ${order.price}, the feed says ${record.qty} at ${record.price}`,
      );
    if (record.told !== order.ordersTold)
      findings.add(`order ${order.orderId} has ${record.told} records in the feed, not ${order.ordersTold}`);
    last.delete(order.orderId);
  }
  for (const orderId of last.keys()) findings.add(`order ${orderId} is in the feed and has no row`);
}

async function cashTold(service: DropCopy): Promise<InvariantReport> {
  const findings = new Findings();
  const sources = [walletEvents, tradeEvents];
  const cut = await isCut(service, [...sources, cashBalanceFeed]);
  if (cut) return findings.report();
  const totals = new Map<string, bigint>();
  for await (const { event } of eventsOf(service, sources))
    for (const { clientId, payIn, payout, traded } of cashFactsOf(event, service.cashAsset))
      totals.set(clientId, (totals.get(clientId) ?? 0n) + payIn - payout + traded);
  const last = new Map<string, CashRecord>();
  for await (const { event } of toldBy(service, cashBalanceFeed))
    last.set((event as CashRecord).client_id, event as CashRecord);
  for await (const client of allClients(service)) {
    findings.checked++;
    const { clientId, opening, payIn, payout, traded } = client;
    const total = opening + payIn - payout + traded;
    if (total !== totals.get(clientId))
      findings.add(
        `client ${clientId} has ${total} units, its bookings sum to ${totals.get(clientId) ?? 0n}`,
      );
    const wanted = JSON.stringify(cashRecord(client));
    const told = JSON.stringify(last.get(clientId));
    if (told !== wanted) findings.add(`client ${clientId} is ${wanted}, the feed says ${told}`);
    totals.delete(clientId);
    last.delete(clientId);
  }
  for (const clientId of totals.keys()) findings.add(`client ${clientId} has bookings and no row`);
  for (const clientId of last.keys()) findings.add(`client ${clientId} is in the feed and has no row`);
  return findings.report();
}
