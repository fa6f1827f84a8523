import { BusError, LogChangedError } from "../bus-error.ts";
import type { OutgoingRecord } from "../port.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { Backoff } from "./backoff.ts";
import type { BrokerConnection } from "./broker-connection.ts";

/** One batch of one call, until all its records are acknowledged. */
export interface Waiting {
  readonly records: readonly OutgoingRecord[];
  readonly sizes: readonly number[];
  readonly deadlineMs: number;
  readonly resolve: (firstOffset: bigint) => void;
  readonly reject: (error: BusError) => void;
  acknowledged: number;
  firstOffset: bigint | undefined;
  /** How far the log must reach for what is left of it. */
  behind: bigint | undefined;
  /** {@link OutgoingBatch.lineage}. */
  readonly lineage: string | null | undefined;
}

export interface PartitionQueue {
  readonly at: TopicPartition;
  waiting: Waiting[];
  /** A batch of it is on the way: there is never a second one. */
  inFlight: boolean;
  /** The broker does not take it: it waits before it is tried again, and the others go on. */
  resting: boolean;
  readonly pause: Backoff;
  /** Lowered when the broker finds a batch too large. */
  maxBatchBytes: number;
  /** Where the end of the log was looked at last. While that goes on, nothing is lost there. */
  endSeen:
    | { readonly connection: BrokerConnection; readonly topicId: string; readonly lineage: string }
    | undefined;
}

/** What of one partition is in a request: a piece of each waiting batch. */
export interface Portion {
  readonly queue: PartitionQueue;
  readonly pieces: readonly { readonly waiting: Waiting; readonly end: number }[];
  readonly bytes: number;
  readonly count: number;
}

export function portionOf(queue: PartitionQueue): Portion {
  const pieces: { readonly waiting: Waiting; readonly end: number }[] = [];
  let bytes = 0;
  let count = 0;
  for (const waiting of queue.waiting) {
    let end = waiting.acknowledged;
    while (end < waiting.records.length) {
      const size = waiting.sizes[end] ?? 0;
      if (count > 0 && bytes + size > queue.maxBatchBytes) break;
      bytes += size;
      count++;
      end++;
    }
    if (end > waiting.acknowledged) pieces.push({ waiting, end });
    if (end < waiting.records.length) break;
  }
  return { queue, pieces, bytes, count };
}

/** How far the log must reach for it. */
export function behindOf({ pieces }: Portion): bigint | undefined {
  let furthest: bigint | undefined;
  for (const { waiting } of pieces)
    if (waiting.behind !== undefined && (furthest === undefined || waiting.behind > furthest))
      furthest = waiting.behind;
  return furthest;
}

export function earliestDeadlineMs(portions: readonly Portion[]): number {
  return Math.min(...portions.flatMap(({ pieces }) => pieces.map(({ waiting }) => waiting.deadlineMs)));
}

export function acknowledge({ queue, pieces }: Portion, baseOffset: bigint): void {
  let offset = baseOffset;
  for (const { waiting, end } of pieces) {
    waiting.firstOffset ??= offset;
    offset += BigInt(end - waiting.acknowledged);
    waiting.acknowledged = end;
    if (waiting.behind !== undefined) waiting.behind = offset;
    if (end < waiting.records.length) continue;
    queue.waiting.shift();
    waiting.resolve(waiting.firstOffset);
  }
}

export function rejectAll(queue: PartitionQueue, error: BusError): void {
  const waiting = queue.waiting;
  queue.waiting = [];
  for (const each of waiting) each.reject(error);
}

/**
 * Rejects what does not know what the log goes by now: whoever sent it has to look first whether its records are still
 * there. Of a batch of which a part is written the outcome is unknown. Says whether there was any.
 */
export function rejectUnknowing(queue: PartitionQueue, lineage: string): boolean {
  const isUnknowing = (each: Waiting): boolean => each.lineage !== undefined && each.lineage !== lineage;
  const unknowing = queue.waiting.filter(isUnknowing);
  if (unknowing.length === 0) return false;
  queue.waiting = queue.waiting.filter((each) => !isUnknowing(each));
  const error = new LogChangedError(queue.at, lineage);
  for (const each of unknowing) each.reject(each.acknowledged > 0 ? outcomeUnknown(queue.at, error) : error);
  return true;
}

export function outcomeUnknown({ topic, partition }: TopicPartition, cause: unknown): BusError {
  return new BusError(
    "bus_outcome_unknown",
    `it is not known whether the records for ${topic}/${partition} were written`,
    {
      retryable: true,
      cause,
    },
  );
}

/**
 * Rejects what waits too long. A batch of which a part is written already has an unknown outcome: what waits behind it must
 * not come between its parts.
 */
export function rejectExpired(queue: PartitionQueue, error: BusError): void {
  const nowMs = performance.now();
  const expired = queue.waiting.findLastIndex((waiting) => waiting.deadlineMs <= nowMs);
  if (expired < 0) return;
  if ((queue.waiting[0]?.acknowledged ?? 0) > 0) rejectAll(queue, outcomeUnknown(queue.at, error));
  else for (const waiting of queue.waiting.splice(0, expired + 1)) waiting.reject(error);
}
