import assert from "node:assert/strict";
import { test } from "node:test";
import { bookEvents, priceEvents, tradeEvents } from "@bourse/contracts";
import { type TestedService, testService } from "@bourse/host/testing";
import { type Statement, sql } from "@bourse/store";
import type { MarketData } from "./market-data.ts";
import { marketRoutes } from "./routes/markets.ts";
import { marketData } from "./service.ts";
import { bookChanged, bookSnapshot, executed, listings, listingTopic } from "./testing.ts";

const operator = { keyId: "op", role: "operator" } as const;
const market = "/api/v1/markets/BTC-USD";
const DAY_MS = 86_400_000;

interface TestEnd {
  after(fn: () => Promise<void>): void;
}

async function listed(t: TestEnd): Promise<TestedService<MarketData>> {
  const tested = await testService(t, marketData);
  await tested.publish(listingTopic, listings);
  await tested.quiet();
  return tested;
}

async function violationsOf(tested: TestedService<MarketData>, name: string): Promise<readonly string[]> {
  const invariant = marketData.invariants.find((each) => each.name === name);
  assert.ok(invariant !== undefined, name);
  const { checked, violations } = await invariant.check(tested.service);
  assert.ok(checked > 0, `${name} looked at something`);
  return violations;
}

function plant(tested: TestedService<MarketData>, ...statements: readonly Statement[]): Promise<unknown> {
  return tested.store.transaction("plant", (tx) => tx.commit(statements));
}

const trades = [
  executed({ number: 1, price: "60000", quantity: "0.5", notional: "30000" }),
  executed({ number: 2, price: "60100.05", quantity: "0.1", notional: "6010.005", aggressorSide: "SELL" }),
  executed({ number: 3, price: "59900", quantity: "1", notional: "59900" }),
];

test("trades make the tape, the ticker, the candles and the operator's list", async (t) => {
  const tested = await listed(t);
  await tested.publish(tradeEvents, trades.slice(0, 2));
  await tested.quiet();
  tested.clock.advance(120_000);
  await tested.publish(tradeEvents, trades.slice(2));
  await tested.quiet();

  const tape = await tested.request("GET", `${market}/trades`, { query: { limit: "2" } });
  assert.deepEqual(
    tape.body.trades.map((each: { tradeId: string; price: string; aggressorSide: string }) => [
      each.tradeId,
      each.price,
      each.aggressorSide,
    ]),
    [
      ["BTC-USD-3", "59900", "BUY"],
      ["BTC-USD-2", "60100.05", "SELL"],
    ],
  );
  assert.ok(!JSON.stringify(tape.body).includes("alice"), "the tape names no accounts");
  const rest = await tested.request("GET", `${market}/trades`, {
    query: { limit: "2", cursor: tape.body.nextCursor },
  });
  assert.deepEqual([rest.body.trades[0].tradeId, rest.body.nextCursor], ["BTC-USD-1", undefined]);
  assert.equal(
    (await tested.request("GET", `${market}/trades`, { query: { cursor: "x" } })).body.code,
    "invalid_cursor",
  );

  const ticker = (await tested.request("GET", `${market}/ticker`)).body;
  assert.equal(ticker.lastPrice, "59900");
  assert.deepEqual(
    [ticker.openPrice24h, ticker.highPrice24h, ticker.lowPrice24h],
    ["60000", "60100.05", "59900"],
  );
  assert.deepEqual([ticker.volume24h, ticker.turnover24h, ticker.trades24h], ["1.6", "95910.005", 3]);
  assert.equal(ticker.changePercent24h, "-0.16");
  assert.deepEqual((await tested.request("GET", "/api/v1/markets")).body.markets, [ticker]);

  const candles = (await tested.request("GET", `${market}/candles`, { query: { interval: "1m" } })).body
    .candles;
  assert.deepEqual(
    candles.map((each: Record<string, unknown>) => [
      each.open,
      each.high,
      each.low,
      each.close,
      each.volume,
      each.trades,
    ]),
    [
      ["60000", "60100.05", "60000", "60100.05", "0.6", 2],
      ["59900", "59900", "59900", "59900", "1", 1],
    ],
  );
  const second = { interval: "1m", from: candles[1].time };
  assert.deepEqual((await tested.request("GET", `${market}/candles`, { query: second })).body.candles, [
    candles[1],
  ]);
  const hour = (await tested.request("GET", `${market}/candles`, { query: { interval: "1h", limit: "1" } }))
    .body;
  assert.equal(hour.candles[0].trades, 3);

  const list = await tested.request("GET", "/api/v1/trades", {
    as: operator,
    query: { symbol: "BTC-USD", limit: "2" },
  });
  assert.equal(list.body.nextAfter, 6);
  assert.deepEqual(list.body.trades[1], {
    tradeId: "BTC-USD-2",
    engineSequence: 6,
    time: list.body.trades[0].time,
    symbol: "BTC-USD",
    price: "60100.05",
    quantity: "0.1",
    notional: "6010.005",
    aggressorSide: "SELL",
    makerOrderId: "a".repeat(32),
    takerOrderId: "b".repeat(32),
    buyer: { orderId: "a".repeat(32), accountId: "alice", liquidity: "MAKER", fee: "-0.5" },
    seller: { orderId: "b".repeat(32), accountId: "bob", liquidity: "TAKER", fee: "0.5" },
  });
  const last = await tested.request("GET", "/api/v1/trades", {
    as: operator,
    query: { symbol: "BTC-USD", after: "6" },
  });
  assert.deepEqual([last.body.trades.length, last.body.nextAfter], [1, undefined]);
  assert.equal((await tested.request("GET", "/api/v1/trades", { query: { symbol: "BTC-USD" } })).status, 401);
  const query = { symbol: "BTC-USD", after: "99999999999999999999999" };
  const beyond = await tested.request("GET", "/api/v1/trades", { as: operator, query });
  assert.deepEqual([beyond.status, beyond.body.errors[0].field], [400, "after"]);
});

