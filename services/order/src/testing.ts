import { assert, present } from "@bourse/base";
import {
  type EventOf,
  type ExecutionReport,
  executionEvents,
  type HoldBatch,
  type HoldOutcome,
  type HoldRelease,
  orderEvents,
  type Principal,
  type RiskCheckBatch,
  type RiskOutcome,
  referenceEvents,
} from "@bourse/contracts";
import { PeerError, type PeerRequest, type RouteAnswer } from "@bourse/host";
import {
  type TestAnswer,
  type TestEnd,
  type TestedService,
  type TestRequest,
  testService,
} from "@bourse/host/testing";
import { AAPL, AAPL_USD, BTC, BTC_USD, USD } from "@bourse/market/testing";
import type { Desk } from "./desk.ts";
import { InputLag } from "./domain/input-lag.ts";
import { OrphanWatch } from "./domain/orphan-watch.ts";
import { RecentIds } from "./domain/recent-ids.ts";
import { openDoor } from "./door.ts";
import { PARTITIONS, partitionOfSymbol } from "./engine-log.ts";
import { KnownOrders } from "./known-orders.ts";
import { order } from "./service.ts";
import { raiseEngineHeads } from "./sql/venue-rows.ts";

/** The order service with stubs for risk, wallet and the engine. */

export const OPERATOR: Principal = { keyId: "op-1", role: "operator" };
export const ALICE: Principal = { keyId: "k-alice", role: "account", accountId: "alice" };
export const BOB: Principal = { keyId: "k-bob", role: "account", accountId: "bob" };

/** Wallet as order knows it: holds by order id, raises by request id, closed ones for ever. */
export class StubWallet {
  readonly holds = new Map<
    string,
    {
      readonly accountId: string;
      readonly symbol: string;
      readonly worstPrice: string;
      readonly quantity: string;
    }
  >();
  readonly raises = new Map<string, { readonly orderId: string; readonly accountId: string }>();
  readonly closed = new Set<string>();
  readonly calls: HoldBatch[] = [];
  readonly releases: HoldRelease[] = [];
  /** The next release does not get through. */
  releaseFault = false;
  /** What the next batch of holds does: the answer is lost after the holds, or nothing is done. */
  fault: "lost" | "away" | null = null;
  refuse: (accountId: string) => Extract<HoldOutcome, { status: "refused" }> | null = () => null;
  /** Runs after the holds and before the answer. */
  afterHolds: (batch: HoldBatch) => Promise<void> = async () => undefined;

  async answer(request: PeerRequest): Promise<RouteAnswer> {
    if (request.path === "/internal/holds") return await this.#place(request.body as HoldBatch);
    if (request.path === "/internal/holds/release") return this.#release(request.body as HoldRelease);
    if (request.path === "/internal/holds/orphans") return this.#orphans();
    assert(request.path === "/internal/holds/open", `wallet has the path ${request.path}`);
    return this.#open(request.query?.after ?? "");
  }

