import { bookEvents, tradeEvents } from "@bourse/contracts";
import { replayTopic } from "@bourse/delivery";
import { Findings, type Invariant, type InvariantReport } from "@bourse/host";
import { sql, sqlArray } from "@bourse/store";
import { isOnTape, tradeOf } from "./consumers/record-trades.ts";
import { CANDLE_INTERVALS } from "./domain/candle.ts";
import { RebuiltBook } from "./domain/rebuilt-book.ts";
import type { MarketData } from "./market-data.ts";
import { type TradeRow, tradeIdOf, tradeOfRow } from "./sql/trade-rows.ts";

/** What must hold of market data on a quiet platform. */
export const marketDataInvariants: readonly Invariant<MarketData>[] = [
  {
    name: "books-equal-topic",
    rule: "each book equals a rebuild from the snapshots and changes of book-events",
    check: booksEqualTopic,
  },
  {
    name: "snapshots-equal-changes",
    rule: "each book snapshot in book-events equals the changes before it, and those have no gaps",
    check: snapshotsEqualChanges,
  },
  {
    name: "trades-equal-topic",
    rule: "each TradeExecuted has one row, as a trade or a transfer, and each row has its TradeExecuted",
    check: tradesEqualTopic,
  },
  {
    name: "trade-numbers-gapless",
    rule: "the trades of each symbol are numbered from 1 without gaps, in the engine's order",
    check: tradeNumbersGapless,
  },
  {
    name: "candles-equal-trades",
    rule: "each candle equals a recomputation from the trades of its interval",
    check: candlesEqualTrades,
  },
  {
    name: "last-price-is-last-trade",
    rule: "each market's last price is the price of its last trade",
    check: lastPriceIsLastTrade,
  },
];

const LISTED = 20;

async function booksEqualTopic(service: MarketData): Promise<InvariantReport> {
  const findings = new Findings();
  const rebuilt = await rebuildBooks(service, () => undefined);
  for (const [symbol, book] of service.books.entries()) {
    const expected = rebuilt.get(symbol);
    // Where retention has dropped a book's last snapshot there is nothing to compare with.
    if (expected === undefined || !expected.known) continue;
    findings.checked++;
    if (book.stale) findings.add(`the book of ${symbol} is stale at ${book.bookSequence}`);
    const state = book.state();
    const wanted = expected.state();
    if (state.bookSequence !== wanted.bookSequence)
      findings.add(`the book of ${symbol} is at ${state.bookSequence}, the topic at ${wanted.bookSequence}`);
    else if (JSON.stringify(state) !== JSON.stringify(wanted))
      findings.add(
        `the book of ${symbol} at ${state.bookSequence} is ${shown(state)}, the topic makes it ${shown(wanted)}`,
      );
  }
  for (const [symbol, book] of rebuilt)
    if (book.known && service.books.get(symbol) === undefined)
      findings.add(`${symbol} is in the topic and has no book`);
  return findings.report();
}

async function snapshotsEqualChanges(service: MarketData): Promise<InvariantReport> {
  const findings = new Findings();
  await rebuildBooks(service, (fault) => findings.add(fault), findings);
  return findings.report();
}

async function rebuildBooks(
  service: MarketData,
  fault: (words: string) => void,
  counter: { checked: number } = { checked: 0 },
): Promise<ReadonlyMap<string, RebuiltBook>> {
  const books = new Map<string, RebuiltBook>();
  for (let partition = 0; partition < bookEvents.partitions; partition++) {
    for await (const batch of replayTopic(service.bus, bookEvents, partition)) {
      counter.checked += batch.length;
      for (const { event } of batch) {
        const book = books.get(event.symbol) ?? new RebuiltBook();
        books.set(event.symbol, book);
        const words = event.eventType === "BookSnapshot" ? book.snapshot(event) : book.change(event);
        if (words !== null) fault(`${event.symbol}: ${words}`);
      }
    }
  }
  return books;
}

function shown(state: object): string {
  const text = JSON.stringify(state);
  return text.length <= 200 ? text : `${text.slice(0, 200)}...`;
}

