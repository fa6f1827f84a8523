import assert from "node:assert/strict";
import { test } from "node:test";
import { auditTopic, executionEvents, referenceEvents, tradeEvents, walletEvents } from "@bourse/contracts";
import type { InvariantReport } from "@bourse/host";
import type { TestedService } from "@bourse/host/testing";
import { type Statement, sql } from "@bourse/store";
import { openHolds } from "./routes/holds.ts";
import { wallet } from "./service.ts";
import { settlementsMatchTrades } from "./settlements-match-trades.ts";
import { BUY, balance, deposit, executed, funded, hold, holdOf, OPERATOR, SELL } from "./testing.ts";
import type { Wallet } from "./wallet.ts";

const alice = { keyId: "k1", role: "account", accountId: "alice" } as const;

function cancelled(orderId: string, accountId: string, side: string) {
  const facts = {
    quantity: "10",
    boundPrice: "100",
    leavesQuantity: "0",
    cumulativeQuantity: "4",
    cancelledQuantity: "6",
  };
  return {
    key: "AAPL",
    event: {
      eventType: "ExecutionReport",
      execType: "CANCELLED",
      engineSequence: 9,
      commandSequence: 7,
      requestId: "x1",
      outcome: true,
      symbol: "AAPL",
      orderId,
      accountId,
      side,
      orderStatus: "CANCELLED",
      ...facts,
      cumulativeNotional: "360",
      cumulativeFee: side === "BUY" ? "0.108" : "0.036",
      done: true,
    },
  };
}

test("a trade settles both sides in double entry, and a cancel frees the rest", async (t) => {
  const tested = await funded(t);
  // 10 x 100 and the fee room: ceil(1000 x 300 ppm) and one unit.
  assert.deepEqual((await balance(tested, "alice")).USD, ["999.699999", "1000.300001"]);
  await tested.publish(tradeEvents, [executed(1, "4", "4", false)]);
  await tested.quiet();
  assert.deepEqual((await balance(tested, "alice")).AAPL, ["4", "0"]);
  assert.deepEqual(await balance(tested, "bob"), { AAPL: ["5", "6"], USD: ["359.964", "0"] });
  await tested.publish(executionEvents, [cancelled(BUY, "alice", "BUY"), cancelled(SELL, "bob", "SELL")]);
  await tested.quiet();
  assert.deepEqual((await balance(tested, "alice")).USD, ["1639.892", "0"]);
  assert.deepEqual((await balance(tested, "bob")).AAPL, ["11", "0"]);
  const settled = (await tested.published(tradeEvents)).filter(({ producer }) => producer === "wallet");
  assert.deepEqual(
    settled.map(({ event }) => [event.eventType, event.tradeId, event.shortfall]),
    [["TradeSettled", "AAPL-1", false]],
  );
  for (const { name, check } of wallet.invariants)
    assert.deepEqual((await check(tested.service)).violations, [], name);
});

test("an amount of an asset that is not known here yet is not told with other decimals", async (t) => {
  const tested = await funded(t);
  // Another instance, whose view is ahead, has booked it.
  const late = [
    sql`INSERT INTO balances (account_id, asset, available, held) VALUES ('alice', 'EUR', 1500000, 0)`,
    sql`INSERT INTO transfer_entries (journal_id, kind, account_id, asset, amount, partition, time_ms)
      VALUES ('alice/e', 'DEPOSIT', 'alice', 'EUR', 1500000, 0, 0)`,
  ];
  await tested.store.transaction("book", (tx) => tx.commit(late));
  const paths = ["/api/v1/accounts/alice", "/api/v1/accounts", "/api/v1/accounts/alice/ledger"];
  for (const path of paths) {
    const { status, body } = await tested.request("GET", path, { as: OPERATOR });
    assert.deepEqual([status, body.code], [503, "not_ready"]);
    assert.match(body.detail, /the asset EUR is not known here yet/);
  }
  const euro = { eventType: "AssetListed", asset: "EUR", name: "euro", kind: "FIAT", scale: 6 };
  await tested.publish(referenceEvents, [{ key: "EUR", event: euro }]);
  await tested.quiet();
  assert.deepEqual((await balance(tested, "alice")).EUR, ["1.5", "0"]);
});

test("an event that comes again changes nothing (R5)", async (t) => {
  const tested = await funded(t);
  const [trade] = [executed(1, "4", "4", false)];
  assert.ok(trade);
  await tested.publish(tradeEvents, [trade]);
  await tested.quiet();
  const before = await balance(tested, "alice");
  const restarted = await tested.restart();
  await restarted.quiet();
  assert.deepEqual(await balance(restarted, "alice"), before);
});

