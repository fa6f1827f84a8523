import type { Position } from "./sequence-check.ts";

/** How far a subscription has applied one producer's numbers of one partition, and where the log goes on (R5). */
export interface Mark extends Position {
  readonly topic: string;
  readonly partition: number;
  readonly producer: string;
  /** A hint where to start reading; it counts only while the topic's id is the same. */
  readonly nextOffset: bigint;
  readonly topicId: string;
}

/** From what was applied before the unit of work (undefined: nothing) to what is applied by it. */
export interface Advance {
  readonly from: Position | undefined;
  readonly to: Mark;
}

/**
 * The producer of records without a number that can be believed: it does not exist. They are told apart by their offsets,
 * and its mark moves like any other, so that each is parked once.
 */
export const UNNUMBERED = "?";
