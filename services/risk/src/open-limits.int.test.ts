import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type OpenOrder,
  type OpenOrdersQuery,
  orderUpdates,
  type Principal,
  type RiskCheckItem,
  type RiskOutcome,
  referenceEvents,
  type StandingAnswer,
  type StandingQuery,
} from "@bourse/contracts";
import { PeerError, type PeerRequest, type RouteAnswer } from "@bourse/host";
import { type TestEnd, type TestedService, testService } from "@bourse/host/testing";
import { BTC, BTC_USD, USD } from "@bourse/market/testing";
import { type Risk, whyClosed } from "./risk.ts";
import { risk as definition } from "./service.ts";

/** R14: limits on what is open, with a reservation for each approval until its order is seen. */

const OPERATOR: Principal = { keyId: "op-1", role: "operator" };
const id = (n: number): string => n.toString(16).padStart(32, "0");

/** Order as risk asks it. */
class StubOrder {
  away = false;
  open: OpenOrder[] = [];
  head = 0;
  standing: StandingAnswer["orders"] = [];
  readonly asked: string[] = [];
  /** Runs after the heads are read and before the answer. */
  meanwhile: () => Promise<void> = async () => undefined;

  async answer({ path, body }: PeerRequest): Promise<RouteAnswer> {
    if (this.away) throw new PeerError("peer_unavailable", "away", { service: "order" });
    if (path === "/internal/orders/standing") {
      const { orderIds } = body as StandingQuery;
      this.asked.push(...orderIds);
      return {
        status: 200,
        body: { orders: this.standing.filter(({ orderId }) => orderIds.includes(orderId)) },
      };
    }
    assert.equal(path, "/internal/orders/open");
    const { accountIds } = body as OpenOrdersQuery;
    this.asked.push(...accountIds);
    const heads = Array.from({ length: orderUpdates.partitions }, () => this.head);
    await this.meanwhile();
    return {
      status: 200,
      body: { heads, orders: this.open.filter((each) => accountIds.includes(each.accountId)) },
    };
  }
}

/** undefined leaves a field out. */
type AskedItem = Partial<Omit<RiskCheckItem, "price">> & { readonly price?: string | undefined };

interface OpenTest {
  risk: TestedService<Risk>;
  readonly order: StubOrder;
  check(...items: readonly AskedItem[]): Promise<readonly string[]>;
  see(orderId: string, fields: Readonly<Record<string, unknown>>): Promise<void>;
}

async function openTest(
  t: TestEnd,
  env: Readonly<Record<string, string>>,
  service: typeof definition = definition,
): Promise<OpenTest> {
  const order = new StubOrder();
  const peers = { order: (request: PeerRequest) => order.answer(request) };
  const risk = await testService<Risk>(t, service, { env, peers });
  await risk.publish(referenceEvents, [
    ...[USD, BTC].map((asset) => ({ key: asset.asset, event: { eventType: "AssetListed", ...asset } })),
    { key: "BTC-USD", event: { eventType: "InstrumentListed", ...BTC_USD } },
  ]);
  await risk.quiet();
  const test: OpenTest = {
    risk,
    order,
    check: async (...items) => {
      const orders = items.map((item, n) => ({ ...ITEM, orderId: id(n + 1), ...item }));
      const answer = await test.risk.request("POST", "/internal/risk/check", {
        as: "internal",
        body: { orders },
      });
      if (answer.status !== 200) return [answer.body.code];
      return answer.body.outcomes.map((outcome: RiskOutcome) =>
        outcome.status === "approved" ? "approved" : outcome.code,
      );
    },
    see: async (orderId, fields) => {
      await test.risk.publish(orderUpdates, [{ key: "alice", event: { ...UPDATE, orderId, ...fields } }]);
      await test.risk.quiet();
    },
  };
  return test;
}

const ITEM = {
  accountId: "alice",
  symbol: "BTC-USD",
  side: "BUY",
  orderType: "LIMIT",
  quantity: "1",
  price: "60000",
} as const;

const UPDATE = {
  eventType: "OrderStateChanged",
  accountId: "alice",
  clientOrderId: "c",
  symbol: "BTC-USD",
  side: "BUY",
  orderType: "LIMIT",
  timeInForce: "GTC",
  status: "OPEN",
  quantity: "1",
  price: "60000",
  filledQuantity: "0",
  leavesQuantity: "1",
  cancelledQuantity: "0",
  filledNotional: "0",
  fee: "0",
};
const GONE = { status: "CANCELLED", leavesQuantity: "0", cancelledQuantity: "1" };

function openOrder(n: number, changes: Partial<OpenOrder> = {}): OpenOrder {
  const worth = { quantity: "1", leavesQuantity: "1", worstPrice: "60000" };
  return { orderId: id(n), accountId: "alice", symbol: "BTC-USD", side: "BUY", ...worth, ...changes };
}