test("candles are asked for by times that are the same on every machine", async (t) => {
  const tested = await listed(t);
  const asked = (from: string) =>
    tested.request("GET", `${market}/candles`, { query: { interval: "1m", from } });
  const noTimes = ["2026-01-01T00:00:00", "Thu Jan 01 2026", "AAPL 2026-1", "2026-01-01T00:00:00 02:00"];
  for (const from of [...noTimes, "2026-02-30T00:00:00Z", "2026-01-01T24:00:00+02:00"]) {
    const { status, body } = await asked(from);
    assert.deepEqual([status, body.code, body.errors[0].given], [400, "validation_failed", from]);
    assert.match(body.errors[0].allowed, /RFC 3339/);
  }
  for (const from of ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456+02:00"])
    assert.equal((await asked(from)).status, 200);
});

test("a ticker is as of one moment: a trade that comes meanwhile is all in it, or not at all", async (t) => {
  const tested = await listed(t);
  const route = marketRoutes.find(({ path }) => path === `/api/v1/markets/:symbol/ticker`);
  assert.ok(route);
  let asked = 0;
  const traded = Promise.withResolvers<void>();
  const store = {
    query: async (statement: Statement) => {
      if (++asked > 1) await traded.promise;
      const rows = await tested.store.query(statement);
      await tested.publish(tradeEvents, trades.slice(asked - 1, asked));
      await tested.quiet();
      traded.resolve();
      return rows;
    },
  };
  const service = { ...tested.service, store: store as unknown as MarketData["store"] };
  const request = { params: { symbol: "BTC-USD" }, query: {}, body: null, headers: {}, requestId: "r" };
  const commit = () => Promise.reject(new Error("it reads"));
  const { body } = await route.handle(service, { ...request, principal: null }, commit);
  const { lastPrice, changePercent24h, trades24h } = body as Record<string, unknown>;
  assert.deepEqual([lastPrice, changePercent24h, trades24h], [undefined, undefined, 0]);
});

test("the ticker forgets what is older than a day", async (t) => {
  const tested = await listed(t);
  await tested.publish(tradeEvents, trades);
  await tested.quiet();
  tested.clock.advance(DAY_MS + 60_000);
  const ticker = (await tested.request("GET", `${market}/ticker`)).body;
  assert.deepEqual([ticker.lastPrice, ticker.volume24h, ticker.trades24h], ["59900", "0", 0]);
  assert.equal(ticker.highPrice24h, undefined);
});

test("a trade of an instrument that is not known yet waits for it", async (t) => {
  const tested = await testService(t, marketData);
  await tested.publish(tradeEvents, trades.slice(0, 1));
  await tested.publish(listingTopic, listings);
  await tested.quiet();
  assert.equal((await tested.request("GET", `${market}/ticker`)).body.lastPrice, "60000");
});

test("books follow the topic; a gap is shown until a snapshot heals it (R15)", async (t) => {
  const tested = await listed(t);
  const book = async (depth = "50") =>
    (await tested.request("GET", `${market}/book`, { query: { depth } })).body;
  assert.deepEqual(await book(), { symbol: "BTC-USD", bookSequence: 0, stale: false, bids: [], asks: [] });
  await tested.publish(bookEvents, [
    bookChanged(1, ["BUY", "59999.95", "2", 1], ["BUY", "59999", "1", 1], ["SELL", "60000", "0.5", 3]),
    bookChanged(2, ["BUY", "59999.95", "0", 0], ["SELL", "60000.1", "1", 1]),
  ]);
  await tested.quiet();
  assert.deepEqual(await book(), {
    symbol: "BTC-USD",
    bookSequence: 2,
    stale: false,
    bids: [["59999", "1", 1]],
    asks: [
      ["60000", "0.5", 3],
      ["60000.1", "1", 1],
    ],
  });
  assert.equal((await book("1")).asks.length, 1);
  const ticker = (await tested.request("GET", `${market}/ticker`)).body;
  assert.deepEqual(
    [ticker.bidPrice, ticker.bidQuantity, ticker.askPrice, ticker.askQuantity],
    ["59999", "1", "60000", "0.5"],
  );

  await tested.publish(bookEvents, [bookChanged(4, ["BUY", "59998", "1", 1])]);
  await tested.quiet();
  assert.deepEqual([(await book()).stale, (await book()).bookSequence], [true, 2]);
  assert.equal((await tested.request("GET", `${market}/ticker`)).body.bidPrice, undefined);
  await tested.publish(bookEvents, [
    bookSnapshot(5, [["59998", "1", 1]], []),
    bookChanged(6, ["SELL", "60001", "1", 1]),
  ]);
  await tested.quiet();
  assert.deepEqual(await book(), {
    symbol: "BTC-USD",
    bookSequence: 6,
    stale: false,
    bids: [["59998", "1", 1]],
    asks: [["60001", "1", 1]],
  });
  assert.equal((await tested.request("GET", "/api/v1/markets/ETH-USD/book")).status, 404);
});

test("a start goes on from the stored books and reads no more than what came after", async (t) => {
  const tested = await listed(t);
  const changes = Array.from({ length: 500 }, (_, index) =>
    bookChanged(index + 1, [
      index % 2 === 0 ? "BUY" : "SELL",
      String(index % 2 === 0 ? 50_000 + index : 70_000 + index),
      "1",
      1,
    ]),
  );
  await tested.publish(bookEvents, changes);
  await tested.quiet();
  await tested.runJob("store-books");
  await tested.publish(bookEvents, [bookChanged(501, ["BUY", "60000", "3", 1])]);
  await tested.quiet();
  const before = (await tested.request("GET", `${market}/book`, { query: { depth: "1000" } })).body;

  const restarted = await tested.restart();
  await restarted.quiet();
  assert.deepEqual(
    (await restarted.request("GET", `${market}/book`, { query: { depth: "1000" } })).body,
    before,
  );
  const metric = await restarted.service.metrics.bookEvents.get();
  const read = metric.values.map(({ labels, value }) => [labels.outcome, value]);
  assert.deepEqual(read, [
    ["old", 1],
    ["applied", 1],
  ]);
  assert.deepEqual(await violationsOf(restarted, "books-equal-topic"), []);
});

test("a book that lacks something is stale after a restart too, and takes its touch back at once", async (t) => {
  const tested = await listed(t);
  const bids = async (): Promise<unknown[]> =>
    (await tested.published(priceEvents)).map(({ event }) => event.bidPrice);
  await tested.publish(bookEvents, [bookChanged(1, ["BUY", "60000", "3", 1])]);
  await tested.quiet();
  await tested.runJob("store-books");
  await tested.runJob("publish-prices");
  await tested.publish(bookEvents, [
    bookChanged(3, ["BUY", "60000", "0", 0]),
    { key: "BTC-USD", event: { ...bookChanged(1).event, symbol: "ETH-USD" } },
  ]);
  await tested.quiet();
  await tested.runJob("publish-prices");
  await tested.quiet();
  assert.deepEqual(await bids(), ["60000", undefined]);
  await tested.runJob("store-books");
  const restarted = await tested.restart();
  await restarted.quiet();
  const { body } = await restarted.request("GET", `${market}/book`);
  assert.deepEqual([body.stale, body.bookSequence], [true, 1]);
});

test("books stored of a topic that was made anew are forgotten", async (t) => {
  const tested = await listed(t);
  await tested.publish(bookEvents, [bookChanged(1, ["BUY", "60000", "3", 1])]);
  await tested.quiet();
  await tested.runJob("store-books");
  await plant(
    tested,
    sql`UPDATE book_positions SET topic_id = 'another', last_offset = 4711`,
    sql`UPDATE books SET book_sequence = 99`,
  );
  const restarted = await tested.restart();
  await restarted.quiet();
  const book = (await restarted.request("GET", `${market}/book`)).body;
  assert.deepEqual([book.bookSequence, book.bids], [1, [["60000", "3", 1]]]);
});

test("storing is not undone by an instance that is behind", async (t) => {
  const tested = await listed(t);
  await tested.publish(bookEvents, [bookChanged(1, ["BUY", "60000", "3", 1])]);
  await tested.quiet();
  await plant(
    tested,
    sql`INSERT INTO books (symbol, partition, book_sequence, levels) VALUES ('BTC-USD', 0, 7, '{"bids":[],"asks":[]}')`,
  );
  await tested.runJob("store-books");
  const [row] = await tested.store.query(sql`SELECT book_sequence FROM books`);
  assert.equal(row?.book_sequence, 7n);
});

test("prices are published when they move, one event however often, and again on demand", async (t) => {
  const tested = await listed(t);
  const prices = async () =>
    (await tested.published(priceEvents)).map(({ event: { timestamp: _, ...rest } }) => rest);
  await tested.publish(tradeEvents, trades);
  await tested.publish(bookEvents, [
    bookChanged(1, ["BUY", "59899", "1", 1]),
    bookChanged(2, ["SELL", "59901", "1", 1]),
  ]);
  await tested.quiet();
  await tested.runJob("publish-prices");
  await tested.runJob("publish-prices");
  await tested.quiet();
  const first = {
    eventType: "PriceUpdated",
    symbol: "BTC-USD",
    lastPrice: "59900",
    bidPrice: "59899",
    askPrice: "59901",
  };
  assert.deepEqual(await prices(), [first]);

  await tested.publish(bookEvents, [bookChanged(3, ["BUY", "59000", "1", 1])]);
  await tested.quiet();
  await tested.runJob("publish-prices");
  await tested.quiet();
  assert.equal((await prices()).length, 1, "what lies behind the touch is no price");
  await tested.publish(bookEvents, [bookChanged(4, ["BUY", "59899", "0", 0])]);
  await tested.quiet();
  await tested.runJob("publish-prices");
  await tested.quiet();
  assert.deepEqual(await prices(), [first, { ...first, bidPrice: "59000" }]);

  const restarted = await tested.restart();
  await restarted.runJob("republish-prices");
  await restarted.runJob("publish-prices");
  await restarted.quiet();
  assert.deepEqual((await prices()).at(-1), { ...first, bidPrice: "59000" });
  assert.equal((await prices()).length, 3);
});

test("a price that another instance has published is not published again", async (t) => {
  const tested = await listed(t);
  await tested.publish(tradeEvents, trades);
  await tested.publish(bookEvents, [bookChanged(1, ["BUY", "59899", "1", 1])]);
  await tested.quiet();
  await plant(
    tested,
    sql`INSERT INTO published_prices (symbol, last_sequence, book_sequence) VALUES ('BTC-USD', 9, 1)`,
  );
  await tested.runJob("publish-prices");
  await tested.quiet();
  assert.deepEqual(await tested.published(priceEvents), []);
});

test("hidden prints are on the tape, once, behind the trade before them, and nowhere else", async (t) => {
  const tested = await listed(t);
  await tested.publish(tradeEvents, trades.slice(0, 1));
  await tested.quiet();
  const prints = [
    { printId: "run/1", price: "60000.005", quantity: "7", aggressorSide: "BUY" },
    { printId: "run/2", price: "60000.01", quantity: "8" },
  ];
  const post = (body: object) => tested.request("POST", `${market}/prints`, { as: operator, body });
  assert.deepEqual((await post({ prints })).body, { recorded: 2, known: 0 });
  assert.deepEqual((await post({ prints: [...prints, { ...prints[0], printId: "run/3" }] })).body, {
    recorded: 1,
    known: 2,
  });
  await tested.publish(tradeEvents, trades.slice(1, 2));
  await tested.quiet();

  const tape: { tradeId: string; hidden: boolean; price: string }[] = [];
  let cursor: string | undefined;
  do {
    const query: Record<string, string> = cursor === undefined ? { limit: "1" } : { limit: "1", cursor };
    const { body } = await tested.request("GET", `${market}/trades`, { query });
    tape.push(...body.trades);
    cursor = body.nextCursor;
  } while (cursor !== undefined);
  assert.deepEqual(
    tape.map(({ tradeId, hidden, price }) => [tradeId, hidden, price]),
    [
      ["BTC-USD-2", false, "60100.05"],
      ["run/3", true, "60000.005"],
      ["run/2", true, "60000.01"],
      ["run/1", true, "60000.005"],
      ["BTC-USD-1", false, "60000"],
    ],
  );
  assert.equal((await tested.request("GET", `${market}/ticker`)).body.trades24h, 2);
  assert.deepEqual((await tested.request("GET", "/internal/market-data/counts", { as: "internal" })).body, {
    trades: 2,
    prints: 3,
  });
  assert.equal((await tested.request("POST", `${market}/prints`, { body: { prints } })).status, 401);
  const wrong = await post({ prints: [{ printId: "x", price: "0", quantity: "1" }] });
  assert.deepEqual([wrong.status, wrong.body.errors[0].field], [400, "prints[0].price"]);
});

test("each invariant holds, and reports what breaks it", async (t) => {
  const tested = await listed(t);
  await tested.publish(tradeEvents, trades);
  await tested.publish(bookEvents, [
    bookChanged(1, ["BUY", "59899", "1", 1]),
    bookSnapshot(1, [["59899", "1", 1]], []),
    bookChanged(2, ["SELL", "59901", "1", 1]),
  ]);
  await tested.quiet();
  for (const { name } of marketData.invariants) assert.deepEqual(await violationsOf(tested, name), [], name);

  tested.service.books.getOrAdd("BTC-USD").snapshot({ bookSequence: 2, bids: [["59899", "2", 1]], asks: [] });
  assert.match(
    (await violationsOf(tested, "books-equal-topic"))[0] ?? "",
    /the book of BTC-USD at 2 is .*"59899","2",1/,
  );

  await plant(tested, sql`UPDATE trades SET seller_fee = 1 WHERE trade_number = 2`);
  assert.match(
    (await violationsOf(tested, "trades-equal-topic"))[0] ?? "",
    /sellerFeeUnits of BTC-USD-2 is 1,/,
  );
  await plant(tested, sql`UPDATE trades SET price_ticks = price_ticks + 1 WHERE trade_number = 3`);
  assert.match(
    (await violationsOf(tested, "last-price-is-last-trade"))[0] ?? "",
    /BTC-USD is at 1198000 ticks/,
  );
  assert.match(
    (await violationsOf(tested, "candles-equal-trades"))[0] ?? "",
    /the candle of BTC-USD over 60000 ms/,
  );
  await plant(tested, sql`DELETE FROM trades WHERE trade_number = 2`);
  assert.match((await violationsOf(tested, "trade-numbers-gapless"))[0] ?? "", /has trade 3 where 2 is due/);
  const missing = await violationsOf(tested, "trades-equal-topic");
  assert.ok(missing.includes("BTC-USD-2 is in the topic and has no row"), missing.join("; "));
  await plant(
    tested,
    sql`
    INSERT INTO trades SELECT symbol, 1000, 4, time_ms, price_ticks, quantity_lots, buyer_aggressed, buyer_order, seller_order,
      buyer_account, seller_account, buyer_fee, seller_fee FROM trades WHERE trade_number = 1`,
    sql`
    INSERT INTO trades SELECT symbol, 1001, 5, time_ms, price_ticks, quantity_lots, buyer_aggressed, buyer_order, seller_order,
      buyer_account, seller_account, buyer_fee, seller_fee FROM trades WHERE trade_number = 1`,
  );
  const added = await violationsOf(tested, "trades-equal-topic");
  assert.ok(added.includes("BTC-USD has 4 trades in the table and 3 in the topic"), added.join("; "));

  await tested.publish(bookEvents, [bookSnapshot(2, [["1", "1", 1]], [])]);
  await tested.quiet();
  assert.match(
    (await violationsOf(tested, "snapshots-equal-changes"))[0] ?? "",
    /BTC-USD: the snapshot as of 2 is not/,
  );
});
