import assert from "node:assert/strict";
import { test } from "node:test";
import { deadLetterTopic, simulatedTrades } from "@bourse/contracts";
import { type TestedService, testService } from "@bourse/host/testing";
import { sql } from "@bourse/store";
import { tradeProcessorOf } from "./service.ts";
import { type Reported, report, reporter } from "./testing.ts";
import type { TradeProcessor } from "./trade-processor.ts";

const NOON_MS = Date.UTC(2026, 10, 21, 12);

interface TestEnd {
  after(fn: () => Promise<void>): void;
}

interface Tested extends TestedService<TradeProcessor> {
  readonly send: (reports: readonly Reported[]) => Promise<void>;
}

async function processing(t: TestEnd, env: Readonly<Record<string, string>> = {}): Promise<Tested> {
  const tested = await testService(t, tradeProcessorOf({ topic: simulatedTrades }), { env, nowMs: NOON_MS });
  const send = reporter(tested.bus, { topic: simulatedTrades, timeMs: () => tested.clock.nowMs() });
  return Object.assign(tested, { send });
}

const positionsOf = async ({ store }: Tested): Promise<readonly object[]> =>
  (
    await store.query(
      sql`SELECT client_id, symbol, quantity, cost, realised, fees, trades FROM positions ORDER BY client_id, symbol`,
    )
  ).map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)])));

const parkedOf = async ({ store }: Tested): Promise<readonly string[]> =>
  (await store.query(sql`SELECT code FROM parked ORDER BY code, topic, partition, place`)).map(({ code }) =>
    String(code),
  );

test("reports become trades and positions, the marks go with them", async (t) => {
  const tested = await processing(t);
  await tested.send([
    report({ tradeId: "t-1" }),
    report({ tradeId: "t-2", side: "SELL", quantity: "4", price: "190", orderId: "o-2" }),
    report({
      tradeId: "t-1",
      clientId: "C0002",
      symbol: "BTC-USD",
      quantity: "0.0153",
      price: "57012.34",
      fee: "-0.87",
    }),
  ]);
  await tested.quiet();
  assert.deepEqual(await positionsOf(tested), [
    {
      client_id: "C0001",
      symbol: "AAPL",
      quantity: "60000",
      cost: "108300000000",
      realised: "3750000000",
      fees: "50000000",
      trades: "2",
    },
    {
      client_id: "C0002",
      symbol: "BTC-USD",
      quantity: "15300",
      cost: "87228880200",
      realised: "87000000",
      fees: "-87000000",
      trades: "1",
    },
  ]);
  const trades = await tested.store.query(
    sql`SELECT trade_id, order_id, side, quantity, price, notional, fee, realised, trade_ms FROM trades ORDER BY client_id, trade_id`,
  );
  assert.deepEqual(trades[1], {
    trade_id: "t-2",
    order_id: "o-2",
    side: -1,
    quantity: 40_000n,
    price: 1_900_000n,
    notional: 76_000_000_000n,
    fee: 25_000_000n,
    realised: 3_775_000_000n,
    trade_ms: BigInt(Date.UTC(2026, 10, 21, 9, 30)),
  });
  await tested.send([report({ tradeId: "t-3", side: "SELL", quantity: "10", price: "200", fee: "0" })]);
  await tested.quiet();
  assert.deepEqual((await positionsOf(tested))[0], {
    client_id: "C0001",
    symbol: "AAPL",
    quantity: "-40000",
    cost: "-80000000000",
    realised: "15450000000",
    fees: "50000000",
    trades: "3",
  });
  assert.deepEqual(await parkedOf(tested), []);
});

test("what is refused is parked with its reason, and the others of the batch go on", async (t) => {
  const tested = await processing(t);
  await tested.send([
    report({ tradeId: "good-1" }),
    { key: "C0001", value: "{" },
    report({ tradeId: "good-2" }),
    report({ tradeId: "good-1" }),
    report({ tradeId: "bad-1", symbol: "GME" }),
    report({ tradeId: "bad-2", quantity: "0" }),
    report({ tradeId: "bad-3", price: "-1" }),
    report({ tradeId: "bad-4", timestamp: "2026-11-21T13:00:00.000Z" }),
    { key: "C0009", value: JSON.stringify(report({ tradeId: "bad-5" })) },
    { key: "C0001", value: JSON.stringify(report({ tradeId: "bad-6" })), headers: { sequence: "x" } },
    report({ tradeId: "bad-7", quantity: "0.00001" }),
  ]);
  const other = reporter(tested.bus, { topic: simulatedTrades, run: "other", timeMs: () => NOON_MS });
  await other([report({ tradeId: "good-3" }), report({ tradeId: "good-2" })]);
  await tested.quiet();
  const expected = [
    "not_json",
    "price_not_positive",
    "quantity_not_positive",
    "time_in_future",
    "too_many_decimals",
    "trade_seen",
    "trade_seen",
    "unknown_symbol",
    "unnumbered_record",
    "wrong_key",
  ];
  assert.deepEqual(await parkedOf(tested), expected);
});