test("orders of a batch see each other's approvals; an order that ends, or is refused elsewhere, makes room", async (t) => {
  const test = await openTest(t, { RISK_MAX_OPEN_ORDERS: "2" });
  assert.deepEqual(await test.check({}, {}, {}), ["approved", "approved", "open_orders_limit_exceeded"]);
  await test.see(id(1), {});
  assert.deepEqual(await test.check({ orderId: id(4) }), ["open_orders_limit_exceeded"]);
  // Wallet has refused the second: its REJECTED event frees the reservation.
  await test.see(id(2), { status: "REJECTED", leavesQuantity: "0", cancelledQuantity: "1" });
  assert.deepEqual(await test.check({ orderId: id(4) }, { orderId: id(5) }), [
    "approved",
    "open_orders_limit_exceeded",
  ]);
  await test.see(id(1), GONE);
  assert.deepEqual(await test.check({ orderId: id(5) }), ["approved"]);
  // The same key again is the same order.
  assert.deepEqual(await test.check({ orderId: id(5) }), ["approved"]);
  assert.deepEqual(await test.check({ accountId: "bob" }), ["approved"]);
});

test("what is open in notional: at the worst price, less what is filled, more while an amendment is in flight", async (t) => {
  const test = await openTest(t, { RISK_MAX_OPEN_NOTIONAL: "120000" });
  const market = { orderType: "MARKET", price: undefined } as const;
  // 66,000 at worst, and 60,000.
  assert.deepEqual(await test.check({ ...market }, {}), ["approved", "open_notional_limit_exceeded"]);
  await test.see(id(1), { ...GONE, orderType: "MARKET", price: undefined });
  assert.deepEqual(await test.check({}, {}), ["approved", "approved"]);
  for (const n of [1, 2]) await test.see(id(n), {});
  const amended = { orderId: id(1), quantity: "1.2" };
  assert.deepEqual(await test.check(amended), ["open_notional_limit_exceeded"]);
  await test.see(id(2), { status: "PARTIALLY_FILLED", filledQuantity: "0.5", leavesQuantity: "0.5" });
  assert.deepEqual(await test.check(amended), ["approved"]);
  assert.deepEqual(await test.check({ orderId: id(3), quantity: "0.4" }), ["open_notional_limit_exceeded"]);
  // Replaced and, in the end, cancelled.
  await test.see(id(1), { status: "OPEN", quantity: "1.2", leavesQuantity: "1.2" });
  await test.see(id(1), GONE);
  assert.deepEqual(await test.check({ orderId: id(3), quantity: "1.5" }), ["approved"]);
});

test("an account without such a limit costs nothing: order is not asked, its updates are not kept", async (t) => {
  const test = await openTest(t, {});
  assert.deepEqual(await test.check({}), ["approved"]);
  await test.see(id(1), {});
  assert.deepEqual([test.order.asked, test.risk.service.exposures.accounts()], [[], []]);
  // Once it has one, what is open already counts; without it, nothing is watched any more.
  test.order.open = [openOrder(1)];
  const put = (body: object) =>
    test.risk.request("PUT", "/api/v1/risk/limits/accounts/alice", { as: OPERATOR, body });
  assert.equal((await put({ maxOpenNotional: "-1" })).status, 400);
  assert.equal((await put({ maxOpenOrders: 1 })).body.effective.maxOpenOrders, 1);
  assert.deepEqual(await test.check({ orderId: id(2) }), ["open_orders_limit_exceeded"]);
  assert.deepEqual(test.order.asked, ["alice"]);
  await put({});
  assert.deepEqual(test.risk.service.exposures.accounts(), []);
});

test("an update that arrives while the account is loaded is neither lost nor counted twice", async (t) => {
  const test = await openTest(t, { RISK_MAX_OPEN_ORDERS: "2" });
  test.order.open = [openOrder(1), openOrder(2)];
  test.order.meanwhile = async () => {
    // The head is 0: the end of the first order is behind it.
    await test.risk.publish(orderUpdates, [{ key: "alice", event: { ...UPDATE, orderId: id(1), ...GONE } }]);
  };
  await test.check({ orderId: id(3) });
  await test.risk.quiet();
  test.order.meanwhile = async () => undefined;
  const exposure = test.risk.service.exposures.of("alice");
  assert.equal(exposure?.has(id(1)), false);
  assert.equal(exposure?.has(id(2)), true);
});

test("order does not answer: nothing of the account is approved or kept, others are; its next order tries again", async (t) => {
  const test = await openTest(t, { RISK_MAX_OPEN_ORDERS: "1" });
  test.order.away = true;
  assert.deepEqual(await test.check({}), ["not_ready"]);
  test.order.away = false;
  assert.deepEqual(await test.check({}, {}), ["approved", "open_orders_limit_exceeded"]);
});

