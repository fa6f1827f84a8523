import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { executionEvents, type HoldOutcome, tradeEvents } from "@bourse/contracts";
import type { TestAnswer, TestEvent, TestedService } from "@bourse/host/testing";
import { sql } from "@bourse/store";
import { wallet } from "./service.ts";
import { insertClosedHolds } from "./sql/hold-rows.ts";
import { BUY, balance, executed, funded, hold, holdOf, OPERATOR, SELL } from "./testing.ts";
import type { Wallet } from "./wallet.ts";

/** R10, R11, R13: what happens to holds when everything comes at once, late, or twice. */

const fresh = (n: number): string => n.toString(16).padStart(32, "0");

function release(
  tested: TestedService<Wallet>,
  orderIds: readonly string[],
  raiseRequestIds: readonly string[] = [],
): Promise<TestAnswer> {
  return tested.request("POST", "/internal/holds/release", {
    as: "internal",
    body: { orderIds, raiseRequestIds },
  });
}

async function orphans(tested: TestedService<Wallet>): Promise<TestAnswer["body"]> {
  const query = { createdBeforeMs: String(tested.clock.nowMs() + 1), limit: "1000" };
  return (await tested.request("GET", "/internal/holds/orphans", { as: "internal", query })).body;
}

async function clean(tested: TestedService<Wallet>): Promise<void> {
  await tested.quiet();
  for (const { name, check } of wallet.invariants)
    assert.deepEqual((await check(tested.service)).violations, [], name);
}

function report(fields: Readonly<Record<string, unknown>>): TestEvent {
  return {
    key: "AAPL",
    event: {
      eventType: "ExecutionReport",
      execType: "NEW",
      engineSequence: 1,
      commandSequence: 1,
      requestId: BUY,
      outcome: true,
      symbol: "AAPL",
      orderId: BUY,
      accountId: "alice",
      side: "BUY",
      orderStatus: "OPEN",
      quantity: "10",
      boundPrice: "100",
      leavesQuantity: "10",
      cumulativeQuantity: "0",
      cancelledQuantity: "0",
      cumulativeNotional: "0",
      cumulativeFee: "0",
      done: false,
      ...fields,
    },
  };
}

const raise = {
  requestId: "a1",
  orderId: BUY,
  accountId: "alice",
  symbol: "AAPL",
  newQuantity: "15",
  newWorstPrice: "100",
};

test("R10: two instances ask for the same holds at once: each is held once, both hear so", async (t) => {
  const tested = await funded(t);
  const orderIds = Array.from({ length: 5 }, (_, n) => fresh(n + 1));
  const holds = orderIds.map((orderId) => holdOf(orderId, "alice", "BUY", "1"));
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => hold(tested, n % 2 === 0 ? holds : [...holds].reverse())),
  );
  for (const { body } of answers) assert.deepEqual(body.holds, Array(5).fill({ status: "held" }));
  // 5 x (100 + 0.03 + one unit) beside the first order's 1000.300001.
  assert.equal((await balance(tested, "alice")).USD?.[1], "1500.450006");
  await clean(tested);
});

test("R10: a key that comes again with other terms after a crash is not funded by the first one's hold", async (t) => {
  const tested = await funded(t);
  const small = holdOf(fresh(1), "alice", "BUY", "1");
  await hold(tested, [small]);
  const outcomes = async (...holds: object[]): Promise<readonly HoldOutcome[]> =>
    (await hold(tested, holds)).body.holds;
  assert.deepEqual(await outcomes({ ...small, quantity: "9" }, { ...small, worstPrice: "101" }, small), [
    { status: "refused", code: "hold_differs" },
    { status: "refused", code: "hold_differs" },
    { status: "held" },
  ]);
  await hold(tested, [], [{ ...raise, newQuantity: "11" }]);
  const again = await hold(tested, [], [{ ...raise, newQuantity: "14" }]);
  assert.deepEqual(again.body.raises, [{ status: "refused", code: "hold_differs" }]);
  await clean(tested);
});

test("R10: two instances release the same orphans at once: each is freed once and closed for ever", async (t) => {
  const tested = await funded(t);
  const never = fresh(9);
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, n) => release(tested, n % 2 === 0 ? [BUY, never] : [never, BUY], ["r9"])),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    Array(6).fill(200),
  );
  assert.equal(
    answers.reduce((sum, { body }) => sum + body.released, 0),
    1,
  );
  assert.deepEqual((await balance(tested, "alice")).USD, ["2000", "0"]);
  const late = await hold(
    tested,
    [BUY, never].map((orderId) => holdOf(orderId, "alice", "BUY")),
  );
  assert.deepEqual(late.body.holds, Array(2).fill({ status: "refused", code: "hold_closed" }));
  await clean(tested);
});