test("a hold is asked for again with the same answer, refused without funds, and closed by a release (R10)", async (t) => {
  const tested = await funded(t);
  const other = "c".repeat(32);
  const { body } = await hold(tested, [holdOf(BUY, "alice", "BUY"), holdOf(other, "alice", "BUY", "1000")]);
  assert.deepEqual(body.holds[0], { status: "held" });
  assert.deepEqual(body.holds[1], {
    status: "refused",
    code: "insufficient_funds",
    asset: "USD",
    required: "100030.000001",
    available: "999.699999",
  });
  const never = "d".repeat(32);
  const release = { orderIds: [BUY, never], raiseRequestIds: [] };
  assert.equal(
    (await tested.request("POST", "/internal/holds/release", { as: "internal", body: release })).status,
    200,
  );
  assert.deepEqual((await balance(tested, "alice")).USD, ["2000", "0"]);
  const late = await hold(tested, [holdOf(BUY, "alice", "BUY"), holdOf(never, "alice", "BUY")]);
  assert.deepEqual(late.body.holds, [
    { status: "refused", code: "hold_closed" },
    { status: "refused", code: "hold_closed" },
  ]);
});

test("open holds are told page by page, also where a page looked at closed ones alone", async (t) => {
  const tested = await funded(t);
  const ids = Array.from({ length: 9 }, (_, index) => String(index + 1).repeat(32)).filter(
    (id) => id !== SELL,
  );
  await hold(
    tested,
    ids.map((id) => holdOf(id, "alice", "BUY", "1")),
  );
  const closed = ids.slice(2, 7);
  const release = { orderIds: [...closed, "0".repeat(31).concat("1")], raiseRequestIds: [] };
  await tested.request("POST", "/internal/holds/release", { as: "internal", body: release });
  const open = [...ids.filter((id) => !closed.includes(id)), BUY, SELL].sort();
  for (const [limit, lookedAt] of [
    [100, 50_000],
    [1, 50_000],
    [2, 3],
    [100, 2],
    [1, 1],
  ] as const) {
    const told: string[] = [];
    let pages = 0;
    let after: string | undefined;
    do {
      const page = await openHolds(tested.service, { limit, ...(after && { after }) }, lookedAt);
      told.push(...page.holds.map(({ orderId }) => orderId));
      after = page.next;
      pages++;
    } while (after !== undefined);
    assert.deepEqual(told, open, `${limit} of ${lookedAt}`);
    if (lookedAt === 2) assert.ok(pages >= 5, "some of them were empty");
  }
});

test("a refused amend frees what was raised for it (R11)", async (t) => {
  const tested = await funded(t);
  const raise = {
    requestId: "a1",
    orderId: BUY,
    accountId: "alice",
    symbol: "AAPL",
    newQuantity: "15",
    newWorstPrice: "100",
  };
  assert.deepEqual((await hold(tested, [], [raise])).body.raises, [{ status: "held" }]);
  assert.deepEqual((await balance(tested, "alice")).USD, ["499.549999", "1500.450001"]);
  const refused = {
    eventType: "CommandCompleted",
    engineSequence: 3,
    commandSequence: 3,
    requestId: "a1",
    command: "OrderModified",
  };
  const about = {
    accepted: false,
    orderId: BUY,
    accountId: "alice",
    symbol: "AAPL",
    reason: "symbol_halted",
    ordersAffected: 0,
  };
  await tested.publish(executionEvents, [{ key: "AAPL", event: { ...refused, ...about } }]);
  await tested.quiet();
  assert.deepEqual((await balance(tested, "alice")).USD, ["999.699999", "1000.300001"]);
});

