import { parse, show } from "./amount.ts";
import { type EndedDay, engineOrders, INTERVALS, isOpen, type Market, TAPE } from "./ended-day.ts";
import { type Fact, factsOf } from "./facts.ts";

/** Tape, candles and ticker against the trades; the book against what rests. */
export function marketFaults(day: EndedDay): readonly string[] {
  return [...day.markets].flatMap(([symbol, market]) => {
    const trades = day.facts.trades
      .filter((trade) => trade.symbol === symbol && trade.transfer !== true)
      .sort((a, b) => a.engineSequence - b.engineSequence);
    const faults = [
      ...tapeFaults(market, trades),
      ...candleFaults(market, trades),
      ...bookFaults(day, symbol, market.book),
    ];
    return faults.map((fault) => `${symbol}: ${fault}`);
  });
}

function tapeFaults({ tape, trades: shown, ticker }: Market, trades: readonly Fact[]): readonly string[] {
  const faults: string[] = [];
  const line = ({ tradeId, price, quantity }: Fact): string => `${tradeId} ${quantity} at ${price}`;
  const wanted = trades.map(line).join("; ");
  const latest = trades.slice(-TAPE).map(line).join("; ");
  if (tape.map(line).reverse().join("; ") !== latest) faults.push(`the tape is not ${latest}`);
  if (shown.map(line).join("; ") !== wanted) faults.push(`the trades with both sides are not ${wanted}`);
  const last = trades.at(-1);
  if (ticker.lastPrice !== last?.price)
    faults.push(`the last price is ${ticker.lastPrice}, not ${last?.price}`);
  return faults;
}

function candleFaults({ candles }: Market, trades: readonly Fact[]): readonly string[] {
  const faults: string[] = [];
  for (const [interval, lengthMs] of Object.entries(INTERVALS)) {
    const wanted = Map.groupBy(trades, ({ timestamp }) => {
      const atMs = Date.parse(timestamp);
      return new Date(atMs - (atMs % lengthMs)).toISOString();
    });
    const shown = candles.get(interval) ?? [];
    if (shown.length !== wanted.size)
      faults.push(`${interval} has ${shown.length} candles, the trades make ${wanted.size}`);
    for (const candle of shown) {
      const of = wanted.get(new Date(candle.time).toISOString()) ?? [];
      if (describe(candle) !== candleOf(of))
        faults.push(`${interval} ${candle.time} is ${describe(candle)}, the trades make ${candleOf(of)}`);
    }
  }
  return faults;
}

function describe({ open, high, low, close, volume, turnover, trades }: Fact): string {
  return [open, high, low, close, volume, turnover, trades].join(" ");
}

function candleOf(trades: readonly Fact[]): string {
  const prices = trades.map(({ price }) => parse(price));
  const sum = (field: string): string => show(trades.reduce((all, trade) => all + parse(trade[field]), 0n));
  const sorted = [...prices].sort((a, b) => (a < b ? -1 : 1));
  const ends = [prices[0], sorted.at(-1), sorted[0], prices.at(-1)].map((price) => show(price ?? 0n));
  return [...ends, sum("quantity"), sum("notional"), trades.length].join(" ");
}

type Level = readonly [price: string, quantity: string, orders: number];