test("an approval that was never used is freed once it is old and order does not have it", async (t) => {
  const test = await openTest(t, { RISK_MAX_OPEN_ORDERS: "1", RISK_RESERVATION_MS: "20000" });
  assert.deepEqual(await test.check({}), ["approved"]);
  test.risk.clock.advance(19_999);
  await test.risk.runJob("reservations");
  assert.deepEqual(await test.check({ orderId: id(2) }), ["open_orders_limit_exceeded"]);
  test.risk.clock.advance(1);
  test.order.away = true;
  await assert.rejects(test.risk.runJob("reservations"), /away/);
  assert.deepEqual(await test.check({ orderId: id(2) }), ["open_orders_limit_exceeded"]);
  test.order.away = false;
  await test.risk.runJob("reservations");
  assert.deepEqual(await test.check({ orderId: id(2) }), ["approved"]);
});

test("an approval whose order was refused before is freed: its key was sent again to another instance of order", async (t) => {
  const test = await openTest(t, { RISK_MAX_OPEN_ORDERS: "1", RISK_RESERVATION_MS: "20000" });
  assert.deepEqual(await test.check({}), ["approved"]);
  test.order.standing = [{ orderId: id(1), status: "REJECTED", amending: false }];
  test.risk.clock.advance(20_000);
  await test.risk.runJob("reservations");
  assert.equal(test.risk.service.exposures.of("alice")?.has(id(1)), false);
  assert.deepEqual(await test.check({ orderId: id(2) }), ["approved"]);
});

test("an order that is committed and not seen: the updates lag, nothing is approved until they are here", async (t) => {
  const test = await openTest(t, { RISK_MAX_OPEN_ORDERS: "3", RISK_RESERVATION_MS: "20000" });
  await test.check({});
  // The engine owes an answer: there is nothing to be seen yet, and the approval counts on.
  test.order.standing = [{ orderId: id(1), status: "PENDING", amending: false }];
  test.risk.clock.advance(20_000);
  await test.risk.runJob("reservations");
  assert.deepEqual(await test.check({ orderId: id(2) }), ["approved"]);
  test.order.standing = [{ orderId: id(1), status: "OPEN", amending: false }];
  test.risk.clock.advance(20_000);
  await test.risk.runJob("reservations");
  assert.deepEqual(await test.check({ orderId: id(3) }), ["not_ready"]);
  assert.equal((await test.risk.request("GET", "/health/ready")).status, 503);
  assert.match(whyClosed(test.risk.service).join(), /order-updates lag/);
  await test.see(id(1), {});
  assert.deepEqual(await test.check({ orderId: id(3) }), ["approved"]);
});

test("an amendment that the engine refused frees its reservation; one in flight keeps it", async (t) => {
  const test = await openTest(t, { RISK_MAX_OPEN_NOTIONAL: "120000" });
  await test.check({});
  await test.see(id(1), { status: "OPEN" });
  assert.deepEqual(await test.check({ orderId: id(1), quantity: "2" }), ["approved"]);
  test.order.standing = [{ orderId: id(1), status: "OPEN", amending: true }];
  test.risk.clock.advance(20_000);
  await test.risk.runJob("reservations");
  assert.deepEqual(await test.check({ orderId: id(2) }), ["open_notional_limit_exceeded"]);
  test.order.standing = [{ orderId: id(1), status: "OPEN", amending: false }];
  test.risk.clock.advance(20_000);
  await test.risk.runJob("reservations");
  assert.deepEqual(await test.check({ orderId: id(2) }), ["approved"]);
});

test("after an unclean end: closed for the accept window, then what the old process has approved counts", async (t) => {
  const { close: _, ...withoutClose } = definition;
  const test = await openTest(t, { RISK_MAX_OPEN_ORDERS: "1" }, withoutClose as typeof definition);
  assert.deepEqual(await test.check({}), ["approved"]);
  // The process ends before the order is committed, and the order is committed after all.
  test.risk = await test.risk.restart();
  test.order.open = [openOrder(1)];
  assert.deepEqual(await test.check({ orderId: id(2) }), ["not_ready"]);
  assert.deepEqual(test.order.asked, ["alice"], "what is open is not read before the window is over");
  test.risk.clock.advance(5_000);
  assert.deepEqual(await test.check({ orderId: id(2) }), ["open_orders_limit_exceeded"]);
  assert.deepEqual(test.order.asked, ["alice", "alice"]);
});

test("what risk counts and what order has are compared by an invariant", async (t) => {
  const test = await openTest(t, { RISK_MAX_OPEN_ORDERS: "5" });
  await test.check({});
  await test.see(id(1), {});
  test.order.open = [openOrder(1)];
  const violations = async (): Promise<string> => {
    const invariant = definition.invariants.find(({ name }) => name === "exposures-equal-orders");
    return (await invariant?.check(test.risk.service))?.violations.join("; ") ?? "no such invariant";
  };
  assert.equal(await violations(), "");
  test.order.open = [openOrder(1), openOrder(2)];
  assert.match(await violations(), /alice has 2 open orders, risk counts 1/);
});