test("money moves once per Idempotency-Key, and a bad amount is named", async (t) => {
  const tested = await funded(t);
  const again = await deposit(tested, "alice", { asset: "USD", amount: "2000" }, "d1");
  assert.deepEqual([again.status, again.headers["idempotent-replayed"]], [200, "true"]);
  assert.equal(
    (await deposit(tested, "alice", { asset: "USD", amount: "1" }, "d1")).body.code,
    "idempotency_key_reused",
  );
  for (const amount of ["0", "-1", "0.0000001", "1e3", "NaN", "9".repeat(40)]) {
    const { status, body } = await deposit(
      tested,
      "alice",
      { asset: "USD", amount },
      `bad-${amount.slice(0, 8)}`,
    );
    assert.ok(status === 400 || status === 422, `${amount}: ${status}`);
    assert.equal(body.errors[0].field, "amount");
  }
  for (const move of ["deposits", "withdrawals"]) {
    const path = `/api/v1/accounts/alice/${move}`;
    const keyed = (headers: Record<string, string>) =>
      tested.request("POST", path, { as: OPERATOR, body: { asset: "USD", amount: "1" }, headers });
    assert.equal((await keyed({})).body.code, "idempotency_key_required");
    const malformed = await keyed({ "idempotency-key": "a b" });
    assert.deepEqual(
      [malformed.status, malformed.body.code, malformed.body.errors],
      [
        400,
        "validation_failed",
        [{ field: "Idempotency-Key", given: "a b", allowed: "a header of 1 to 96 visible characters" }],
      ],
    );
  }
  const withdrawal = {
    as: OPERATOR,
    body: { asset: "USD", amount: "5000" },
    headers: { "idempotency-key": "w1" },
  };
  assert.equal(
    (await tested.request("POST", "/api/v1/accounts/alice/withdrawals", withdrawal)).body.code,
    "insufficient_funds",
  );
  assert.equal((await tested.request("GET", "/api/v1/accounts/bob", { as: alice })).body.code, "forbidden");
  assert.deepEqual((await balance(tested, "alice")).USD, ["999.699999", "1000.300001"]);
});

test("the statement has the account's own postings, also where it is named as the venue's accounts are", async (t) => {
  const tested = await funded(t);
  const statementOf = async (accountId: string) => {
    const { body } = await tested.request("GET", `/api/v1/accounts/${accountId}/ledger`, { as: OPERATOR });
    return body.postings.map(({ kind, ledger, asset, amount }: Record<string, string>) =>
      [kind, ledger, amount, asset].join(" "),
    );
  };
  assert.deepEqual((await statementOf("bob")).sort(), [
    "DEPOSIT AVAILABLE 15 AAPL",
    "HOLD AVAILABLE -10 AAPL",
    "HOLD HELD 10 AAPL",
  ]);
  const accountId = "partition-0";
  await tested.request("POST", "/api/v1/accounts", { as: OPERATOR, body: { accountId } });
  await deposit(tested, accountId, { asset: "USD", amount: "1" }, "d1");
  assert.deepEqual(await statementOf(accountId), ["DEPOSIT AVAILABLE 1 USD"]);
});

test("a statement is read page by page to its end: nothing is missing and nothing twice", async (t) => {
  const tested = await funded(t);
  await tested.publish(tradeEvents, [executed(1, "4", "4", false)]);
  await tested.quiet();
  const page = async (query: Record<string, string>) =>
    (await tested.request("GET", "/api/v1/accounts/alice/ledger", { as: OPERATOR, query })).body;
  for (const limit of [1, 2, 5]) {
    const whole = await page({});
    assert.ok(whole.postings.length >= 5);
    assert.equal(whole.nextCursor, undefined);
    const read: object[] = [];
    for (let query: Record<string, string> | null = {}; query !== null; ) {
      const { postings, nextCursor } = await page({ ...query, limit: String(limit) });
      read.push(...postings);
      query = nextCursor === undefined ? null : { cursor: nextCursor };
      // What comes meanwhile is in front of what was read.
      tested.clock.advance(1);
      await deposit(tested, "alice", { asset: "USD", amount: "1" }, `d-${limit}-${read.length}`);
    }
    assert.deepEqual(read, whole.postings);
  }
  for (const cursor of ["x", "1/EXTERNAL/USD/d", "1/HELD/USD", "-1/HELD/USD/d"])
    assert.equal((await page({ cursor })).code, "invalid_cursor");
});

test("a settlement that finds too little is posted to suspense, and the account is blocked (R11)", async (t) => {
  const tested = await funded(t);
  // Somebody took the money behind the ledger's back.
  await corrupt(
    tested,
    sql`UPDATE balances SET available = 0, held = 100 WHERE account_id = 'alice' AND asset = 'USD'`,
  );
  await corrupt(tested, sql`UPDATE holds SET held = 100 WHERE order_id = ${BUY}::uuid`);
  await tested.publish(tradeEvents, [executed(1, "10", "10", true)]);
  await tested.quiet();
  assert.equal(
    (await tested.request("GET", "/api/v1/accounts/alice", { as: OPERATOR })).body.status,
    "BLOCKED",
  );
  const short = (await tested.published(walletEvents)).filter(
    ({ event }) => event.eventType === "AccountShort",
  );
  assert.deepEqual(
    short.map(({ event }) => [event.accountId, event.amount]),
    [["alice", "900.2699"]],
  );
  const { body: figures } = await tested.request("GET", "/metrics");
  assert.match(figures, /^wallet_accounts_blocked\{.*\} 1$/m);
  assert.match(figures, /^wallet_shortfalls_total\{.*\} 1$/m);
  assert.deepEqual((await balance(tested, "bob")).USD, ["899.91", "0"]);
  const blocked = await hold(tested, [holdOf("e".repeat(32), "alice", "BUY", "1")]);
  assert.deepEqual(blocked.body.holds, [{ status: "refused", code: "account_blocked" }]);
});