test("R10: a hold and its release at the same moment: whoever is first, it ends closed", async (t) => {
  const tested = await funded(t);
  const orderIds = Array.from({ length: 12 }, (_, n) => fresh(n + 1));
  await Promise.all(
    orderIds.flatMap((orderId, n) => {
      const calls = [
        () => hold(tested, [holdOf(orderId, "alice", "BUY", "1")]),
        () => release(tested, [orderId]),
      ];
      return (n % 2 === 0 ? calls : calls.reverse()).map((call) => call());
    }),
  );
  // A hold that slipped in between is found by the next look and given up for good.
  const left = (await orphans(tested)).holds.map((each: { orderId: string }) => each.orderId);
  await release(
    tested,
    left.filter((orderId: string) => orderIds.includes(orderId)),
  );
  const late = await hold(
    tested,
    orderIds.map((orderId) => holdOf(orderId, "alice", "BUY", "1")),
  );
  assert.deepEqual(late.body.holds, Array(12).fill({ status: "refused", code: "hold_closed" }));
  assert.equal((await balance(tested, "alice")).USD?.[1], "1000.300001");
  await clean(tested);
});

/** In the server: a hold waits for locks no longer than 3 s, however long this process is held up meanwhile. */
const UNTIL_SOMEBODY_WAITS = sql`DO $$ BEGIN
  PERFORM pg_advisory_xact_lock(10);
  WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid) LOOP
    PERFORM pg_sleep(0.005);
  END LOOP;
END $$`;

test("R10: the release of an id that has no hold overtakes its hold: the hold meets the closed one", async (t) => {
  const tested = await funded(t);
  const release = tested.store.transaction("a release in flight", (tx) =>
    tx.commit([...insertClosedHolds([fresh(1)], 0), UNTIL_SOMEBODY_WAITS]),
  );
  const isInFlight = sql`SELECT FROM pg_locks JOIN pg_database d ON d.oid = database
    WHERE locktype = 'advisory' AND objid = 10 AND datname = current_database()`;
  while ((await tested.store.query(isInFlight)).length === 0) await setImmediate();
  const asked = await hold(tested, [holdOf(fresh(1), "alice", "BUY", "1")]);
  await release;
  assert.deepEqual(asked.body.holds, [{ status: "refused", code: "hold_closed" }]);
  assert.equal((await balance(tested, "alice")).USD?.[1], "1000.300001");
  await clean(tested);
});

test("R10: what an execution report has touched is no orphan, and no release frees it", async (t) => {
  const tested = await funded(t);
  await tested.publish(executionEvents, [report({})]);
  await tested.quiet();
  assert.deepEqual(
    (await orphans(tested)).holds.map((each: { orderId: string }) => each.orderId),
    [SELL],
  );
  await release(tested, [BUY]);
  assert.equal((await balance(tested, "alice")).USD?.[1], "1000.300001");
  await clean(tested);
});

test("R10: a raise that nobody sent is listed and released by its request id; a late one meets it closed", async (t) => {
  const tested = await funded(t);
  await tested.publish(executionEvents, [report({})]);
  await hold(tested, [], [raise]);
  assert.deepEqual((await orphans(tested)).raises, [{ requestId: "a1", orderId: BUY, accountId: "alice" }]);
  await Promise.all([release(tested, [], ["a1"]), release(tested, [], ["a1"])]);
  assert.equal((await balance(tested, "alice")).USD?.[1], "1000.300001");
  const late = await hold(tested, [], [raise]);
  assert.deepEqual(late.body.raises, [{ status: "refused", code: "hold_closed" }]);
  // Another amendment, under its own id, may come.
  assert.deepEqual((await hold(tested, [], [{ ...raise, requestId: "a2" }])).body.raises, [
    { status: "held" },
  ]);
  await clean(tested);
});

test("R11: REPLACED merges the raise; a fill between the two is covered at the old price and at the new", async (t) => {
  const tested = await funded(t);
  await hold(tested, [], [{ ...raise, newQuantity: "12", newWorstPrice: "110" }]);
  const atWorst = (await balance(tested, "alice")).USD?.[1];
  // max(12 x 110, 10 x 100 + 2 x 110), its fee at 300 ppm, one unit.
  assert.equal(atWorst, "1320.396001");
  await tested.publish(tradeEvents, [executed(1, "4", "4", false)]);
  await tested.quiet();
  assert.deepEqual((await balance(tested, "alice")).AAPL, ["4", "0"]);
  const replaced = {
    execType: "REPLACED",
    engineSequence: 3,
    requestId: "a1",
    quantity: "12",
    boundPrice: "110",
    leavesQuantity: "8",
    cumulativeQuantity: "4",
    cumulativeNotional: "360",
    cumulativeFee: "0.108",
    orderStatus: "PARTIALLY_FILLED",
  };
  await tested.publish(executionEvents, [report(replaced)]);
  await tested.quiet();
  // 8 x 110 and the room of the whole order, 300 ppm of 360 + 880, less the 0.108 that was charged.
  assert.equal((await balance(tested, "alice")).USD?.[1], "880.264001");
  assert.deepEqual((await orphans(tested)).raises, []);
  await clean(tested);
});

