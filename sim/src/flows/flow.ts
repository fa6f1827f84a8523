import type { Trader } from "./trader.ts";

/** Something that people do with the venue, from a state of it on which it always begins. */
export interface Flow {
  readonly name: string;
  /** What it shows, in one sentence. */
  readonly about: string;
  /** Leads to where it begins; undisturbed and not counted. */
  readonly prepare?: (trader: Trader) => Promise<void>;
  /** Every port call from here on, until nothing is left to do, is a crash point. */
  readonly run: (trader: Trader) => Promise<void>;
  /** The process dies at the end of `prepare`, and the boot that follows is counted too. */
  readonly fromCrash?: boolean;
  /** More than one end is right; absent: the end is that of the undisturbed run. */
  readonly races?: boolean;
  /** The time at which it begins; absent: when `prepare` is done. */
  readonly beginsAtMs?: number;
}
