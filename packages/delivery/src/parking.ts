import type { BusRecord, TopicPartition } from "@bourse/bus";
import type { Envelope } from "./envelope.ts";
import type { Mark } from "./mark.ts";
import type { Position } from "./sequence-check.ts";

/** A partition that a group has given to this consumer. */
export interface AssignedPartition extends TopicPartition {
  readonly topicId: string;
  /** By producer. */
  readonly marks: Map<string, Mark>;
  /**
   * A number that is missing may lie before the place where reading is: that began at a mark's hint, or the log lost its end
   * and was filled again meanwhile. Not so where the beginning was read since the last number was applied.
   */
  mayLieBefore: boolean;
  nextOffset: bigint | null;
  /** What is parked of it, as the tables had it when the marks were read (R12). */
  queues: ParkedQueues;
}

export interface ParkedQueues {
  /** Of `parked_heads`: another one in the table means that a key is free again. */
  readonly generation: number;
  nextPlace: number;
  /** How many records wait. */
  waiting: number;
  /** Keys whose records queue. */
  readonly keys: Set<string>;
}

export function noQueues(): ParkedQueues {
  return { generation: 0, nextPlace: 1, waiting: 0, keys: new Set() };
}

/** A record on its way into `parked` (R12). */
export interface Parking {
  readonly at: AssignedPartition;
  readonly record: BusRecord;
  /** null: it can't be decoded. */
  readonly envelope: Envelope | null;
  /** null: it has no number that can be believed. */
  readonly number: (Position & { readonly producer: string }) | null;
  readonly queue: string | null;
  /** null: nothing is wrong with it but what lies before it in its queue. */
  readonly failure: RecordFailure | null;
}

export interface RecordFailure {
  readonly code: string;
  readonly error: unknown;
  readonly attempts: number;
  /** null: just now. */
  readonly firstFailedMs: number | null;
}