/** The book is the sum of its changes, and shows what rests: all of plain orders, a part of icebergs, pegged and slid ones anywhere. */
function bookFaults(day: EndedDay, symbol: string, book: Fact): readonly string[] {
  const faults: string[] = [];
  if (book.stale === true) faults.push("the book is stale");
  const resting = engineOrders(day).filter(
    (order) => order.symbol === symbol && isOpen(order) && stands(day, order),
  );
  const changed = changedBook(day, symbol);
  for (const [side, levels] of [
    ["BUY", book.bids],
    ["SELL", book.asks],
  ] as const) {
    const shown: readonly Level[] = levels;
    const told = changed.filter(([of]) => of === side).map(([, ...level]) => level.join(" "));
    const seen = shown.map((level) => level.join(" "));
    if ([...told].sort().join("; ") !== [...seen].sort().join("; "))
      faults.push(`${side} shows ${seen.join("; ")}, its changes make ${told.join("; ")}`);
    faults.push(
      ...sideFaults(
        side,
        shown,
        resting.filter((order) => order.side === side),
      ),
    );
  }
  const [bid, ask] = [book.bids[0]?.[0], book.asks[0]?.[0]];
  if (bid !== undefined && ask !== undefined && parse(bid) >= parse(ask))
    faults.push(`the book is crossed: ${bid} is bid, ${ask} is asked`);
  return faults;
}

function sideFaults(side: string, shown: readonly Level[], resting: readonly Fact[]): readonly string[] {
  const faults: string[] = [];
  /** By price: least and most that is shown, by orders whose price is known. */
  const known = new Map<bigint, { least: bigint; most: bigint; orders: number }>();
  let [movable, movers] = [0n, 0];
  for (const order of resting) {
    const leaves = parse(order.leavesQuantity);
    // Where it stands is not told.
    if (order.orderType === "PEGGED" || order.slide === true) {
      movable += leaves;
      movers += 1;
      continue;
    }
    const price = parse(order.price);
    const level = known.get(price) ?? { least: 0n, most: 0n, orders: 0 };
    known.set(price, level);
    const display = order.displayQuantity === undefined ? leaves : parse(order.displayQuantity);
    level.most += leaves < display ? leaves : display;
    level.least += order.displayQuantity === undefined ? leaves : 1n;
    level.orders += 1;
  }
  let [moved, moving] = [0n, 0];
  for (const [price, quantity, orders] of shown) {
    const level = known.get(parse(price)) ?? { least: 0n, most: 0n, orders: 0 };
    known.delete(parse(price));
    const total = parse(quantity);
    if (total < level.least || orders < level.orders)
      faults.push(
        `${side} ${price} shows ${quantity} of ${orders}, there rest ${show(level.least)} of ${level.orders}`,
      );
    moved += total > level.most ? total - level.most : 0n;
    moving += orders - level.orders;
  }
  for (const [price, { orders }] of known)
    faults.push(`${side} ${show(price)} is not shown, ${orders} rest there`);
  if (moved > movable || moving > movers)
    faults.push(
      `${side} shows ${show(moved)} of ${moving} more than rests; moving are ${show(movable)} of ${movers}`,
    );
  return faults;
}

/** Whether it stands in the book for all to see. */
function stands({ facts }: EndedDay, order: Fact): boolean {
  const waits =
    order.stopPrice !== undefined ||
    order.trailingOffset !== undefined ||
    order.parentId !== undefined ||
    order.awaits !== undefined;
  // A child that is a stop is triggered by its parent first, and then sleeps until its stop.
  if (order.hidden === true) return false;
  if (!waits) return true;
  const woken = facts.reports.filter(
    (report) => report.orderId === order.orderId && report.execType === "TRIGGERED",
  ).length;
  const needed =
    (order.parentId !== undefined || order.awaits !== undefined ? 1 : 0) +
    (order.stopPrice !== undefined || order.trailingOffset !== undefined ? 1 : 0);
  return woken >= needed;
}

function changedBook(day: EndedDay, symbol: string): readonly (readonly [string, string, string, number])[] {
  const levels = new Map<string, readonly [string, string, string, number]>();
  for (const fact of factsOf(day.world.log, "book-events")) {
    if (fact.eventType !== "BookChanged" || fact.symbol !== symbol) continue;
    for (const [side, price, quantity, orders] of fact.changes) {
      if (quantity === "0") levels.delete(`${side} ${price}`);
      else levels.set(`${side} ${price}`, [side, price, quantity, orders]);
    }
  }
  return [...levels.values()];
}