test("who has moved an account's money is told in the audit, each once", async (t) => {
  const tested = await funded(t);
  await tested.quiet();
  const before = (await tested.published(auditTopic("wallet"))).length;
  for (const amount of ["5", "5", "6"]) await deposit(tested, "alice", { asset: "USD", amount }, "d-1");
  await tested.quiet();
  const audits = (await tested.published(auditTopic("wallet"))).slice(before).map(({ event }) => event);
  assert.deepEqual(
    audits.map(({ actorId, action, subjects }) => [actorId, action, ...subjects]),
    [[OPERATOR.keyId, "funds.deposits", "alice/d-1"]],
  );
});

test("who has opened an account is told in the audit, once", async (t) => {
  const tested = await funded(t);
  await tested.quiet();
  const before = (await tested.published(auditTopic("wallet"))).length;
  const open = async () =>
    await tested.request("POST", "/api/v1/accounts", { as: OPERATOR, body: { accountId: "carol" } });
  const answers = await Promise.all([open(), open()]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 201], "two at once");
  assert.equal((await open()).status, 200);
  await tested.quiet();
  const audits = (await tested.published(auditTopic("wallet"))).slice(before).map(({ event }) => event);
  assert.deepEqual(
    audits.map(({ actorId, action, subjects, outcome }) => [actorId, action, subjects, outcome]),
    [[OPERATOR.keyId, "accounts.create", ["carol"], "done"]],
  );
});

test("who has blocked an account and opened it again is told in the audit", async (t) => {
  const tested = await funded(t);
  await tested.quiet();
  const before = (await tested.published(auditTopic("wallet"))).length;
  const path = "/api/v1/accounts/alice/status";
  for (const status of ["BLOCKED", "BLOCKED", "OPEN"])
    assert.equal((await tested.request("PUT", path, { as: OPERATOR, body: { status } })).body.status, status);
  const nobody = { as: OPERATOR, body: { status: "BLOCKED" } } as const;
  assert.equal(
    (await tested.request("PUT", "/api/v1/accounts/nobody/status", nobody)).body.code,
    "unknown_account",
  );
  await tested.quiet();
  const audits = (await tested.published(auditTopic("wallet"))).slice(before).map(({ event }) => event);
  assert.deepEqual(
    audits.map(({ actorId, action, subjects, outcome }) => [actorId, action, subjects, outcome]),
    [
      [OPERATOR.keyId, "accounts.block", ["alice"], "done"],
      [OPERATOR.keyId, "accounts.open", ["alice"], "done"],
    ],
  );
});

test("trades that retention has dropped are no violation; those that are left are compared", async (t) => {
  const tested = await funded(t);
  await tested.publish(tradeEvents, [executed(1, "4", "4", false)]);
  await tested.quiet();
  tested.clock.advance(31 * 86_400_000);
  await tested.publish(tradeEvents, [executed(2, "1", "5", false)]);
  await tested.quiet();
  await tested.bus.dropExpired((retentionMs) => tested.clock.nowMs() - retentionMs);
  const invariant = wallet.invariants.find(({ name }) => name === "one-settlement-per-trade");
  assert.ok(invariant);
  assert.deepEqual(await invariant.check(tested.service), { checked: 1, violations: [] });
  await corrupt(tested, sql`DELETE FROM trade_entries WHERE trade_id = 'AAPL-2'`);
  assert.match((await invariant.check(tested.service)).violations.join(), /AAPL-2 has no settlement/);
});

test("a trade behind its settlement, in a topic that was filled again, is told although retention has dropped that", async (t) => {
  const tested = await funded(t);
  await tested.publish(tradeEvents, [executed(1, "4", "4", false)]);
  await tested.quiet();
  const [trade] = await tested.bus.tail("trade-events", 1, 2);
  assert.ok(trade);
  tested.clock.advance(31 * 86_400_000);
  await tested.bus.send([
    { topic: "trade-events", partition: 1, records: [{ ...trade, timestampMs: tested.clock.nowMs() }] },
  ]);
  await tested.quiet();
  await tested.bus.dropExpired((retentionMs) => tested.clock.nowMs() - retentionMs);
  const told = (await tested.published(tradeEvents)).map(({ event }) => event.eventType);
  assert.deepEqual(told, ["TradeExecuted"]);
  const invariant = wallet.invariants.find(({ name }) => name === "one-settlement-per-trade");
  assert.deepEqual(await invariant?.check(tested.service), { checked: 1, violations: [] });
});

