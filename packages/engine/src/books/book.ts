import { EVENT, eventHead } from "../binary/event-layout.ts";
import { ReadyQueue } from "../orders/ready-queue.ts";
import { type Lines, NONE as NO_SLOT } from "../slots.ts";
import { Ladder } from "./ladder.ts";
import { LADDER, LEVEL_INT, LEVEL_LINE } from "./level-line.ts";
import type { PriceNodes } from "./price-tree.ts";

/** A constant of this module is folded by the compiler; an imported one is loaded and checked at each use. */
const NONE = NO_SLOT;

export interface Listing {
  readonly symbol: number;
  readonly maxPriceTicks: number;
  readonly maxQuantityLots: number;
}

/** Counters of a book: numbers in an array are never boxed. */
export const BOOK = {
  TRADE_NUMBER: 0,
  BOOK_SEQUENCE: 1,
  ORDER_SEQUENCE: 2,
  /** Price of the last trade, 0 before the first. */
  LAST_PRICE: 3,
  /** No trade below; 0 without bands. */
  LOWER_BAND: 4,
  /** No trade above; Infinity without bands. */
  UPPER_BAND: 5,
  LIMIT_STATE_MS: 6,
  /** When the limit state becomes a pause; 0 outside of one. */
  LIMIT_UNTIL: 7,
  /** No counters, but read with them: the first words of events of its levels, of bids, then of asks. */
  LEVEL_EVENTS: 8,
} as const;

/** By kind of trailing stop: sells and buys by the last price, then by the best. Any reference is better than these. */
const NOTHING_FOLLOWED = [0, Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY] as const;

/** One symbol: its listing, its ladders, its counters. */
export class Book {
  readonly symbol: number;
  /** For new orders; live ones may be of earlier limits. */
  maxPriceTicks: number;
  maxQuantityLots: number;
  readonly bids: Ladder;
  readonly asks: Ladder;
  /** By the numbers of `LADDER`; those of orders that sleep from the first of them on. */
  readonly ladders: (Ladder | undefined)[];
  readonly counters: Float64Array = Float64Array.of(
    ...[0, 0, 0, 0, 0, Number.POSITIVE_INFINITY, 0, 0],
    ...[0, 0],
  );
  /** The queues of buys and of sells that are outside the book: levels that are in no ladder. */
  readonly aside: readonly [buys: number, sells: number];
  /** Of `PHASE`. */
  phase = 0;
  /** Above 0: a command here may cause a cascade. Counts dormant and pegged orders, and bands. */
  watch = 0;
  /** Slots of pegged orders, by handle: none ever joins after a younger one. */
  readonly pegged: Set<number> = new Set<number>();
  /** Best bid and ask, without pegged orders, for which all pegged orders are at their prices; NaN: unknown. */
  readonly peggedTo: Float64Array = Float64Array.of(Number.NaN, Number.NaN);
  /** Slots of stops that trail, by ladder from SELL_STOPS_BY_LAST on. */
  readonly trailing: readonly Set<number>[] = [new Set(), new Set(), new Set(), new Set()];
  /** The best reference so far: only a better one moves any of them. */
  readonly trailedTo: Float64Array = Float64Array.from(NOTHING_FOLLOWED);
  readonly ready: ReadyQueue = new ReadyQueue();
  readonly #levels: Lines;
  readonly #nodes: PriceNodes;

  constructor(levels: Lines, nodes: PriceNodes, { symbol, maxPriceTicks, maxQuantityLots }: Listing) {
    this.symbol = symbol;
    this.maxPriceTicks = maxPriceTicks;
    this.maxQuantityLots = maxQuantityLots;
    this.#levels = levels;
    this.#nodes = nodes;
    this.bids = new Ladder(levels, nodes, { symbol, maxPriceTicks, index: LADDER.BIDS });
    this.asks = new Ladder(levels, nodes, { symbol, maxPriceTicks, index: LADDER.ASKS });
    this.ladders = [this.bids, this.asks, ...new Array<undefined>(LADDER.ASIDE - 2).fill(undefined)];
    this.counters[BOOK.LEVEL_EVENTS] = eventHead(EVENT.LEVEL, 5, 0, symbol);
    this.counters[BOOK.LEVEL_EVENTS + 1] = eventHead(EVENT.LEVEL, 5, 1, symbol);
    this.aside = [this.#openAside(), this.#openAside()];
  }

  setLimits(maxPriceTicks: number, maxQuantityLots: number): void {
    this.maxPriceTicks = maxPriceTicks;
    this.maxQuantityLots = maxQuantityLots;
    // No stop of a buy trails beyond the greatest price.
    this.trailedTo.set(NOTHING_FOLLOWED);
  }

  /** Registers a stop that begins or continues to trail. */
  trail(order: number, ladder: number): void {
    const kind = ladder - LADDER.SELL_STOPS_BY_LAST;
    this.trailing[kind]?.add(order);
    this.trailedTo[kind] = (kind & 1) === 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  ladder(index: number): Ladder {
    const known = this.ladders[index];
    if (known !== undefined) return known;
    const { symbol, maxPriceTicks } = this;
    const ladder = new Ladder(this.#levels, this.#nodes, { symbol, maxPriceTicks, index });
    this.ladders[index] = ladder;
    return ladder;
  }

  /** Price of the best level that shows something, 0 where none does. `firmOnly`: pegged orders don't count. */
  bestShown(side: Ladder, firmOnly: boolean): number {
    const { i32, f64 } = this.#levels;
    for (let level = side.best; level !== NONE; level = i32[(level << 4) | LEVEL_INT.WORSE] as number) {
      const pegged = firmOnly ? (i32[(level << 4) | LEVEL_INT.PEGGED] as number) : 0;
      if (i32[(level << 4) | LEVEL_INT.COUNT] !== pegged)
        return f64[(level << 3) | LEVEL_LINE.PRICE] as number;
    }
    return 0;
  }

  #openAside(): number {
    const level = this.#levels.allocate();
    const { i32, f64 } = this.#levels;
    i32.fill(0, level << 4, (level + 1) << 4);
    f64.fill(0, level << 3, (level << 3) + 3);
    const at = level << 4;
    i32[at + LEVEL_INT.LADDER] = LADDER.ASIDE;
    for (const field of [
      LEVEL_INT.HEAD,
      LEVEL_INT.TAIL,
      LEVEL_INT.HIDDEN_HEAD,
      LEVEL_INT.HIDDEN_TAIL,
      LEVEL_INT.BETTER,
      LEVEL_INT.WORSE,
    ]) {
      i32[at + field] = NONE;
    }
    i32[at + LEVEL_INT.SYMBOL] = this.symbol;
    return level;
  }
}