test("R11: the order is cancelled while a raise is in flight: all is free, the late outcome changes nothing", async (t) => {
  const tested = await funded(t);
  await hold(tested, [], [raise]);
  const gone = { leavesQuantity: "0", cancelledQuantity: "10", done: true, orderStatus: "CANCELLED" };
  await tested.publish(executionEvents, [
    report({ execType: "CANCELLED", engineSequence: 2, requestId: "x1", ...gone }),
  ]);
  await tested.quiet();
  assert.deepEqual((await balance(tested, "alice")).USD, ["2000", "0"]);
  const refused = {
    eventType: "CommandCompleted",
    engineSequence: 3,
    commandSequence: 3,
    requestId: "a1",
    command: "OrderModified",
    accepted: false,
    orderId: BUY,
    accountId: "alice",
    symbol: "AAPL",
    reason: "unknown_order",
    ordersAffected: 0,
  };
  await tested.publish(executionEvents, [{ key: "AAPL", event: refused }]);
  await tested.quiet();
  assert.deepEqual((await balance(tested, "alice")).USD, ["2000", "0"]);
  assert.deepEqual((await orphans(tested)).raises, []);
  const late = await hold(tested, [], [{ ...raise, requestId: "a2" }]);
  assert.deepEqual(late.body.raises, [{ status: "refused", code: "hold_closed" }]);
  await clean(tested);
});

test("R11: a cancel by itself touches no hold: only its report does", async (t) => {
  const tested = await funded(t);
  const refused = { command: "OrderCancelled", requestId: "x1", accepted: false, reason: "unknown_order" };
  await tested.publish(executionEvents, [
    {
      key: "AAPL",
      event: {
        eventType: "CommandCompleted",
        engineSequence: 2,
        commandSequence: 2,
        ordersAffected: 0,
        orderId: BUY,
        accountId: "alice",
        symbol: "AAPL",
        ...refused,
      },
    },
  ]);
  await tested.quiet();
  assert.equal((await balance(tested, "alice")).USD?.[1], "1000.300001");
  await clean(tested);
});

test("R13: holds, raises, releases and settlement over the same two accounts end in one truth, whatever the order", async (t) => {
  const tested = await funded(t);
  const pair = (n: number): object[] => {
    const holds = [holdOf(fresh(2 * n), "alice", "BUY", "1"), holdOf(fresh(2 * n + 1), "bob", "SELL", "1")];
    return n % 2 === 0 ? holds : holds.reverse();
  };
  const calls: Promise<unknown>[] = [];
  for (let n = 1; n <= 10; n++) {
    calls.push(hold(tested, pair(n)));
    calls.push(release(tested, [fresh(2 * n + 1), fresh(2 * n)]));
    if (n === 4) calls.push(tested.publish(tradeEvents, [executed(1, "4", "4", false)]));
    if (n === 7) calls.push(hold(tested, [], [raise]));
  }
  await Promise.all(calls);
  await clean(tested);
  const [row] = await tested.store.query(sql`SELECT count(*) AS n FROM trade_entries`);
  assert.equal(Number(row?.n), 1);
});

test("R11: a shortfall blocks the account for new holds and raises, and rings; an operator opens it again", async (t) => {
  const tested = await funded(t);
  await tested.store.transaction("somebody took it behind the ledger's back", (tx) =>
    tx.commit([
      sql`UPDATE balances SET available = 0, held = 100 WHERE account_id = 'alice' AND asset = 'USD'`,
      sql`UPDATE holds SET held = 100 WHERE order_id = ${BUY}::uuid`,
    ]),
  );
  await tested.publish(tradeEvents, [executed(1, "4", "4", false)]);
  await tested.quiet();
  const { body: metrics } = await tested.request("GET", "/metrics");
  assert.match(metrics, /wallet_shortfalls_total(\{[^}]*\})? 1\n/);
  const blocked = await hold(tested, [holdOf(fresh(1), "alice", "SELL", "1")], [raise]);
  assert.deepEqual(
    [...blocked.body.holds, ...blocked.body.raises].map(({ code }: { code: string }) => code),
    ["account_blocked", "account_blocked"],
  );
  // The seller has his money: a trade is a fact.
  assert.equal((await balance(tested, "bob")).USD?.[0], "359.964");
  await tested.request("PUT", "/api/v1/accounts/alice/status", { as: OPERATOR, body: { status: "OPEN" } });
  const open = await hold(tested, [holdOf(fresh(1), "alice", "SELL", "1")]);
  assert.deepEqual(open.body.holds, [{ status: "held" }]);
});
