import assert from "node:assert/strict";
import { test } from "node:test";
import { type OrderNamesQuery, tradeEvents } from "@bourse/contracts";
import type { PeerRequest, RouteAnswer } from "@bourse/host";
import { type TestedService, testService } from "@bourse/host/testing";
import { type Statement, sql } from "@bourse/store";
import { FILL_INDEXES } from "./jobs/summarise-fills.ts";
import type { MarketData } from "./market-data.ts";
import { marketData } from "./service.ts";
import { selectFills, selectFillsOfOrder } from "./sql/fill-rows.ts";
import { executed, listings, listingTopic, transferred } from "./testing.ts";

const operator = { keyId: "op", role: "operator" } as const;
const alice = { keyId: "a", role: "account", accountId: "alice" } as const;
const fills = (accountId: string): string => `/api/v1/accounts/${accountId}/fills`;
const [ALICES, BOBS] = ["a".repeat(32), "b".repeat(32)];

interface Fill {
  readonly tradeId: string;
  readonly side: string;
}

interface TestEnd {
  after(fn: () => Promise<void>): void;
}

/** As order answers: all ids but one of the page have a name. */
function nameOrders({ body }: PeerRequest): RouteAnswer {
  const { orderIds } = body as OrderNamesQuery;
  assert.equal(new Set(orderIds).size, orderIds.length, "each is asked for once");
  const known = orderIds.filter((orderId) => orderId !== BOBS);
  const names = known.map((orderId) => ({ orderId, clientOrderId: `named-${orderId.slice(0, 4)}` }));
  return { status: 200, body: { names } };
}

async function listed(t: TestEnd): Promise<TestedService<MarketData>> {
  const tested = await testService(t, marketData, { peers: { order: nameOrders } });
  await tested.publish(listingTopic, listings);
  await tested.quiet();
  return tested;
}

async function namesOf(tested: TestedService<MarketData>, query: Record<string, string> = {}) {
  const { status, body } = await tested.request("GET", fills("alice"), { as: alice, query });
  assert.equal(status, 200, JSON.stringify(body));
  return body.fills.map(({ tradeId, side }: Fill) => `${tradeId} ${side}`);
}

/** All of a list, by pages of one. */
async function paged(tested: TestedService<MarketData>, query: Record<string, string> = {}) {
  const read: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = { ...query, limit: "1", ...(cursor === undefined ? {} : { cursor }) };
    const { body } = await tested.request("GET", fills("alice"), { as: alice, query: page });
    read.push(...body.fills.map(({ tradeId, side }: Fill) => `${tradeId} ${side}`));
    cursor = body.nextCursor;
    if (cursor === undefined) return read;
  }
}

test("a fill tells whose order met at what price, on which side, and what it cost", async (t) => {
  const tested = await listed(t);
  const trade = { price: "60100.05", quantity: "0.1", notional: "6010.005" };
  await tested.publish(tradeEvents, [executed({ number: 1, ...trade, aggressorSide: "SELL" })]);
  await tested.quiet();
  const { body } = await tested.request("GET", fills("alice"), { as: alice });
  const [{ time, ...fill }] = body.fills;
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(
    [body.accountId, fill],
    [
      "alice",
      {
        tradeId: "BTC-USD-1",
        engineSequence: 3,
        orderId: ALICES,
        clientOrderId: "named-aaaa",
        symbol: "BTC-USD",
        side: "BUY",
        ...trade,
        liquidity: "MAKER",
        fee: "-0.5",
        feeAsset: "USD",
      },
    ],
  );
  const other = await tested.request("GET", fills("bob"), { as: operator });
  const [{ orderId, side, liquidity, fee, ...rest }] = other.body.fills;
  assert.ok(!("clientOrderId" in rest), "an order that order has not has no name");
  assert.deepEqual([orderId, side, liquidity, fee], [BOBS, "SELL", "TAKER", "0.5"]);
  assert.deepEqual((await tested.request("GET", fills("carol"), { as: operator })).body.fills, []);
  const foreign = await tested.request("GET", fills("bob"), { as: alice });
  assert.deepEqual([foreign.status, foreign.body.code], [403, "forbidden"]);
});

