import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { tradeEvents } from "@bourse/contracts";
import { type Statement, sql } from "@bourse/store";
import { wallet } from "./service.ts";
import { BUY, balance, executed, funded, hold, holdOf, SELL } from "./testing.ts";

/** What an instance knows of rows may be out of date: another one writes them, too. */

const fresh = (n: number): string => n.toString(16).padStart(32, "0");

async function another(
  tested: Awaited<ReturnType<typeof funded>>,
  ...statements: Statement[]
): Promise<void> {
  await tested.store.transaction("another instance", (tx) => tx.commit(statements));
}

async function moved(tested: Awaited<ReturnType<typeof funded>>): Promise<number> {
  const { body } = await tested.request("GET", "/metrics");
  return Number(/wallet_rows_moved_total(?:\{[^}]*\})? (\d+)/.exec(body)?.[1]);
}

test("rows that are known are written in one trip", async (t) => {
  const tested = await funded(t);
  const before = await moved(tested);
  const { body } = await hold(tested, [holdOf(fresh(1), "alice", "BUY", "1")]);
  assert.equal(body.holds[0].status, "held");
  assert.equal(await moved(tested), before);
});

test("a balance that another instance has lowered is not spent twice", async (t) => {
  const tested = await funded(t);
  await another(
    tested,
    sql`UPDATE balances SET available = available - 900000000, version = version + 1 WHERE account_id = 'alice' AND asset = 'USD'`,
  );
  const before = await balance(tested, "alice");
  const { body } = await hold(tested, [holdOf(fresh(1), "alice", "BUY", "5")]);
  assert.deepEqual([body.holds[0].status, body.holds[0].code], ["refused", "insufficient_funds"]);
  assert.deepEqual(await balance(tested, "alice"), before);
  assert.ok((await moved(tested)) > 0);
});

test("a refusal is decided from what is there: another instance's deposit counts", async (t) => {
  const tested = await funded(t);
  await another(
    tested,
    sql`UPDATE balances SET available = available + 100000000000, version = version + 1 WHERE account_id = 'alice' AND asset = 'USD'`,
  );
  const { body } = await hold(tested, [holdOf(fresh(1), "alice", "BUY", "200")]);
  assert.equal(body.holds[0].status, "held");
});

test("an account that another instance has blocked is refused, whatever is known of it", async (t) => {
  const tested = await funded(t);
  await another(tested, sql`UPDATE accounts SET status = 'BLOCKED' WHERE account_id = 'alice'`);
  const { body } = await hold(tested, [
    holdOf(fresh(1), "alice", "BUY", "1"),
    holdOf(fresh(2), "bob", "SELL", "1"),
  ]);
  assert.deepEqual(
    body.holds.map(({ status, code }: { status: string; code?: string }) => code ?? status),
    ["account_blocked", "held"],
  );
});

test("a hold that another instance has made is met, not made again", async (t) => {
  const tested = await funded(t);
  const other = await tested.restart();
  const first = await hold(other, [holdOf(fresh(7), "alice", "BUY", "1")]);
  assert.equal(first.body.holds[0].status, "held");
  await another(other, sql`UPDATE holds SET version = version + 1 WHERE order_id = ${fresh(7)}::uuid`);
  const again = await hold(other, [holdOf(fresh(7), "alice", "BUY", "1"), holdOf(BUY, "alice", "BUY")]);
  assert.deepEqual(
    again.body.holds.map(({ status }: { status: string }) => status),
    ["held", "held"],
  );
  for (const { name, check } of wallet.invariants)
    assert.deepEqual((await check(other.service)).violations, [], name);
});

test("rows of different moments break no rule: a settlement looks again, with locks", async (t) => {
  const tested = await (await funded(t)).restart();
  // Knows Bob's balance from now on, and not the hold that the trade draws on.
  await hold(tested, [holdOf(fresh(9), "bob", "SELL", "1")]);
  await another(
    tested,
    sql`UPDATE balances SET available = available - 4, held = held + 4, version = version + 1
      WHERE account_id = 'bob' AND asset = 'AAPL'`,
    sql`UPDATE holds SET held = 14, leaves_lots = 14, version = version + 1 WHERE order_id = ${SELL}::uuid`,
  );
  await tested.publish(tradeEvents, [executed(1, "10", "10", true)]);
  await tested.quiet();
  assert.ok((await moved(tested)) > 0);
  assert.deepEqual((await balance(tested, "bob")).AAPL, ["4", "1"]);
});

/** The next write of a hold loses a race against another transaction, as PostgreSQL would say it: the store tries again. */
const LOSE_ONCE: readonly Statement[] = [
  "CREATE SEQUENCE races",
  `CREATE FUNCTION lose_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     IF nextval('races') = 1 THEN
       PERFORM pg_sleep(0.5);
       RAISE EXCEPTION 'a race' USING ERRCODE = '40P01';
     END IF;
     RETURN NULL; END $$`,
  "CREATE TRIGGER lose_once BEFORE INSERT OR UPDATE ON holds EXECUTE FUNCTION lose_once()",
].map((text) => ({ text, values: [] }));

async function untilLosing(tested: Awaited<ReturnType<typeof funded>>): Promise<void> {
  for (let turn = 0; turn < 6_000; turn++) {
    const [row] = await tested.store.query(sql`SELECT is_called FROM races`);
    if (row?.is_called === true) return;
    await sleep(10);
  }
  assert.fail("no hold was written");
}

async function checkInvariants({ service }: Pick<Awaited<ReturnType<typeof funded>>, "service">) {
  for (const { name, check } of wallet.invariants)
    assert.deepEqual((await check(service)).violations, [], name);
}

test("a hold that was undone by a lost race is made again, not taken for made", async (t) => {
  const tested = await funded(t);
  const before = await balance(tested, "alice");
  await another(tested, ...LOSE_ONCE);
  const { body } = await hold(tested, [holdOf(fresh(1), "alice", "BUY", "1")]);
  assert.equal(body.holds[0].status, "held");
  const rows = await tested.store.query(sql`SELECT held FROM holds WHERE order_id = ${fresh(1)}::uuid`);
  assert.equal(rows.length, 1);
  assert.notDeepEqual(await balance(tested, "alice"), before);
  await checkInvariants(tested);
});

test("a raise that loses a race to another instance forgets what it would have left", async (t) => {
  const tested = await funded(t);
  await another(tested, ...LOSE_ONCE);
  const terms = { symbol: "AAPL", newQuantity: "11", newWorstPrice: "100" };
  const raise = { requestId: "a1", orderId: BUY, accountId: "alice", ...terms };
  const raised = hold(tested, [], [raise]);
  await untilLosing(tested);
  // The winner leaves the version that the loser would have left.
  await another(tested, sql`UPDATE holds SET version = version + 1 WHERE order_id = ${BUY}::uuid`);
  assert.deepEqual((await raised).body.raises, [{ status: "held" }]);
  await checkInvariants(tested);
});

test("a hold that is known from before is looked for: another instance may have released it", async (t) => {
  const tested = await funded(t);
  await hold(tested, [holdOf(fresh(3), "alice", "BUY", "1")]);
  await another(
    tested,
    sql`UPDATE balances SET available = available + held, held = 0, version = version + 1 WHERE account_id = 'alice'`,
    sql`UPDATE holds SET held = 0, done = true, version = version + 1 WHERE order_id = ${fresh(3)}::uuid`,
  );
  const { body } = await hold(tested, [holdOf(fresh(3), "alice", "BUY", "1")]);
  assert.deepEqual([body.holds[0].status, body.holds[0].code], ["refused", "hold_closed"]);
});
