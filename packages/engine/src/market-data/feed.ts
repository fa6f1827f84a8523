import type { BookLevel, BookSnapshot } from "../book-views.ts";
import type { EventSink } from "../events.ts";
import { CHECKSUM_LEVELS, levelsChecksum, ordersChecksum, topChecksum } from "./checksum.ts";
import type {
  FeedMessage,
  LevelChange,
  LevelsSnapshot,
  OrderChange,
  OrderLevel,
  OrdersSnapshot,
  TopSnapshot,
} from "./messages.ts";

/** Where books are looked up: an engine. */
export interface BookSource {
  bookSnapshot(symbol: number, depth: number): BookSnapshot | undefined;
  /** What is shown, order by order; undefined where the symbol is not listed. */
  orderBook(symbol: number, depth: number): OrderBookSnapshot | undefined;
}

export interface OrderBookSnapshot {
  /** The `orderSequence` of the last change; 0 where the engine tells no orders. */
  readonly orderSequence: number;
  /** Best first. */
  readonly bids: readonly OrderLevel[];
  readonly asks: readonly OrderLevel[];
}

const WHOLE = Number.MAX_SAFE_INTEGER;

/**
 * Turns an engine's events into L1, L2 and L3 messages. It gathers what is told until {@link MarketDataFeed.publish},
 * called between commands, says it: one message a symbol and depth, whatever number of commands lies between. Nothing that
 * orders hide passes through it, since the engine's book events know only what is shown.
 */
export class MarketDataFeed implements Pick<EventSink, "levelChanged" | "orderAdded" | "orderReduced"> {
  readonly #tell: (message: FeedMessage) => void;
  readonly #levels = new Map<number, { first: number; readonly changes: LevelChange[] }>();
  readonly #orders = new Map<number, { first: number; readonly changes: OrderChange[] }>();
  readonly #tops = new Map<number, { sequence: number; readonly text: string }>();

  /** L3 is told where the engine tells orders. */
  constructor(tell: (message: FeedMessage) => void) {
    this.#tell = tell;
  }

  levelChanged(
    bookSequence: number,
    symbol: number,
    side: number,
    priceTicks: number,
    totalLots: number,
    orderCount: number,
  ): void {
    gathered(this.#levels, symbol, bookSequence).push({ side, priceTicks, totalLots, orderCount });
  }

  orderAdded(
    orderSequence: number,
    symbol: number,
    handle: number,
    side: number,
    priceTicks: number,
    lots: number,
  ): void {
    gathered(this.#orders, symbol, orderSequence).push({ kind: "added", handle, side, priceTicks, lots });
  }

  orderReduced(orderSequence: number, symbol: number, handle: number, lots: number): void {
    gathered(this.#orders, symbol, orderSequence).push({ kind: "reduced", handle, lots });
  }

  /** Tells what was gathered, with the checksums of the books as they are now. All events must have been read. */
  publish(source: BookSource): void {
    for (const [symbol, { first, changes }] of this.#levels) {
      const book = source.bookSnapshot(symbol, CHECKSUM_LEVELS) ?? EMPTY;
      const covered = { symbol, firstSequence: first, lastSequence: first + changes.length - 1 };
      this.#tell({
        kind: "levelsChanged",
        ...covered,
        changes,
        checksum: levelsChecksum(covered.lastSequence, book),
      });
      this.#publishTop(symbol, first, book);
    }
    this.#levels.clear();
    for (const [symbol, { first, changes }] of this.#orders) {
      const book = source.orderBook(symbol, CHECKSUM_LEVELS) ?? { bids: [], asks: [] };
      const covered = { symbol, firstSequence: first, lastSequence: first + changes.length - 1 };
      this.#tell({
        kind: "ordersChanged",
        ...covered,
        changes,
        checksum: ordersChecksum(covered.lastSequence, book),
      });
    }
    this.#orders.clear();
  }

  /** A feed that begins in the middle begins its tops there, too: its readers begin with a snapshot. */
  #publishTop(symbol: number, first: number, book: BookSnapshot): void {
    const [bid, ask] = [book.bids[0], book.asks[0]];
    const text = `${levelText(bid)} ${levelText(ask)}`;
    const last = this.#tops.get(symbol) ?? { sequence: first - 1, text: first === 1 ? NO_TOP : "" };
    if (last.text === text) {
      this.#tops.set(symbol, last);
      return;
    }
    const covered = { symbol, firstSequence: last.sequence + 1, lastSequence: book.bookSequence };
    this.#tell({
      kind: "topChanged",
      ...covered,
      bid,
      ask,
      checksum: topChecksum(book.bookSequence, { bid, ask }),
    });
    this.#tops.set(symbol, { sequence: book.bookSequence, text });
  }
}

const EMPTY: BookSnapshot = { bookSequence: 0, bids: [], asks: [] };
const NO_TOP = " ";

function levelText(level: BookLevel | undefined): string {
  return level === undefined ? "" : `${level.priceTicks}:${level.totalLots}:${level.orderCount}`;
}

function gathered<Change>(
  all: Map<number, { first: number; readonly changes: Change[] }>,
  symbol: number,
  sequence: number,
): Change[] {
  let some = all.get(symbol);
  if (some === undefined) {
    some = { first: sequence, changes: [] };
    all.set(symbol, some);
  }
  return some.changes;
}

/** The best of each side, for a reader of L1; undefined where the symbol is not listed. */
export function topSnapshot(source: BookSource, symbol: number): TopSnapshot | undefined {
  const book = source.bookSnapshot(symbol, 1);
  if (book === undefined) return undefined;
  const sequence = book.bookSequence;
  const top = { bid: book.bids[0], ask: book.asks[0] };
  return { kind: "topSnapshot", symbol, sequence, ...top, checksum: topChecksum(sequence, top) };
}

/** All levels, for a reader of L2. */
export function levelsSnapshot(source: BookSource, symbol: number): LevelsSnapshot | undefined {
  const book = source.bookSnapshot(symbol, WHOLE);
  if (book === undefined) return undefined;
  const { bookSequence: sequence, bids, asks } = book;
  return { kind: "levelsSnapshot", symbol, sequence, bids, asks, checksum: levelsChecksum(sequence, book) };
}

/** All orders that are shown, for a reader of L3. */
export function ordersSnapshot(source: BookSource, symbol: number): OrdersSnapshot | undefined {
  const book = source.orderBook(symbol, WHOLE);
  if (book === undefined) return undefined;
  const { orderSequence: sequence, bids, asks } = book;
  return { kind: "ordersSnapshot", symbol, sequence, bids, asks, checksum: ordersChecksum(sequence, book) };
}
