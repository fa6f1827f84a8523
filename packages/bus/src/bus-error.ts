import { OperationalError } from "@bourse/base";
import type { TopicPartition } from "./topic-partition.ts";

export type BusErrorCode =
  /** The broker does not answer; the call may be made again. */
  | "bus_unavailable"
  /** It is not known whether the records were written; they may be sent again. */
  | "bus_outcome_unknown"
  /** A topic exists with another partition count. */
  | "topic_mismatch"
  | "unknown_topic"
  /** The log ends before what its sender knows to be there: it has lost its end. Nothing was appended. */
  | "lost_end"
  /** The log may have lost what it had since its sender last looked, and been filled again by others. Nothing was appended. */
  | "log_changed"
  /** The broker refuses for good: too large, not authorised, corrupt. */
  | "bus_refused"
  /** The log on disk has a format that another version of Bourse reads, and this one doesn't. */
  | "bus_format"
  /** What the broker has of a partition is no records, however often it is asked: damaged, or written in an unknown way. */
  | "unreadable_batch"
  | "bus_closed";

export class BusError extends OperationalError {
  override readonly name = "BusError";
  declare readonly code: BusErrorCode;
  constructor(
    code: BusErrorCode,
    message: string,
    options: { readonly retryable: boolean; readonly cause?: unknown },
  ) {
    super(code, message, options);
  }
}

/** `lost_end`, and of which log. */
export class LostEndError extends BusError {
  readonly at: TopicPartition;

  constructor(at: TopicPartition, message: string) {
    super("lost_end", message, { retryable: false });
    this.at = at;
  }
}

/** For a batch that belongs behind more than the log has. */
export function lostEnd(
  {
    topic,
    partition,
    behind,
  }: { readonly topic: string; readonly partition: number; readonly behind?: bigint | undefined },
  end: bigint,
): LostEndError {
  const message = `${topic}/${partition} has lost its end: it ends at offset ${end}, and had records up to ${behind}`;
  return new LostEndError({ topic, partition }, message);
}

/** `log_changed`: which log, and what it goes by now ({@link OutgoingBatch.lineage}). */
export class LogChangedError extends BusError {
  readonly at: TopicPartition;
  readonly lineage: string;

  constructor({ topic, partition }: TopicPartition, lineage: string) {
    const message = `${topic}/${partition} may have lost records since its sender last looked`;
    super("log_changed", message, { retryable: true });
    this.at = { topic, partition };
    this.lineage = lineage;
  }
}
