import type { Random } from "@bourse/base";
import type { BusKind, Fleet } from "../fleet/fleet.ts";
import type { Seen } from "../load/seen.ts";

/** What a fault is given while orders flow. */
export interface Stage {
  readonly fleet: Fleet;
  readonly random: Random;
  /** What the client has seen so far. */
  readonly seen: Pick<Seen, "failuresSince" | "longestGapMs">;
  /** The fault has been seen to be there: what shows it, in words. Work must have been acknowledged before. */
  fired(evidence: string): void;
  /** More that shows what happened. */
  note(evidence: string): void;
  /** Lets time pass with the fault there. */
  hold(ms: number): Promise<void>;
  /** Waits for so many further acknowledgements; fails after a minute. */
  acknowledgements(count: number): Promise<void>;
  /**
   * Runs what puts it right and waits until every process is ready and orders of every symbol are acknowledged again;
   * fails after 60 s, counted from the beginning of `repair`.
   */
  healed(repair: () => Promise<void> | void): Promise<void>;
}

/** One row of the matrix on one bus. */
export interface Fault {
  readonly name: string;
  readonly bus: BusKind;
  /** It needs disks that can be filled. */
  readonly smallDisks?: boolean;
  /** Whether the platform takes orders while the fault is there, at least for a while: then some must have been. */
  readonly worksDuring?: boolean;
  /** Whether it makes numbers come again on topics: then some must have, or it has not happened. */
  readonly repeats?: boolean;
  run(stage: Stage): Promise<void>;
}

/** The fault could not be shown to have happened: the round proves nothing. */
export function mustHave(happened: boolean, what: string): void {
  if (!happened) throw new Error(`the fault has not fired: ${what}`);
}
