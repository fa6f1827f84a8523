import assert from "node:assert/strict";
import { test } from "node:test";
import {
  auditTopic,
  type Principal,
  priceEvents,
  type RiskCheckItem,
  referenceEvents,
  riskEvents,
} from "@bourse/contracts";
import { type TestAnswer, type TestEnd, type TestedService, testService } from "@bourse/host/testing";
import { AAPL, AAPL_USD, BTC, BTC_USD, USD } from "@bourse/market/testing";
import { StoreError } from "@bourse/store";
import { refresh } from "./jobs/refresh.ts";
import type { Risk } from "./risk.ts";
import { risk as definition } from "./service.ts";
import { writeLimits } from "./sql/risk-rows.ts";
import { beginRun, endRunCleanly, keepRun } from "./sql/run-rows.ts";

const MAKER: Principal = { keyId: "op-1", role: "operator" };
const CHECKER: Principal = { keyId: "op-2", role: "operator" };
const ALICE: Principal = { keyId: "k-alice", role: "account", accountId: "alice" };

async function riskTest(
  t: TestEnd,
  env: Readonly<Record<string, string>> = {},
  of: typeof definition = definition,
): Promise<TestedService<Risk>> {
  const risk = await testService<Risk>(t, of, { env });
  await risk.publish(referenceEvents, [
    ...[USD, BTC, AAPL].map((asset) => ({ key: asset.asset, event: { eventType: "AssetListed", ...asset } })),
    ...[BTC_USD, AAPL_USD].map((instrument) => ({
      key: instrument.symbol,
      event: { eventType: "InstrumentListed", ...instrument },
    })),
  ]);
  await risk.quiet();
  return risk;
}

function item(changes: Partial<RiskCheckItem> = {}): RiskCheckItem {
  return {
    orderId: "0".repeat(32),
    accountId: "alice",
    symbol: "BTC-USD",
    side: "BUY",
    orderType: "LIMIT",
    quantity: "1",
    price: "60000",
    ...changes,
  };
}

function market(side: "BUY" | "SELL"): RiskCheckItem {
  const { price: _, ...rest } = item({ side, orderType: "MARKET" });
  return rest;
}

async function check(
  risk: TestedService<Risk>,
  ...orders: readonly RiskCheckItem[]
): Promise<readonly string[]> {
  const answer = await risk.request("POST", "/internal/risk/check", { as: "internal", body: { orders } });
  if (answer.status !== 200) return [answer.body.code];
  return answer.body.outcomes.map(
    (outcome: { code?: string; worstPrice?: string }) => outcome.code ?? outcome.worstPrice,
  );
}

function put(risk: TestedService<Risk>, path: string, body: unknown, as = MAKER): Promise<TestAnswer> {
  return risk.request("PUT", `/api/v1/risk/limits/${path}`, { as, body });
}

test("a batch is answered in order, around the reference price and then around the last one", async (t) => {
  const risk = await riskTest(t);
  assert.deepEqual(await check(risk, item(), market("BUY"), market("SELL"), item({ price: "66000.05" })), [
    "60000",
    "66000",
    "54000",
    "price_outside_collar",
  ]);
  await risk.publish(priceEvents, [
    { key: "BTC-USD", event: { eventType: "PriceUpdated", symbol: "BTC-USD", lastPrice: "70000" } },
  ]);
  await risk.quiet();
  assert.deepEqual(await check(risk, market("BUY"), item({ price: "62999.95" })), [
    "77000",
    "price_outside_collar",
  ]);
});

test("a highest price that is lowered below the last one, or a stop, is where the collar is measured from", async (t) => {
  const risk = await riskTest(t);
  await risk.publish(priceEvents, [
    { key: "BTC-USD", event: { eventType: "PriceUpdated", symbol: "BTC-USD", lastPrice: "70000" } },
  ]);
  await risk.publish(referenceEvents, [
    { key: "BTC-USD", event: { eventType: "InstrumentChanged", ...BTC_USD, maxPrice: "65000" } },
  ]);
  await risk.quiet();
  const amendedStop = { ...market("SELL"), orderType: "STOP_LOSS" as const, stopPrice: "80000" };
  assert.deepEqual(
    await check(
      risk,
      market("BUY"),
      market("SELL"),
      item(),
      amendedStop,
      item({ symbol: "AAPL", price: "180" }),
    ),
    ["65000", "58500", "60000", "58500", "180"],
  );
});