type Table = "trades" | "transfers";

async function tradesEqualTopic(service: MarketData): Promise<InvariantReport> {
  const findings = new Findings();
  const inTopic = { trades: new Map<string, Seen>(), transfers: new Map<string, Seen>() };
  for (let partition = 0; partition < tradeEvents.partitions; partition++) {
    for await (const batch of replayTopic(service.bus, tradeEvents, partition)) {
      const expected = { trades: [] as TradeRow[], transfers: [] as TradeRow[] };
      for (const { event, timeMs } of batch) {
        if (event.eventType !== "TradeExecuted") continue;
        const table = isOnTape(event) ? "trades" : "transfers";
        expected[table].push(tradeOf(service, event, timeMs));
        countSeen(inTopic[table], event);
      }
      for (const table of ["trades", "transfers"] as const) {
        findings.checked += expected[table].length;
        await compareTrades(service, table, expected[table], findings);
      }
    }
  }
  for (const table of ["trades", "transfers"] as const)
    await compareCounts(service, table, inTopic[table], findings);
  return findings.report();
}

/** Of a symbol in the topic: the engine sequence of the first record that there is, and how many there are. */
interface Seen {
  readonly first: number;
  readonly count: number;
}

function countSeen(
  inTopic: Map<string, Seen>,
  { symbol, engineSequence }: { readonly symbol: string; readonly engineSequence: number },
): void {
  const { first, count } = inTopic.get(symbol) ?? { first: engineSequence, count: 0 };
  inTopic.set(symbol, { first, count: count + 1 });
}

async function compareCounts(
  service: MarketData,
  table: Table,
  inTopic: ReadonlyMap<string, Seen>,
  findings: Findings,
): Promise<void> {
  const counts = await service.store.scan({
    text: `
    SELECT t.symbol, count(*) AS rows FROM ${table} t
    LEFT JOIN unnest($1::text[], $2::bigint[]) AS n (symbol, first) ON n.symbol = t.symbol
    WHERE n.first IS NULL OR t.engine_sequence >= n.first GROUP BY t.symbol ORDER BY t.symbol`,
    values: [sqlArray([...inTopic.keys()]), sqlArray([...inTopic.values()].map(({ first }) => first))],
  });
  const cut = await historyIsCut(service);
  for (const row of counts) {
    const topic = inTopic.get(String(row.symbol))?.count ?? 0;
    // A symbol of which retention has dropped everything has rows all the same.
    if (Number(row.rows) !== topic && !(cut && topic === 0))
      findings.add(`${row.symbol} has ${row.rows} ${table} in the table and ${topic} in the topic`);
  }
}

async function historyIsCut({ bus }: MarketData): Promise<boolean> {
  return (await bus.offsets(tradeEvents.name)).some(({ earliest }) => earliest > 0n);
}

async function compareTrades(
  service: MarketData,
  table: Table,
  expected: readonly TradeRow[],
  findings: Findings,
): Promise<void> {
  if (expected.length === 0) return;
  const rows = await service.store.query({
    text: `
    SELECT t.* FROM unnest($1::text[], $2::bigint[]) AS n (s, e)
    JOIN ${table} t ON t.symbol = n.s AND t.engine_sequence = n.e ORDER BY t.symbol, t.engine_sequence`,
    values: [
      sqlArray(expected.map((trade) => trade.symbol)),
      sqlArray(expected.map((trade) => trade.engineSequence)),
    ],
  });
  const found = new Map(
    rows.map(tradeOfRow).map((trade) => [`${trade.symbol} ${trade.engineSequence}`, trade]),
  );
  for (const trade of expected) {
    const row = found.get(`${trade.symbol} ${trade.engineSequence}`);
    if (row === undefined) {
      findings.add(`${tradeIdOf(trade)} is in the topic and has no row`);
      continue;
    }
    for (const [field, value] of Object.entries(trade)) {
      const given = row[field as keyof typeof row];
      if (given !== value) findings.add(`${field} of ${tradeIdOf(trade)} is ${given}, in the topic ${value}`);
    }
  }
}