test("a client in two partitions, which two lanes take: each trade once, and positions are right", async (t) => {
  const tested = await processing(t);
  const reports = Array.from({ length: 1_500 }, (_, nth) =>
    report({ tradeId: `t-${nth}`, clientId: `C${nth % 30}`, quantity: "1", price: "20", fee: "0" }),
  );
  // The same trades in the other order, so that each lane holds what the other one waits for.
  const all = [...reports, ...reports.toReversed()];
  const place = (_: string, nth: number): number => (nth < reports.length ? 0 : 1);
  const send = reporter(tested.bus, { topic: simulatedTrades, run: "crossed", timeMs: () => NOON_MS, place });
  for (let from = 0; from < reports.length; from += 100) {
    const some = [...all.slice(from, from + 100), ...all.slice(1_500 + from, 1_600 + from)];
    const each = reporter(tested.bus, {
      topic: simulatedTrades,
      run: `crossed-${from}`,
      timeMs: () => NOON_MS,
      place: (_, nth) => (nth < 100 ? 0 : 1),
    });
    await each(some);
  }
  await send(all);
  await tested.quiet();
  const [row] = await tested.store.query(sql`SELECT (SELECT count(*) FROM trades) AS trades,
    (SELECT count(DISTINCT trade_id) FROM trades) AS different, (SELECT sum(trades) FROM positions) AS counted,
    (SELECT sum(quantity) FROM positions) AS quantity, (SELECT count(*) FROM parked WHERE code = 'trade_seen') AS seen`);
  assert.deepEqual([row?.trades, row?.different, row?.counted, row?.quantity, row?.seen].map(Number), [
    1_500,
    1_500,
    1_500,
    1_500 * 10_000,
    4_500,
  ]);
});

test("R12: a dead letter has the reason and the place, all headers and the bytes of what was refused", async (t) => {
  const tested = await processing(t);
  const value = JSON.stringify(report({ tradeId: "bad-1", symbol: "GME" }));
  const headers = {
    sequence: "1",
    traceparent: "00-11111111111111111111111111111111-2222222222222222-01",
    desk: "7",
  };
  await tested.send([{ key: "C0001", value, headers }]);
  await tested.quiet();
  const topic = deadLetterTopic(simulatedTrades);
  assert.equal(topic.name, "dead-letter-sim.trade-events");
  const [letter, ...others] = await tested.published(topic);
  assert.deepEqual(others, []);
  const { event } = letter ?? {};
  assert.deepEqual(
    [event.code, event.originKey, event.originTopic, event.originOffset],
    ["unknown_symbol", "C0001", simulatedTrades.name, "0"],
  );
  assert.match(event.message, /symbol is "GME", which is not known here/);
  for (const [name, text] of Object.entries(headers)) assert.equal(event.originHeaders[name], text);
  assert.deepEqual([event.value, event.encoding], [value, "utf-8"]);
});

const operator = { keyId: "op", role: "operator" } as const;
const client = { keyId: "k1", role: "account", accountId: "C0001" } as const;

test("results by REST: positions and profit at the last price, trades by client, symbol and time, in pages", async (t) => {
  const tested = await processing(t);
  const at = (seconds: number): string => new Date(NOON_MS - 100_000 + 1_000 * seconds).toISOString();
  await tested.send([
    report({ tradeId: "t-1", timestamp: at(1) }),
    report({ tradeId: "t-2", timestamp: at(2), side: "SELL", quantity: "4", price: "190" }),
    report({ tradeId: "t-3", timestamp: at(3), clientId: "C0002", symbol: "MSFT", price: "400", fee: "0" }),
    ...Array.from({ length: 7 }, (_, nth) =>
      report({
        tradeId: `u-${nth}`,
        timestamp: at(10),
        clientId: "C0003",
        quantity: "1",
        price: "200",
        fee: "0",
      }),
    ),
  ]);
  await tested.quiet();
  const get = async (path: string, as: typeof operator | typeof client = operator) =>
    await tested.request("GET", `/api/v1/processed/${path}`, { as });
  const own = {
    clientId: "C0001",
    symbol: "AAPL",
    quantity: "6",
    cost: "1083",
    realisedPnl: "37.5",
    fees: "0.5",
    trades: 2,
  };
  const [position] = (await get("positions?clientId=C0001", client)).body.positions;
  const { lastPrice, marketValue, unrealisedPnl, ...rest } = position;
  assert.deepEqual(rest, own);
  assert.equal(Number(marketValue), 6 * Number(lastPrice));
  assert.equal(Number(unrealisedPnl), Number(marketValue) - 1_083);
  const [pnl] = (await get("pnl?symbol=MSFT")).body.pnl;
  assert.deepEqual(pnl, {
    clientId: "C0002",
    symbol: "MSFT",
    realisedPnl: "0",
    unrealisedPnl: "0",
    totalPnl: "0",
    fees: "0",
    costMethod: "AVERAGE",
  });
  assert.equal((await get("positions?clientId=C0002", client)).status, 403);
  assert.deepEqual(
    (await get("trades", client)).body.trades.map((trade: { tradeId: string }) => trade.tradeId),
    ["t-2", "t-1"],
  );
  const pages: string[] = [];
  for (let cursor = ""; ; ) {
    const page = (await get(`trades?symbol=AAPL&limit=2${cursor}`)).body;
    assert.ok(page.trades.length <= 2);
    pages.push(...page.trades.map((trade: { tradeId: string }) => trade.tradeId));
    if (page.nextCursor === undefined) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  assert.equal(new Set(pages).size, 9);
  assert.deepEqual([pages.length, ...pages.slice(-2)], [9, "t-2", "t-1"]);
  const window = await get(`trades?from=${at(2)}&to=${at(10)}`);
  assert.deepEqual(
    window.body.trades.map((trade: { tradeId: string }) => trade.tradeId),
    ["t-3", "t-2"],
  );
  assert.equal((await get("trades?cursor=x")).status, 400);
  for (const day of ["2026-13-01", "2026-02-30"])
    assert.equal((await get(`trades?from=${day}T00:00:00.000Z`)).status, 400);
});