test("limits by configuration, for everyone, a symbol, an account; they survive a restart", async (t) => {
  let risk = await riskTest(t, { RISK_MAX_ORDER_NOTIONAL: "100000" });
  const two = item({ quantity: "2" });
  assert.deepEqual(await check(risk, two), ["notional_limit_exceeded"]);
  const set = await put(risk, "accounts/alice", { maxOrderNotional: null });
  assert.equal(set.status, 200);
  assert.deepEqual(set.body.setting, { maxOrderNotional: null });
  assert.equal(set.body.effective.maxOrderNotional, null);
  assert.deepEqual(await check(risk, two, { ...two, accountId: "bob" }), [
    "60000",
    "notional_limit_exceeded",
  ]);
  await put(risk, "accounts/alice/symbols/BTC-USD", { maxOrderQuantity: "1.5" });
  await put(risk, "symbols/AAPL", { maxOrderQuantity: "10", collarPpm: null });
  await put(risk, "default", { maxOrderNotional: "200000" });
  const outcomes = ["size_limit_exceeded", "60000", "5000"];
  const batch = [two, { ...two, accountId: "bob" }, item({ symbol: "AAPL", quantity: "10", price: "5000" })];
  assert.deepEqual(await check(risk, ...batch), outcomes);
  risk = await risk.restart();
  assert.deepEqual(await check(risk, ...batch), outcomes);
  await put(risk, "accounts/alice/symbols/BTC-USD", {});
  assert.deepEqual(await check(risk, two), ["60000"]);
  const shown = await risk.request("GET", "/api/v1/risk/limits/symbols/AAPL", { as: MAKER });
  assert.deepEqual(shown.body.setting, { maxOrderQuantity: "10", collarPpm: null });
});

test("who has set which limits is told in the audit", async (t) => {
  const risk = await riskTest(t);
  for (const scope of ["default", "accounts/alice", "symbols/AAPL-USD", "accounts/alice/symbols/AAPL-USD"])
    assert.equal((await put(risk, scope, { maxOrderQuantity: "5" })).status, 200, scope);
  assert.equal((await put(risk, "default", { maxOrderQuantity: "-5" })).status, 400);
  await risk.quiet();
  const audits = (await risk.published(auditTopic("risk"))).map(({ event }) => event);
  assert.deepEqual(
    audits.map(({ actorId, action, subjects }) => [actorId, action, ...subjects]),
    ["everyone", "alice", "AAPL-USD", "alice/AAPL-USD"].map((scope) => [MAKER.keyId, "limits.set", scope]),
  );
});

test("what was read of limits and kill switches earlier never replaces what was read later", async (t) => {
  const risk = await riskTest(t);
  const { service } = risk;
  const held = Promise.withResolvers<void>();
  const slowQuery: typeof service.store.query = async (statement) => {
    const rows = await service.store.query(statement);
    await held.promise;
    return rows;
  };
  const view = { limits: service.limits, exposures: service.exposures, refreshes: service.refreshes };
  const slow = { ...view, store: { ...service.store, query: slowQuery }, stopped: service.stopped };
  const earlier = refresh(slow);
  const set = await put(risk, "accounts/alice", { maxOrderNotional: "5" });
  held.resolve();
  await earlier;
  assert.equal(set.body.effective.maxOrderNotional, "5");
  assert.deepEqual(await check(risk, item()), ["notional_limit_exceeded"]);
});

test("a stop that is committed is answered so, also where it can't be read back at once", async (t) => {
  const risk = await riskTest(t);
  const { store } = risk.service;
  t.mock.method(store, "query", () =>
    Promise.reject(new StoreError("store_unavailable", "the database is away", { retryable: true })),
  );
  const body = { accountId: "alice", reason: "wild" };
  const answer = await risk.request("POST", "/api/v1/risk/kill-switch", { as: MAKER, body });
  assert.deepEqual([answer.status, answer.body.engaged], [201, true]);
});

