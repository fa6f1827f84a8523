import type {
  BulkBatch,
  BulkEffects,
  BulkProgram,
  BulkRange,
  BulkRefusal,
  BulkTools,
} from "@bourse/delivery";
import type { Statement } from "@bourse/store";
import { type BookEntry, PositionBook } from "../domain/position-book.ts";
import { RecentTrades } from "../domain/recent-trades.ts";
import { ACCEPTED, rowsByClient, TradeColumns, WRONG_KEY } from "../domain/trade-columns.ts";
import { observedPlaces } from "../metrics.ts";
import { CopyTrades } from "../sql/copy-trades.ts";
import {
  type LastPrice,
  readPosition,
  selectPositions,
  writeLastPrices,
  writePositions,
} from "../sql/position-rows.ts";
import type { TradeProcessor } from "../trade-processor.ts";
import { BatchScanner } from "./batch-scanner.ts";
import { findTrades, keyOfRow, SeenTrades, tradeKey } from "./seen-trades.ts";
import { SinkRows } from "./sink-rows.ts";

/** Bounds of what one processor remembers. */
const MAX_POSITIONS = 200_000;
const LOAD_AT_ONCE = 5_000;

interface TradeEffects extends BulkEffects {
  readonly trades: number;
  readonly positions: number;
  /** Of each trade of the batch, when it happened and when it came into the log. */
  readonly eventTimesMs: Float64Array;
  readonly logTimesMs: Float64Array;
  readonly bySymbol: ReadonlyMap<number, number>;
  readonly sinkRows: number;
  readonly copied: readonly Statement[];
}

/**
 * The trade stream in batches: validated, with notional, position and profit, into rows. What it remembers of positions
 * is ahead of the tables by the batch that is on its way; versions and a unique index say when it was wrong.
 */
export class TradeProgram implements BulkProgram {
  readonly #service: TradeProcessor;
  readonly #scanner: BatchScanner;
  readonly #book: PositionBook;
  readonly #seen: SeenTrades;
  readonly #copy = new CopyTrades(4_096);
  #columns = new TradeColumns();
  /** Of the batch before, which may not be in the tables yet. */
  #former = new TradeColumns();
  #isFormerKnown = false;

  constructor(service: TradeProcessor, recentTrades: number) {
    this.#service = service;
    this.#book = new PositionBook(service.method, service.instruments);
    this.#scanner = new BatchScanner(service, this.#book);
    this.#seen = new SeenTrades(new RecentTrades(recentTrades));
  }

  reset(): void {
    this.#book.clear();
    this.#isFormerKnown = false;
    this.#service.sink?.forget();
  }