test("fills are whole and in their order: trades, both sides of one's own, and transfers, which no tape has", async (t) => {
  const tested = await listed(t);
  const trade = { price: "60000", quantity: "0.5", notional: "30000" };
  await tested.publish(tradeEvents, [
    executed({ number: 1, ...trade }),
    executed({ number: 2, ...trade, seller: "alice" }),
    executed({ number: 3, ...trade, buyer: "carol" }),
    transferred({ engineSequence: 10, ...trade }),
  ]);
  await tested.quiet();
  tested.clock.advance(60_000);
  const later = new Date(tested.clock.nowMs()).toISOString();
  await tested.publish(tradeEvents, [
    transferred({ engineSequence: 11, ...trade, buyer: "bob", seller: "alice" }),
  ]);
  await tested.quiet();

  const all = ["BTC-USD-T11 SELL", "BTC-USD-T10 BUY", "BTC-USD-2 SELL", "BTC-USD-2 BUY", "BTC-USD-1 BUY"];
  assert.deepEqual(await namesOf(tested), all);
  assert.deepEqual(await paged(tested), all);
  assert.deepEqual(await namesOf(tested, { from: later }), all.slice(0, 1));
  assert.deepEqual(await namesOf(tested, { to: later }), all.slice(1));
  assert.deepEqual(await namesOf(tested, { symbol: "BTC-USD" }), all);
  const bought = ["BTC-USD-T10 BUY", "BTC-USD-2 BUY", "BTC-USD-1 BUY"];
  assert.deepEqual(await namesOf(tested, { orderId: ALICES }), bought);
  assert.deepEqual(await paged(tested, { orderId: ALICES }), bought);
  assert.deepEqual(await paged(tested, { orderId: ALICES, to: later }), bought);
  assert.deepEqual(await namesOf(tested, { orderId: "c".repeat(32) }), []);
  const { body } = await tested.request("GET", fills("alice"), { as: alice, query: { limit: "1" } });
  assert.deepEqual([body.fills[0].transfer, body.fills[0].fee], [true, "0"]);
  const { body: tape } = await tested.request("GET", "/api/v1/markets/BTC-USD/trades");
  assert.equal(tape.trades.length, 3, "a transfer is on no tape");
});

test("what is asked wrongly is refused by name", async (t) => {
  const tested = await listed(t);
  const refusals = {
    symbol: ["ETH-USD", 404, "symbol_not_found"],
    cursor: ["1/2/UP/BTC-USD", 400, "invalid_cursor"],
    orderId: ["x", 400, "validation_failed"],
    from: ["2026-02-30T00:00:00.000Z", 400, "validation_failed"],
    limit: ["1001", 400, "validation_failed"],
  } as const;
  for (const [field, [given, status, code]] of Object.entries(refusals)) {
    const answer = await tested.request("GET", fills("alice"), { as: alice, query: { [field]: given } });
    assert.deepEqual([answer.status, answer.body.code, answer.body.errors[0].field], [status, code, field]);
  }
  const hour = { from: "1970-01-01T00:00:00Z", to: "2200-01-01T01:00:00.5+01:00" };
  assert.deepEqual(await namesOf(tested, hour), [], "as clients' libraries write times");
  const before1970 = { from: "0001-01-01T00:00:00.000Z", to: "1969-12-31T23:59:59.999Z" };
  assert.deepEqual(await namesOf(tested, before1970), []);
});