test("a limit of the configuration is not negative", async (t) => {
  for (const name of ["RISK_MAX_ORDER_NOTIONAL", "RISK_MAX_ORDER_QUANTITY", "RISK_MAX_OPEN_NOTIONAL"])
    await assert.rejects(
      testService<Risk>(t, definition, { env: { [name]: "-5" } }),
      new RegExp(`${name}.*-5`),
    );
});

test("limits that another instance has taken are shown at once", async (t) => {
  const risk = await riskTest(t);
  const setting = { maxOrderQuantity: "1" };
  const scope = { accountId: "alice", symbol: null };
  const by = { actor: MAKER.keyId, nowMs: risk.clock.nowMs() };
  await risk.store.transaction("another instance", (tx) => tx.commit([writeLimits(scope, setting, by)]));
  const path = "/api/v1/risk/limits/accounts/alice";
  const shown = await risk.request("GET", path, { as: MAKER });
  assert.deepEqual(shown.body.setting, setting);
});

test("an account may read what holds for itself, and nothing of others", async (t) => {
  const risk = await riskTest(t);
  await put(risk, "accounts/alice", { ordersPerSecond: 50, orderBurst: 70 });
  const ask = (scope: string) => risk.request("GET", `/api/v1/risk/limits/${scope}`, { as: ALICE });
  const { effective } = (await ask("accounts/alice")).body;
  assert.deepEqual([effective.ordersPerSecond, effective.orderBurst], [50, 70]);
  assert.equal((await ask("accounts/alice/symbols/AAPL")).status, 200);
  for (const scope of ["accounts/bob", "accounts/bob/symbols/AAPL", "default", "symbols/AAPL"]) {
    const { status, body } = await ask(scope);
    assert.deepEqual([status, body.code], [403, "forbidden"], scope);
  }
  assert.equal((await put(risk, "accounts/alice", {}, ALICE)).status, 403);
});