  /** A hold a page. */
  #open(after: string): RouteAnswer {
    const [orderId, next] = [...this.holds.keys()].filter((each) => each > after).sort();
    const hold = orderId === undefined ? undefined : this.holds.get(orderId);
    const holds =
      hold === undefined
        ? []
        : [{ orderId, accountId: hold.accountId, asset: "USD", held: "1", touched: false }];
    return { status: 200, body: { holds, ...(next === undefined ? {} : { next: orderId }) } };
  }

  async #place(batch: HoldBatch): Promise<RouteAnswer> {
    const fault = this.fault;
    this.fault = null;
    if (fault === "away") throw new PeerError("peer_unavailable", "away", { service: "wallet" });
    this.calls.push(batch);
    const holds = batch.holds.map((hold): HoldOutcome => {
      const refusal = this.refuse(hold.accountId);
      if (refusal !== null) return refusal;
      if (this.closed.has(hold.orderId)) return { status: "refused", code: "hold_closed" };
      const known = this.holds.get(hold.orderId);
      if (known !== undefined && (known.worstPrice !== hold.worstPrice || known.quantity !== hold.quantity))
        return { status: "refused", code: "hold_differs" };
      this.holds.set(hold.orderId, hold);
      return { status: "held" };
    });
    const raises = batch.raises.map((raise): HoldOutcome => {
      const refusal = this.refuse(raise.accountId);
      if (refusal !== null) return refusal;
      if (this.closed.has(raise.requestId)) return { status: "refused", code: "hold_closed" };
      this.raises.set(raise.requestId, raise);
      return { status: "held" };
    });
    await this.afterHolds(batch);
    if (fault === "lost") throw new PeerError("peer_outcome_unknown", "lost", { service: "wallet" });
    return { status: 200, body: { holds, raises } };
  }

  #release(ask: HoldRelease): RouteAnswer {
    if (this.releaseFault) {
      this.releaseFault = false;
      throw new PeerError("peer_unavailable", "away", { service: "wallet" });
    }
    this.releases.push(ask);
    const { orderIds, raiseRequestIds } = ask;
    for (const id of [...orderIds, ...raiseRequestIds]) {
      this.holds.delete(id);
      this.raises.delete(id);
      this.closed.add(id);
    }
    return { status: 200, body: { released: orderIds.length + raiseRequestIds.length } };
  }

  /** All it has: what has an order is order's to know. */
  #orphans(): RouteAnswer {
    const holds = [...this.holds].map(([orderId, { accountId, symbol }]) => ({ orderId, accountId, symbol }));
    const raises = [...this.raises].map(([requestId, { orderId, accountId }]) => ({
      requestId,
      orderId,
      accountId,
    }));
    return { status: 200, body: { holds, raises } };
  }
}

/** Risk that approves: the limit, or 66000 for a market order. */
export class StubRisk {
  readonly calls: RiskCheckBatch[] = [];
  away = false;
  refuse: (accountId: string) => Extract<RiskOutcome, { status: "refused" }> | null = () => null;

  answer(request: PeerRequest): RouteAnswer {
    if (this.away) throw new PeerError("peer_unavailable", "away", { service: "risk" });
    const batch = request.body as RiskCheckBatch;
    this.calls.push(batch);
    const outcomes = batch.orders.map(
      (item): RiskOutcome =>
        this.refuse(item.accountId) ?? { status: "approved", worstPrice: item.price ?? "66000" },
    );
    return { status: 200, body: { outcomes } };
  }
}

export interface OrderTest {
  service: TestedService<Desk>;
  readonly wallet: StubWallet;
  readonly risk: StubRisk;
  post(body: unknown, given?: Omit<TestRequest, "body">): Promise<TestAnswer>;
  batch(items: readonly unknown[], headers?: Readonly<Record<string, string>>): Promise<TestAnswer>;
  get(orderId: string): Promise<TestAnswer>;
  /** All commands of the log, partition after partition, without listings and versions. */
  // biome-ignore lint/suspicious/noExplicitAny: a test states the shape by what it asserts
  commands(): Promise<readonly any[]>;
  report(report: TestReport): Promise<void>;
  completed(fields: Readonly<Record<string, unknown>>): Promise<void>;
}

/** The fields of a report that a test cares about. */
export type TestReport = Partial<EventOf<typeof ExecutionReport>> & { readonly orderId: string };

