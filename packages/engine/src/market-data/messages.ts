import type { BookLevel } from "../book-views.ts";

/**
 * What all messages of a symbol's feed have: they cover the engine's numbers from `firstSequence` to `lastSequence`, and
 * say what the book is then. L1 and L2 count by `bookSequence` (changes of levels), L3 by `orderSequence` (changes of
 * orders); both are engine state, gapless per symbol from 1, so that a replay yields the same messages (R8, R15).
 */
export interface Covering {
  readonly symbol: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Of `lastSequence` and the book as of it; see `checksum.ts`. */
  readonly checksum: number;
}

/** The best of each side; undefined for a side that shows nothing. */
export interface Top {
  readonly bid: BookLevel | undefined;
  readonly ask: BookLevel | undefined;
}

/** L1, whole; told when it is another. */
export interface TopChanged extends Covering, Top {
  readonly kind: "topChanged";
}

/** L2: one change a number, in their order: a level as it is now; a total of 0 is a level that is gone. */
export interface LevelsChanged extends Covering {
  readonly kind: "levelsChanged";
  readonly changes: readonly LevelChange[];
}

export interface LevelChange extends BookLevel {
  readonly side: number;
}

/** L3: one change a number, in their order. */
export interface OrdersChanged extends Covering {
  readonly kind: "ordersChanged";
  readonly changes: readonly OrderChange[];
}

/** An order joins the end of its level; or shows so many lots where it stands, 0: it is gone. */
export type OrderChange =
  | {
      readonly kind: "added";
      readonly handle: number;
      readonly side: number;
      readonly priceTicks: number;
      readonly lots: number;
    }
  | { readonly kind: "reduced"; readonly handle: number; readonly lots: number };

/** The whole book as of `sequence`. */
export interface Whole {
  readonly symbol: number;
  readonly sequence: number;
  readonly checksum: number;
}

export interface TopSnapshot extends Whole, Top {
  readonly kind: "topSnapshot";
}

export interface LevelsSnapshot extends Whole {
  readonly kind: "levelsSnapshot";
  /** Best first. */
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
}

export interface OrdersSnapshot extends Whole {
  readonly kind: "ordersSnapshot";
  /** Best first. */
  readonly bids: readonly OrderLevel[];
  readonly asks: readonly OrderLevel[];
}

/** What a level shows, order by order; the first is filled first. */
export interface OrderLevel {
  readonly priceTicks: number;
  readonly orders: readonly ShownOrder[];
}

export interface ShownOrder {
  readonly handle: number;
  readonly lots: number;
}

export type FeedMessage = TopChanged | LevelsChanged | OrdersChanged;
export type FeedSnapshot = TopSnapshot | LevelsSnapshot | OrdersSnapshot;
