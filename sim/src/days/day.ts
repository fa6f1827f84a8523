/** A day at the venue as data: the same day is the same run. */
export interface Day {
  /** When it begins: some end while it goes on. */
  readonly hour: "morning" | "before-midnight";
  /** How many processes run side by side, each with all services. Default 1. */
  readonly processes?: number;
  /** How far the clock of each is ahead of that of the one before it. Default 0. */
  readonly clocksApartMs?: number;
  readonly steps: readonly Step[];
}

export const SYMBOLS = ["BTC-USD", "ETH-BTC", "ETH-USD"] as const;
export type DaySymbol = (typeof SYMBOLS)[number];
export const ACCOUNTS = ["ada", "bob", "cyd"] as const;
export type DayAccount = (typeof ACCOUNTS)[number];

/** Something that somebody does. Earlier orders and requests are named by how long ago they were. */
export type Step = (
  | { readonly kind: "order"; readonly order: NewOrder }
  | { readonly kind: "batch"; readonly items: readonly BatchItem[]; readonly stop: boolean }
  | { readonly kind: "amend"; readonly amend: Amend }
  | { readonly kind: "cancel"; readonly cancel: Cancel }
  | {
      readonly kind: "cancel-many";
      readonly account: DayAccount;
      readonly symbol?: DaySymbol;
      readonly side?: Side;
    }
  | { readonly kind: "cancel-symbol"; readonly symbol: DaySymbol; readonly side?: Side }
  | {
      readonly kind: "fund";
      readonly account: DayAccount;
      readonly asset: string;
      readonly amount: string;
      readonly out: boolean;
    }
  | { readonly kind: "market"; readonly symbol: DaySymbol; readonly word: "halt" | "cancel-only" | "resume" }
  | {
      readonly kind: "bands";
      readonly symbol: DaySymbol;
      readonly below: number;
      readonly above: number;
      readonly limitStateMs: number;
    }
  | { readonly kind: "no-bands"; readonly symbol: DaySymbol }
  | { readonly kind: "group"; readonly account: DayAccount; readonly group: string | null }
  | {
      readonly kind: "limits";
      readonly account: DayAccount | null;
      readonly symbol: DaySymbol | null;
      readonly setting: object;
    }
  /** The symbol that is not there when a day begins. */
  | { readonly kind: "list" }
  | { readonly kind: "instrument"; readonly symbol: DaySymbol; readonly change: object }
  | { readonly kind: "account-status"; readonly account: DayAccount; readonly status: "OPEN" | "BLOCKED" }
  | { readonly kind: "stop-account"; readonly account: DayAccount }
  | { readonly kind: "release-account"; readonly account: DayAccount }
  | {
      readonly kind: "keep-session";
      readonly account: DayAccount;
      readonly session: string;
      readonly timeoutMs: number;
    }
  | { readonly kind: "close-session"; readonly account: DayAccount; readonly session: string }
  /** An earlier request once more, as it was. */
  | { readonly kind: "again"; readonly nth: number }
  /** Another placement under the name of an earlier one. */
  | { readonly kind: "reuse"; readonly nth: number; readonly order: NewOrder }
  /** What becomes of the call that the process makes so many calls from here. */
  | { readonly kind: "fault"; readonly inCalls: number; readonly outcome: number }
  /** A process ends in order and another one is started. */
  | { readonly kind: "restart"; readonly process?: number }
  /** A process dies and another one is started. */
  | { readonly kind: "kill"; readonly process: number }
  /** A process does nothing for so long, and does not know it. */
  | { readonly kind: "pause"; readonly process: number; readonly ms: number }
  /**
   * The broker loses the last records of these partitions, by their place among all; "all": of each. Readers ask again at
   * once, or when something new comes.
   */
  | {
      readonly kind: "lose-ends";
      readonly partitions: readonly number[] | "all";
      readonly records: number;
      readonly isHeardOf: boolean;
    }
  /** The clock is set: so far from the time that passes. */
  | { readonly kind: "clock"; readonly skewMs: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "quiet" }
) & {
  /** The next step does not wait for the answer. */
  readonly beside?: boolean;
};

export type Side = "BUY" | "SELL";

/** Prices are counted in steps from where the symbol trades, so that orders meet. */
export interface NewOrder {
  readonly account: DayAccount;
  readonly symbol: DaySymbol;
  readonly side: Side;
  readonly orderType: string;
  readonly lots: number;
  readonly timeInForce?: string;
  readonly price?: number;
  readonly stopPrice?: number;
  readonly expiresInMs?: number;
  readonly displayLots?: number;
  readonly minimumLots?: number;
  readonly trailing?: string;
  /** Which of the account's earlier orders it hangs on, counted back from the latest. */
  readonly group?: number;
  readonly parent?: number;
  readonly replaces?: number;
  /** It is named so many orders ahead of the count: a cancel may have named it first. */
  readonly ahead?: number;
  /** Terms that go as they are. */
  readonly more?: object;
}

/** Of an order that was placed before, counted back from the latest. */
export interface Amend {
  readonly nth: number;
  readonly lots?: number;
  readonly price?: number;
}

export interface Cancel {
  readonly nth: number;
  readonly byName: boolean;
  /** An order that does not exist yet, so many ahead of the count. */
  readonly ahead?: number;
}

export type BatchItem =
  | { readonly action: "PLACE"; readonly order: NewOrder }
  | ({ readonly action: "AMEND" } & Amend)
  | ({ readonly action: "CANCEL" } & Cancel);