test("fills are found where ranges have summaries as where they have none", async (t) => {
  const tested = await listed(t);
  await tested.store.transaction("trade", (tx) =>
    tx.commit([
      sql`
        INSERT INTO trades SELECT 'BTC-USD', n, n, n, 1, 1, true, md5('b' || n)::uuid, md5('s' || n)::uuid,
          CASE WHEN n = 5 THEN 'alice' ELSE 'buyer-' || n % 100 END, 'seller-' || n % 50, 1, 1
        FROM generate_series(1, 8000) AS s (n)`,
    ]),
  );
  const [row] = await tested.store.query(sql`SELECT buyer_order FROM trades WHERE engine_sequence = 5`);
  const orderId = String(row?.buyer_order).replaceAll("-", "");
  for (const summarised of [false, true]) {
    if (summarised) await tested.runJob("summarise-fills");
    for (const query of [{}, { orderId }]) assert.deepEqual(await namesOf(tested, query), ["BTC-USD-5 BUY"]);
  }
  const always = { accountId: "alice", symbol: null, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
  const behind = { timeMs: Number.MAX_SAFE_INTEGER, symbol: "", engineSequence: 0, side: "" };
  assert.match(
    await planOf(tested, selectFills({ ...always, orderId: null }, behind, 100)),
    /trades_by_account/,
  );
  assert.match(
    await planOf(tested, selectFillsOfOrder({ ...always, orderId }, behind, 100)),
    /trades_by_order/,
  );
  const left = await tested.store.transaction("look", (tx) =>
    tx.run(
      FILL_INDEXES.map(({ index }) => sql`SELECT brin_summarize_new_values(${index}::regclass) AS ranges`),
    ),
  );
  assert.ok(
    left.every(([each]) => Number(each?.ranges) <= 1),
    "no range is left but the last one",
  );
});

test("the first trades have no summary to write again", async (t) => {
  const tested = await listed(t);
  const trade = { price: "60000", quantity: "0.5", notional: "30000" };
  await tested.publish(tradeEvents, [
    executed({ number: 1, ...trade }),
    transferred({ engineSequence: 9, ...trade }),
  ]);
  await tested.quiet();
  const made = await tested.store.transaction("look", (tx) =>
    tx.run(FILL_INDEXES.map(({ index }) => sql`SELECT brin_summarize_range(${index}::regclass, 0) AS n`)),
  );
  assert.deepEqual(
    made.map(([row]) => row?.n),
    [1, 1, 1, 1],
    "of a range that has one, none is made",
  );
});

async function planOf({ store }: TestedService<MarketData>, { text, values }: Statement): Promise<string> {
  const explain = { text: `EXPLAIN ${text}`, values };
  const [rows = []] = await store.transaction("explain", (tx) => tx.run([explain]));
  return rows.map((row) => String(row["QUERY PLAN"])).join("\n");
}

test("verify misses a transfer without a row, and names a row without a transfer", async (t) => {
  const tested = await listed(t);
  const trade = { price: "60000", quantity: "0.5", notional: "30000" };
  await tested.publish(tradeEvents, [transferred({ engineSequence: 10, ...trade })]);
  await tested.quiet();
  const violations = async () => {
    const invariant = marketData.invariants.find(({ name }) => name === "trades-equal-topic");
    const { checked, violations: found = [] } = (await invariant?.check(tested.service)) ?? { checked: 0 };
    assert.equal(checked, 1);
    return found;
  };
  assert.deepEqual(await violations(), []);
  const change = (statement: ReturnType<typeof sql>) =>
    tested.store.transaction("plant", (tx) => tx.commit([statement]));
  await change(sql`UPDATE transfers SET engine_sequence = 11`);
  assert.deepEqual(await violations(), ["BTC-USD-T10 is in the topic and has no row"]);
  await change(sql`UPDATE transfers SET engine_sequence = 10, quantity_lots = 1`);
  assert.match((await violations())[0] ?? "", /quantityLots of BTC-USD-T10 is 1,/);
  await change(sql`INSERT INTO transfers SELECT symbol, 12, time_ms, 1, 1, true, buyer_order, seller_order, 'x', 'y'
    FROM transfers`);
  assert.ok((await violations()).includes("BTC-USD has 2 transfers in the table and 1 in the topic"));
});