test("trades are compared with their settlements part by part, each trade in one of them", async (t) => {
  const tested = await funded(t);
  const trades = [executed(1, "4", "4", false), executed(2, "3", "7", false), executed(3, "2", "9", false)];
  await tested.publish(tradeEvents, trades);
  await tested.quiet();
  const parts = async (): Promise<readonly InvariantReport[]> => {
    const reports: InvariantReport[] = [];
    for (let after: string | undefined; ; after = reports.at(-1)?.next) {
      reports.push(await settlementsMatchTrades(tested.service, { after, most: 1 }));
      if (reports.at(-1)?.next === undefined) return reports;
    }
  };
  const clean = await parts();
  assert.equal(clean.length, 3);
  assert.equal(
    clean.reduce((sum, { checked }) => sum + checked, 0),
    3,
  );
  assert.deepEqual(
    clean.flatMap(({ violations }) => violations),
    [],
  );
  await corrupt(
    tested,
    sql`UPDATE trade_entries SET notional = notional + 1 WHERE trade_id = 'AAPL-1'`,
    sql`UPDATE trade_entries SET trade_id = 'AAPL-9' WHERE trade_id = 'AAPL-3'`,
  );
  const found = (await parts()).flatMap(({ violations }) => violations);
  assert.deepEqual(found.filter((violation) => !violation.startsWith("there are")).sort(), [
    "TradeSettled of AAPL-3 has no settlement behind it",
    "the settlement of AAPL-1 has other amounts than the trade",
    "trade AAPL-3 has no settlement",
  ]);
  assert.ok(found.includes("there are 0 settlements for 1 trades"), found.join());
});

async function corrupt(tested: TestedService<Wallet>, ...statements: Statement[]): Promise<void> {
  await tested.store.transaction("corrupt", (tx) => tx.commit(statements));
}

const corruptions: readonly (readonly [name: string, ...statements: Statement[]])[] = [
  [
    "journals-balance",
    sql`CREATE OR REPLACE VIEW postings AS SELECT 'TRADE'::text AS kind, 'trade/AAPL-1'::text AS journal_id, 'HELD'::text AS ledger, 'alice'::text AS owner, 'USD'::text AS asset, 1::numeric AS amount, 1::bigint AS time_ms, ''::text AS party, ''::text AS other_party`,
  ],
  [
    "assets-sum-to-zero",
    sql`UPDATE balances SET available = available + 1 WHERE account_id = 'alice' AND asset = 'USD'`,
  ],
  ["balances-equal-postings", sql`UPDATE transfer_entries SET amount = amount + 1 WHERE kind = 'DEPOSIT'`],
  [
    "balances-not-negative",
    sql`ALTER TABLE balances DROP CONSTRAINT balances_available_check`,
    sql`UPDATE balances SET available = -1 WHERE asset = 'USD'`,
  ],
  ["holds-equal-formula", sql`UPDATE holds SET held = held + 1 WHERE order_id = ${SELL}::uuid`],
  ["held-equals-holds", sql`UPDATE balances SET held = held + 1 WHERE account_id = 'bob' AND asset = 'AAPL'`],
  ["one-settlement-per-trade", sql`DELETE FROM trade_entries`],
  ["one-settlement-per-trade", sql`UPDATE trade_entries SET notional = notional + 1`],
  [
    "one-settlement-per-trade",
    sql`INSERT INTO trade_entries SELECT 'AAPL-99', symbol, partition, buyer_account, seller_account, base_asset, quote_asset, quantity, notional, buyer_fee, seller_fee, time_ms FROM trade_entries`,
  ],
];

test("each invariant reports a corruption planted for it", async (t) => {
  const named = new Set(corruptions.map(([name]) => name));
  assert.deepEqual([...named].sort(), wallet.invariants.map(({ name }) => name).sort());
  for (const [name, ...statements] of corruptions) {
    await t.test(name, async (each) => {
      const tested = await funded(each);
      await tested.publish(tradeEvents, [executed(1, "4", "4", false)]);
      await tested.quiet();
      const invariant = wallet.invariants.find((candidate) => candidate.name === name);
      assert.ok(invariant);
      const clean = await invariant.check(tested.service);
      assert.deepEqual(clean.violations, []);
      assert.ok(clean.checked > 0);
      await corrupt(tested, ...statements);
      assert.ok((await invariant.check(tested.service)).violations.length > 0);
    });
  }
});