test("limits are an operator's, and well-formed", async (t) => {
  const risk = await riskTest(t);
  assert.equal((await put(risk, "default", {}, ALICE)).status, 403);
  for (const body of [
    { maxOrderNotional: "-1" },
    { maxOrderNotional: 5 },
    { maxOrderNotional: "1e3" },
    { ordersPerSecond: 0 },
    { orderBurst: 1.5 },
    { colour: "red" },
  ]) {
    const answer = await put(risk, "default", body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.equal(answer.body.errors[0].field, Object.keys(body)[0]);
  }
});

test("what is counted over all symbols is no limit of one symbol", async (t) => {
  const risk = await riskTest(t);
  for (const scope of ["symbols/BTC-USD", "accounts/alice/symbols/BTC-USD"]) {
    const answer = await put(risk, scope, { maxOrderQuantity: "1", maxOpenOrders: 1, ordersPerSecond: 5 });
    assert.equal(answer.status, 400, scope);
    assert.deepEqual(
      answer.body.errors.map(({ field, given }: { field: string; given: string }) => [field, given]),
      [
        ["ordersPerSecond", "5"],
        ["maxOpenOrders", "1"],
      ],
    );
    assert.match(answer.body.errors[0].allowed, /account or for everyone/);
    const shown = await risk.request("GET", `/api/v1/risk/limits/${scope}`, { as: MAKER });
    assert.deepEqual([shown.body.setting, shown.body.effective.maxOpenOrders], [{}, null]);
  }
});

test("a stop that is older than what retention has left of its events is no violation", async (t) => {
  const risk = await riskTest(t);
  const stop = { accountId: "alice", reason: "wild" };
  await risk.request("POST", "/api/v1/risk/kill-switch", { as: MAKER, body: stop });
  await risk.quiet();
  const invariant = definition.invariants.find(({ name }) => name === "kill-switches-equal-events");
  assert.ok(invariant);
  risk.clock.advance(31 * 86_400_000);
  await risk.bus.dropExpired((retentionMs) => risk.clock.nowMs() - retentionMs);
  assert.deepEqual((await invariant.check(risk.service)).violations, []);
});

test("an order rate is the account's, over all symbols; told the time by the clock", async (t) => {
  const risk = await riskTest(t, { RISK_ORDERS_PER_SECOND: "2", RISK_ORDER_BURST: "3" });
  const apple = item({ symbol: "AAPL", price: "180" });
  assert.deepEqual(await check(risk, item(), apple, item(), item()), [
    "60000",
    "180",
    "60000",
    "order_rate_exceeded",
  ]);
  assert.deepEqual(await check(risk, item({ accountId: "bob" })), ["60000"]);
  risk.clock.advance(500);
  assert.deepEqual(await check(risk, item(), item()), ["60000", "order_rate_exceeded"]);
  await put(risk, "accounts/alice", { ordersPerSecond: null });
  assert.deepEqual(await check(risk, ...Array.from({ length: 50 }, () => item())), Array(50).fill("60000"));
});

test("the kill switch is committed with its event; two operators release it", async (t) => {
  let risk = await riskTest(t);
  const stop = (as: Principal, accountId = "alice") =>
    risk.request("POST", "/api/v1/risk/kill-switch", { as, body: { accountId, reason: "wild" } });
  assert.equal((await stop(ALICE, "bob")).status, 403);
  const set = await stop(ALICE);
  assert.equal(set.status, 201);
  assert.equal(set.body.engaged, true);
  const again = await stop(MAKER);
  assert.equal(again.status, 200);
  assert.equal(again.body.requestId, set.body.requestId);
  assert.deepEqual(await check(risk, item(), item({ accountId: "bob" })), ["kill_switch_engaged", "60000"]);
  risk = await risk.restart();
  assert.deepEqual(await check(risk, item()), ["kill_switch_engaged"]);

  const path = "/api/v1/risk/kill-switch/release-requests";
  const ask = (as: Principal, body: object, key: string) =>
    risk.request("POST", path, { as, body, headers: { "idempotency-key": key } });
  assert.equal((await ask(ALICE, { accountId: "alice" }, "one")).status, 403);
  assert.equal(
    (await risk.request("POST", path, { as: MAKER, body: { accountId: "alice" } })).body.code,
    "idempotency_key_required",
  );
  assert.equal((await ask(MAKER, { accountId: "bob" }, "one")).body.code, "conflict");
  const asked = await ask(MAKER, { accountId: "alice", note: "fixed" }, "two");
  assert.equal(asked.status, 201);
  const askedAgain = await ask(MAKER, { accountId: "alice", note: "fixed" }, "two");
  assert.deepEqual([askedAgain.status, askedAgain.body], [201, asked.body]);
  const { releaseRequests } = (await risk.request("GET", path, { as: MAKER })).body;
  assert.equal(releaseRequests.length, 1, "R10: sent twice, asked once");
  const approve = (as: Principal) => risk.request("POST", `${path}/${asked.body.id}/approve`, { as });
  assert.equal((await approve(MAKER)).body.code, "forbidden");
  assert.deepEqual(await check(risk, item()), ["kill_switch_engaged"]);
  const approved = await approve(CHECKER);
  assert.deepEqual([approved.status, approved.body.status, approved.body.checker], [200, "APPROVED", "op-2"]);
  assert.equal((await approve(CHECKER)).body.code, "conflict");
  assert.equal((await risk.request("POST", `${path}/nope/approve`, { as: MAKER })).status, 404);
  assert.deepEqual(await check(risk, item()), ["60000"]);
  const state = await risk.request("GET", "/api/v1/risk/kill-switch/accounts/alice", { as: ALICE });
  assert.deepEqual(state.body, { accountId: "alice", engaged: false });

  await risk.quiet();
  const events = (await risk.published(riskEvents)).map(({ key, event }) => [
    key,
    event.eventType,
    event.requestId,
  ]);
  assert.deepEqual(events, [
    ["alice", "KillSwitchSet", set.body.requestId],
    ["alice", "KillSwitchReleased", asked.body.id],
  ]);
});

test("a release ends all requests about its stop, also where two are approved at once", async (t) => {
  const risk = await riskTest(t);
  const path = "/api/v1/risk/kill-switch/release-requests";
  const stop = () =>
    risk.request("POST", "/api/v1/risk/kill-switch", {
      as: ALICE,
      body: { accountId: "alice", reason: "wild" },
    });
  const ask = async (as: Principal, key: string): Promise<string> => {
    const headers = { "idempotency-key": key };
    return (await risk.request("POST", path, { as, body: { accountId: "alice" }, headers })).body.id;
  };
  const listed = async () => {
    const { releaseRequests } = (await risk.request("GET", path, { as: MAKER })).body;
    return new Map<string, object>(
      releaseRequests.map((each: { id: string; status: string; checker?: string }) => [
        each.id,
        [each.status, each.checker],
      ]),
    );
  };
  const approve = (as: Principal, id: string) => risk.request("POST", `${path}/${id}/approve`, { as });
  for (let round = 0; round < 5; round++) {
    await stop();
    const [mine, theirs] = [await ask(MAKER, `mine-${round}`), await ask(CHECKER, `theirs-${round}`)];
    const answers = await Promise.all([approve(CHECKER, mine), approve(MAKER, theirs)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    const isMine = answers[0]?.status === 200;
    const found = await listed();
    assert.deepEqual(found.get(isMine ? mine : theirs), ["APPROVED", isMine ? "op-2" : "op-1"]);
    assert.deepEqual(found.get(isMine ? theirs : mine), ["SUPERSEDED", undefined]);
    assert.match((await approve(MAKER, isMine ? theirs : mine)).body.detail, /released by another request/);
  }
  await stop();
  const next = await ask(MAKER, "next");
  assert.deepEqual((await listed()).get(next), ["PENDING", undefined]);
});

test("R10: a late copy of a stop does not stop the account again after its release", async (t) => {
  const risk = await riskTest(t);
  const keyed = (as: Principal, key: string, body?: object) => ({
    as,
    headers: { "idempotency-key": key },
    ...(body === undefined ? {} : { body }),
  });
  const stop = () =>
    risk.request(
      "POST",
      "/api/v1/risk/kill-switch",
      keyed(ALICE, "stop", { accountId: "alice", reason: "wild" }),
    );
  const set = await stop();
  const path = "/api/v1/risk/kill-switch/release-requests";
  const asked = await risk.request("POST", path, keyed(MAKER, "ask", { accountId: "alice" }));
  const approve = () => risk.request("POST", `${path}/${asked.body.id}/approve`, keyed(CHECKER, "approve"));
  const approved = await approve();
  assert.equal(approved.status, 200);
  const approvedAgain = await approve();
  assert.deepEqual([approvedAgain.status, approvedAgain.body], [200, approved.body]);
  const late = await stop();
  assert.deepEqual([late.status, late.body], [201, set.body]);
  assert.equal(late.headers["idempotent-replayed"], "true");
  assert.deepEqual(await check(risk, item()), ["60000"], "the account trades");
  await risk.quiet();
  assert.deepEqual(
    (await risk.published(riskEvents)).map(({ event }) => event.eventType),
    ["KillSwitchSet", "KillSwitchReleased"],
  );
});

test("after an unclean end nothing is approved for the accept window", async (t) => {
  let risk = await riskTest(t);
  risk = await risk.restart();
  assert.deepEqual(await check(risk, item()), ["60000"], "a clean end leaves it open");
  assert.match((await risk.request("GET", "/metrics")).body, /^risk_unclean_start\{.*\} 0$/m);
  // One that never closes ends as a crash does.
  const { close: _, ...withoutClose } = definition;
  const crashing = await testService<Risk>(t, withoutClose as typeof definition);
  const restarted = await crashing.restart();
  const answer = await restarted.request("POST", "/internal/risk/check", {
    as: "internal",
    body: { orders: [item()] },
  });
  assert.equal(answer.status, 503);
  assert.equal(answer.body.code, "not_ready");
  assert.equal((await restarted.request("GET", "/health/ready")).status, 503);
  restarted.clock.advance(5_000);
  assert.equal((await restarted.request("GET", "/health/ready")).status, 200);
  await restarted.runJob("keep-run");
  assert.match((await restarted.request("GET", "/metrics")).body, /^risk_unclean_start\{.*\} 1$/m);
});

test("an instance that starts beside others waits for the accept window, and calls no end unclean", async (t) => {
  const { close: _, ...withoutClose } = definition;
  // It goes on while its successor starts: it is there again as soon as its job has run.
  const living = await riskTest(t, {}, withoutClose as typeof definition);
  const added = await living.restart();
  assert.deepEqual(await check(added, item()), ["not_ready"]);
  await keepRun(added.store, living.service.runId);
  added.clock.advance(5_000);
  await added.runJob("keep-run");
  assert.deepEqual(await check(added, item()), ["60000"]);
  assert.match((await added.request("GET", "/metrics")).body, /^risk_unclean_start\{.*\} 0$/m);
});

test("an instance that ends in order does not speak for one that dies beside it", async (t) => {
  const { close: _, ...withoutClose } = definition;
  const dying = await riskTest(t, {}, withoutClose as typeof definition);
  const other = "another instance";
  assert.deepEqual(
    await beginRun(dying.store, other),
    [dying.service.runId],
    "it can't tell the living from the dead",
  );
  await dying.runJob("keep-run");
  await endRunCleanly(dying.store, other);
  const restarted = await dying.restart();
  assert.deepEqual(await check(restarted, item()), ["not_ready"]);
});

test("instances that all end in order leave a clean start", async (t) => {
  const risk = await riskTest(t);
  await beginRun(risk.store, "another instance");
  await risk.runJob("keep-run");
  await endRunCleanly(risk.store, "another instance");
  assert.deepEqual(await check(await risk.restart(), item()), ["60000"]);
});

test("invariants hold, and report what is planted", async (t) => {
  const risk = await riskTest(t);
  await risk.request("POST", "/api/v1/risk/kill-switch", {
    as: MAKER,
    body: { accountId: "alice", reason: "wild" },
  });
  await put(risk, "default", { maxOrderNotional: "5" });
  await risk.quiet();
  const violations = async (name: string): Promise<string> => {
    const invariant = definition.invariants.find((each) => each.name === name);
    return (await invariant?.check(risk.service))?.violations.join("; ") ?? "no such invariant";
  };
  for (const { name } of definition.invariants) assert.equal(await violations(name), "", name);
  // As an instance is that another one's stop has not reached yet: for a second, and no longer.
  risk.service.stopped = new Set();
  assert.equal(await violations("kill-switches-equal-events"), "");
  risk.clock.advance(2_000);
  assert.match(await violations("kill-switches-equal-events"), /the table and the memory differ about alice/);
  risk.service.stopped = new Set(["alice"]);
  const corrupt = (...texts: readonly string[]) =>
    risk.store.transaction("corrupt", (tx) => tx.commit(texts.map((text) => ({ text, values: [] }))));
  await corrupt("DELETE FROM kill_switches");
  assert.match(await violations("kill-switches-equal-events"), /the events say alice is stopped/);
  await corrupt(`UPDATE limit_settings SET definition = '{"maxOrderNotional":"-5"}'`);
  assert.match(await violations("limits-are-valid"), /maxOrderNotional of any account in any symbol is -5/);
  await corrupt(
    "ALTER TABLE release_requests DROP CONSTRAINT release_two_people",
    "INSERT INTO release_requests VALUES ('r', 'alice', 'k', 'op-1', '', 'APPROVED', 'op-1', 0, 0)",
  );
  assert.match(await violations("releases-have-two-operators"), /release r by op-1 was approved by op-1/);
  await corrupt("INSERT INTO release_requests VALUES ('p', 'alice', 'k', 'op-1', '', 'PENDING', NULL, 0)");
  assert.match(await violations("pending-releases-have-a-stop"), /release p of alice waits for approval/);
});

test("an order rate that is not a whole number fails at boot, by name", async (t) => {
  await assert.rejects(
    testService<Risk>(t, definition, { env: { RISK_ORDERS_PER_SECOND: "1.5" } }),
    /RISK_ORDERS_PER_SECOND/,
  );
});