async function tradeNumbersGapless({ store }: MarketData): Promise<InvariantReport> {
  const findings = new Findings();
  const [total] = await store.scan(sql`SELECT count(*) AS trades FROM trades`);
  findings.checked = Number(total?.trades ?? 0);
  const rows = await store.scan(sql`
    SELECT symbol, engine_sequence, trade_number, due FROM (
      SELECT symbol, engine_sequence, trade_number,
        coalesce(lag(trade_number) OVER (PARTITION BY symbol ORDER BY engine_sequence), 0) + 1 AS due
      FROM trades
    ) AS numbered WHERE trade_number <> due ORDER BY symbol, engine_sequence LIMIT ${LISTED}::integer`);
  for (const row of rows)
    findings.add(
      `${row.symbol} has trade ${row.trade_number} where ${row.due} is due, at engine sequence ${row.engine_sequence}`,
    );
  return findings.report();
}

async function candlesEqualTrades(service: MarketData): Promise<InvariantReport> {
  const findings = new Findings();
  for (const { symbol, tickLotUnits } of service.reference.instruments()) {
    for (const intervalMs of Object.values(CANDLE_INTERVALS)) {
      const [row] = await service.store.scan(sql`
        SELECT count(*) AS candles, string_agg(start_ms::text, ',' ORDER BY start_ms) FILTER (WHERE NOT equal) AS others FROM (
          SELECT coalesce(c.start_ms, t.start_ms) AS start_ms,
            (c.open_ticks, c.high_ticks, c.low_ticks, c.close_ticks, c.volume_lots, c.turnover, c.trades) IS NOT DISTINCT FROM
            (t.open_ticks, t.high_ticks, t.low_ticks, t.close_ticks, t.volume_lots, t.turnover, t.trades) AS equal
          FROM (
            SELECT time_ms - time_ms % ${intervalMs}::bigint AS start_ms,
              (array_agg(price_ticks ORDER BY engine_sequence))[1] AS open_ticks, max(price_ticks) AS high_ticks,
              min(price_ticks) AS low_ticks, (array_agg(price_ticks ORDER BY engine_sequence DESC))[1] AS close_ticks,
              sum(quantity_lots)::bigint AS volume_lots,
              sum(price_ticks::numeric * quantity_lots) * ${tickLotUnits}::numeric AS turnover, count(*) AS trades
            FROM trades WHERE symbol = ${symbol} GROUP BY 1
          ) AS t
          FULL JOIN (SELECT * FROM candles WHERE symbol = ${symbol} AND interval_ms = ${intervalMs}::bigint) AS c
            ON c.start_ms = t.start_ms
        ) AS compared`);
      findings.checked += Number(row?.candles ?? 0);
      for (const startMs of row?.others == null ? [] : String(row.others).split(","))
        findings.add(
          `the candle of ${symbol} over ${intervalMs} ms from ${startMs} is not the sum of its trades`,
        );
    }
  }
  return findings.report();
}

async function lastPriceIsLastTrade({ store }: MarketData): Promise<InvariantReport> {
  const findings = new Findings();
  const rows = await store.scan(sql`
    SELECT coalesce(m.symbol, t.symbol) AS symbol, m.last_ticks, m.last_sequence, t.price_ticks, t.engine_sequence
    FROM (SELECT * FROM markets WHERE last_ticks IS NOT NULL) AS m
    FULL JOIN (SELECT DISTINCT ON (symbol) symbol, engine_sequence, price_ticks FROM trades
      ORDER BY symbol, engine_sequence DESC) AS t ON t.symbol = m.symbol
    ORDER BY 1`);
  findings.checked = rows.length;
  for (const row of rows) {
    if (row.last_ticks === row.price_ticks && row.last_sequence === row.engine_sequence) continue;
    findings.add(
      `${row.symbol} is at ${row.last_ticks} ticks as of ${row.last_sequence}; its last trade is at ${row.price_ticks} as of ${row.engine_sequence}`,
    );
  }
  return findings.report();
}