/** A listed BTC-USD and AAPL, ready to take orders. */
export async function orderTest(t: TestEnd, env: Readonly<Record<string, string>> = {}): Promise<OrderTest> {
  const wallet = new StubWallet();
  const risk = new StubRisk();
  const service = await testService<Desk>(t, order, {
    env,
    peers: { wallet: (request) => wallet.answer(request), risk: (request) => risk.answer(request) },
  });
  await service.publish(referenceEvents, [
    ...[USD, BTC, AAPL].map((asset) => ({ key: asset.asset, event: { eventType: "AssetListed", ...asset } })),
    ...[BTC_USD, AAPL_USD].map((instrument) => ({
      key: instrument.symbol,
      event: { eventType: "InstrumentListed", ...instrument },
    })),
  ]);
  await service.quiet();
  await answerAll(service);
  await service.runJob("refresh");
  let engineSequence = 0;
  const test: OrderTest = {
    service,
    wallet,
    risk,
    post: (body, given) => test.service.request("POST", "/api/v1/orders", { as: OPERATOR, ...given, body }),
    batch: (items, headers = {}) =>
      test.service.request("POST", "/api/v1/orders/batch", { as: OPERATOR, body: { items }, headers }),
    get: (orderId) => test.service.request("GET", `/api/v1/orders/${orderId}`, { as: OPERATOR }),
    commands: async () =>
      (await test.service.published(orderEvents))
        .map(({ event }) => event)
        .filter(({ eventType }) => eventType !== "SymbolListed" && eventType !== "EngineVersionActivated"),
    report: async (report) => {
      engineSequence += 1;
      await test.service.publish(executionEvents, [reportEvent(report, engineSequence)]);
      await test.service.quiet();
    },
    completed: async (fields) => {
      engineSequence += 1;
      const event = {
        eventType: "CommandCompleted",
        engineSequence,
        commandSequence: 1,
        ordersAffected: 0,
        ...fields,
      };
      await test.service.publish(executionEvents, [{ key: null, partition: 0, event }]);
      await test.service.quiet();
    },
  };
  return test;
}

/** The engine has obeyed all that is in its log: versions and listings, of which no test asks. */
export async function answerAll(service: TestedService<Desk>): Promise<void> {
  const heads = new Map<number, number>();
  for (const partition of PARTITIONS) {
    const [record] = await service.bus.tail(orderEvents.name, partition, 1);
    if (record !== undefined) heads.set(partition, Number(record.headers.sequence));
  }
  await service.store.transaction("engine heads", (tx) => tx.commit(raiseEngineHeads(heads)));
}

function reportEvent(
  report: TestReport,
  engineSequence: number,
): Parameters<TestedService<Desk>["publish"]>[1][number] {
  const symbol = report.symbol ?? "BTC-USD";
  const event = {
    eventType: "ExecutionReport" as const,
    execType: "NEW" as const,
    engineSequence,
    commandSequence: engineSequence,
    requestId: report.orderId,
    outcome: true,
    symbol,
    accountId: "alice",
    side: "BUY" as const,
    orderStatus: "OPEN" as const,
    quantity: "0.5",
    boundPrice: "60000",
    leavesQuantity: "0.5",
    cumulativeQuantity: "0",
    cancelledQuantity: "0",
    cumulativeNotional: "0",
    cumulativeFee: "0",
    done: false,
    ...report,
  };
  return { key: symbol, partition: partitionOfSymbol(symbol), event };
}

/** A well-formed order of alice with what a test wants different. undefined leaves a field out. */
export function body(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const all = {
    accountId: "alice",
    symbol: "BTC-USD",
    side: "BUY",
    orderType: "LIMIT",
    timeInForce: "GTC",
    quantity: "0.5",
    price: "60000",
    clientOrderId: "c-1",
    ...changes,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Another instance on the same tables: its own door and its own memory, which knows nothing of the first one's. */
export function otherInstance(test: OrderTest): Desk {
  const { service } = test.service;
  const desk: Omit<Desk, "door"> & { door?: Desk["door"] } = {
    ...service,
    orphans: new OrphanWatch(service.config.ORDER_ACCEPT_WINDOW_MS),
    lag: new InputLag(),
    inherited: { isRead: false },
    known: new KnownOrders(),
    refused: new RecentIds(1_000),
    expiry: { lookFromMs: 0 },
    resting: { announcedMs: -1, passes: 0 },
  };
  return Object.assign(desk, { door: openDoor(desk) });
}

/** How many rows a table has. */
export async function rowsOf(
  test: OrderTest,
  table: "orders" | "commands" | "raises_in_flight",
): Promise<number> {
  const [row] = await test.service.store.query({ text: `SELECT count(*) AS n FROM ${table}`, values: [] });
  return Number(present(row, "a count").n);
}