  async prepare(batch: BulkBatch, tools: BulkTools): Promise<BulkEffects> {
    if (this.#book.positions > MAX_POSITIONS) this.#book.clear();
    const parked: BulkRefusal[] = [];
    this.#scanner.scan(batch, { columns: this.#columns, parked }, tools.nowMs);
    await this.#refuseSeen(batch, tools, parked);
    this.#refuseWrongKeys(batch, parked);
    await this.#loadPositions(tools);
    // Redriven records may lie in partitions that another instance writes.
    if (tools.isCareful) this.#service.sink?.forget();
    const effects = this.#apply(batch, parked);
    [this.#columns, this.#former] = [this.#former, this.#columns];
    this.#isFormerKnown = true;
    return effects;
  }

  committed(_batch: BulkBatch, effects: BulkEffects): void {
    // A record that fails by itself is parked by delivery, and nothing of it was prepared here.
    if (!("bySymbol" in effects)) return;
    const { metrics, clock, instruments, sink } = this.#service;
    const { positions, eventTimesMs, logTimesMs, bySymbol, sinkRows, copied } =
      effects as BulkEffects as TradeEffects;
    for (const statement of copied) this.#copy.giveBack(statement);
    const nowMs = clock.nowMs();
    for (const [symbol, trades] of bySymbol)
      metrics.trades.inc({ symbol: instruments.at(symbol).symbol }, trades);
    metrics.positions.inc(positions);
    if (sink !== null && sinkRows > 0) metrics.sinkRows.inc({ sink: sink.kind }, sinkRows);
    for (const place of observedPlaces(eventTimesMs.length))
      metrics.eventLatency.observe(Math.max(0, nowMs - (eventTimesMs[place] ?? nowMs)));
    for (const timeMs of logTimesMs) metrics.processed.add(nowMs - timeMs);
  }

  /** A trade id that was seen: in this batch, in the one before, or in the tables. */
  async #refuseSeen(
    { ranges }: BulkBatch,
    { query, isCareful }: BulkTools,
    parked: BulkRefusal[],
  ): Promise<void> {
    const columns = this.#columns;
    const suspects = this.#seen.note(columns, isCareful);
    if (suspects.length === 0) return;
    const known = new Set<string>();
    if (this.#isFormerKnown) for (const key of this.#keysOfFormer(suspects)) known.add(key);
    const keys = [...new Set(suspects.map((row) => tradeKey(columns, row)))];
    const table = this.#service.sink === null ? "trades" : "trade_ids";
    for (let from = 0; from < keys.length; from += LOAD_AT_ONCE)
      for (const row of await query(findTrades(table, keys.slice(from, from + LOAD_AT_ONCE))))
        known.add(keyOfRow(row));
    for (const row of this.#seen.candidates(columns, suspects)) {
      const key = tradeKey(columns, row);
      if (!known.has(key)) {
        // What is refused for its key was not reported.
        if (columns.accepted[row] === ACCEPTED) known.add(key);
        continue;
      }
      columns.accepted[row] = 0;
      const range = ranges[columns.ranges[row] ?? 0];
      const index = columns.records[row] ?? 0;
      const [clientId, tradeId] = key.split(" ");
      const isTold = parked.some((each) => each.range === range && each.index === index);
      if (range !== undefined && !isTold)
        parked.push({
          range,
          index,
          code: "trade_seen",
          message: `${clientId} has reported the trade ${tradeId} before`,
        });
    }
  }

  /** The order of a client's trades holds within a partition, and the key decides which one that is. */
  #refuseWrongKeys({ ranges }: BulkBatch, parked: BulkRefusal[]): void {
    const columns = this.#columns;
    for (let row = 0; row < columns.count; row++) {
      if (columns.accepted[row] !== WRONG_KEY) continue;
      columns.accepted[row] = 0;
      const range = ranges[columns.ranges[row] ?? 0];
      if (range === undefined) continue;
      const message = "the record's key is not the clientId, which orders a client's trades";
      parked.push({ range, index: columns.records[row] ?? 0, code: "wrong_key", message });
    }
  }

  #keysOfFormer(suspects: readonly number[]): readonly string[] {
    const wanted = new Set(suspects.map((row) => tradeKey(this.#columns, row)));
    const keys: string[] = [];
    for (let row = 0; row < this.#former.count; row++) {
      if (this.#former.accepted[row] !== ACCEPTED) continue;
      const key = tradeKey(this.#former, row);
      if (wanted.has(key)) keys.push(key);
    }
    return keys;
  }

  async #loadPositions({ query }: BulkTools): Promise<void> {
    const columns = this.#columns;
    const missing: { readonly client: number; readonly symbol: number }[] = [];
    for (let row = 0; row < columns.count; row++) {
      if (columns.accepted[row] === 0) continue;
      const client = columns.clients[row] ?? 0;
      const symbol = columns.symbols[row] ?? 0;
      if (this.#book.entry(client, symbol) !== undefined) continue;
      missing.push({ client, symbol });
      this.#book.load(client, symbol);
    }
    const { instruments } = this.#service;
    for (let from = 0; from < missing.length; from += LOAD_AT_ONCE) {
      const some = missing.slice(from, from + LOAD_AT_ONCE).map(({ client, symbol }) => ({
        client,
        index: symbol,
        clientId: this.#book.clientId(client),
        symbol: instruments.at(symbol).symbol,
      }));
      const places = new Map(some.map((each) => [`${each.clientId} ${each.symbol}`, each]));
      for (const row of await query(selectPositions(some))) {
        const place = places.get(`${String(row.client_id)} ${String(row.symbol)}`);
        if (place !== undefined)
          this.#book.load(place.client, place.index, readPosition(row, instruments.at(place.index)));
      }
    }
  }

  /** In the order of the log: positions, and the rows that come of them. */
  #apply({ ranges }: BulkBatch, parked: BulkRefusal[]): TradeEffects {
    const columns = this.#columns;
    const { instruments, sink } = this.#service;
    const changed: BookEntry[] = [];
    const prices = new Map<number, LastPrice>();
    const bySymbol = new Map<number, number>();
    const eventTimesMs = new Float64Array(columns.count);
    const logTimesMs = new Float64Array(columns.count);
    const sinkRows = sink === null ? null : new SinkRows(ranges);
    let trades = 0;
    for (let row = 0; row < columns.count; row++) {
      if (columns.accepted[row] === 0) continue;
      const range = ranges[columns.ranges[row] ?? 0] as BulkRange;
      const index = columns.records[row] ?? 0;
      const symbol = columns.symbols[row] ?? 0;
      const entry = this.#book.entry(columns.clients[row] ?? 0, symbol) as BookEntry;
      const realised = entry.held.add({
        isBuy: columns.sides[row] === 1,
        quantityLots: columns.quantityLots[row] ?? 0,
        priceTicks: columns.priceTicks[row] ?? 0,
        feeUnits: columns.feeUnits[row] ?? 0,
      });
      if (realised === null) {
        columns.accepted[row] = 0;
        parked.push({
          range,
          index,
          code: "position_out_of_range",
          message: "the position would be beyond 2^53 lots",
        });
        continue;
      }
      entry.trades++;
      if (!entry.isChanged) {
        entry.isChanged = true;
        changed.push(entry);
      }
      const { chunk } = range;
      const offset = chunk.offsets[index] ?? 0;
      if (typeof realised === "number") columns.realised[row] = realised;
      else columns.setLargeRealised(row, realised);
      sinkRows?.add(columns, row, { range, offset, entry, realised, instrument: instruments.at(symbol) });
      const priceTicks = columns.priceTicks[row] ?? 0;
      noteTrade(
        { prices, bySymbol },
        {
          symbol,
          chunk,
          priceTicks,
          timeMs: columns.timesMs[row] ?? 0,
          offset,
          name: instruments.at(symbol).symbol,
        },
      );
      eventTimesMs[trades] = columns.timesMs[row] ?? 0;
      logTimesMs[trades] = chunk.timesMs[index] ?? 0;
      trades++;
    }
    for (const entry of changed) {
      entry.isChanged = false;
      entry.version++;
    }
    const copied = this.#copied(ranges);
    const written = sinkRows?.batch();
    return {
      statements: [
        ...copied,
        ...writePositions(changed, instruments),
        ...writeLastPrices([...prices.values()]),
      ],
      events: [],
      parked,
      ...(written === undefined || sink === null ? {} : { before: () => sink.write(written) }),
      trades,
      positions: changed.length,
      eventTimesMs: eventTimesMs.subarray(0, trades),
      logTimesMs: logTimesMs.subarray(0, trades),
      bySymbol,
      sinkRows: written === undefined ? 0 : trades,
      copied,
    };
  }

  #copied(ranges: readonly BulkRange[]): readonly Statement[] {
    const columns = this.#columns;
    const { instruments, sink } = this.#service;
    for (const row of rowsByClient(columns, this.#book.clients)) {
      if (sink !== null) {
        this.#copy.id(columns, row);
        continue;
      }
      const { chunk } = ranges[columns.ranges[row] ?? 0] as BulkRange;
      this.#copy.trade(columns, row, {
        symbol: instruments.nameAt(columns.symbols[row] ?? 0),
        partition: chunk.partition,
        offset: chunk.offsets[columns.records[row] ?? 0] ?? 0,
      });
    }
    return this.#copy.rows === 0 ? [] : [this.#copy.take(sink === null ? "trades" : "trade_ids")];
  }
}

interface Noted {
  readonly prices: Map<number, LastPrice>;
  readonly bySymbol: Map<number, number>;
}

/** The last price of each symbol and partition, and how many trades each symbol had. */
function noteTrade(
  { prices, bySymbol }: Noted,
  trade: {
    readonly symbol: number;
    readonly name: string;
    readonly chunk: { readonly topic: string; readonly partition: number };
    readonly priceTicks: number;
    readonly timeMs: number;
    readonly offset: number;
  },
): void {
  const { symbol, name, chunk, priceTicks, timeMs, offset } = trade;
  bySymbol.set(symbol, (bySymbol.get(symbol) ?? 0) + 1);
  const place = symbol * 4_096 + chunk.partition;
  const known = prices.get(place);
  if (known !== undefined && known.topic === chunk.topic) {
    (known as { price: number }).price = priceTicks;
    (known as { tradeMs: number }).tradeMs = timeMs;
    (known as { offset: number }).offset = offset;
    return;
  }
  const { topic, partition } = chunk;
  prices.set(place, { symbol: name, topic, partition, price: priceTicks, tradeMs: timeMs, offset });
}
