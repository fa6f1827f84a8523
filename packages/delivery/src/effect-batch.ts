import { OperationalError } from "@bourse/base";
import type { BusRecord, TopicPartition } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import type { Decoder } from "./decode.ts";
import type { Envelope } from "./envelope.ts";
import { epochStartOf } from "./epoch-started.ts";
import type { Advance, Mark } from "./marks.ts";
import { judgeExact, judgeLatest, type Verdict } from "./sequence-check.ts";

/** A partition that a group has given to this consumer. */
export interface AssignedPartition extends TopicPartition {
  readonly topicId: string;
  /** By producer. */
  readonly marks: Map<string, Mark>;
  /** Reading began at a mark's hint, which may be wrong; not at the beginning of the log. */
  fromHint: boolean;
  nextOffset: bigint | null;
}

/** What is left to do of a batch once duplicates are dropped. */
export interface JudgedBatch {
  readonly envelopes: readonly Envelope[];
  readonly advances: readonly Advance[];
  readonly duplicates: number;
  /** Where each partition goes on once the envelopes are applied. */
  readonly reached: ReadonlyMap<AssignedPartition, bigint>;
  /** The first record that can't be applied; those before it can, and so can other partitions'. */
  readonly fault: BatchFault | null;
}

export interface BatchFault {
  readonly at: AssignedPartition;
  readonly kind: "gap" | "epoch_ahead" | "undecodable";
  readonly error: unknown;
}

/** A number is missing or a producer was recovered: what follows may not be applied (R5, R6). */
export class SequenceError extends OperationalError {
  override readonly name = "SequenceError";
}

/** Splits a batch of several partitions into what applies and what was applied before (R5). Changes nothing. */
export function judgeBatch(
  records: readonly BusRecord[],
  options: {
    readonly partitionOf: (at: TopicPartition) => AssignedPartition | undefined;
    readonly topics: ReadonlyMap<string, Topic>;
    readonly decode: Decoder;
  },
): JudgedBatch {
  const envelopes: Envelope[] = [];
  const advances = new Map<AssignedPartition, Map<string, Advance>>();
  const reached = new Map<AssignedPartition, bigint>();
  const faulted = new Set<AssignedPartition>();
  let fault: BatchFault | null = null;
  let duplicates = 0;
  let last: AssignedPartition | undefined;
  for (const record of records) {
    // Runs of one partition are the rule, so the last answer is usually the next one.
    const at = sameAs(last, record) ? last : options.partitionOf(record);
    last = at;
    if (at === undefined || faulted.has(at)) continue;
    const read = tryDecode(options.decode, record);
    if ("error" in read) {
      faulted.add(at);
      fault ??= { at, kind: "undecodable", error: read.error };
      continue;
    }
    const { envelope } = read;
    const advanced = advances.get(at)?.get(envelope.producer);
    const mark = advanced?.to ?? at.marks.get(envelope.producer);
    const verdict =
      options.topics.get(record.topic)?.class === "latest"
        ? judgeLatest(mark, envelope)
        : judgeExact(mark, envelope, { start: epochStartOf(envelope) });
    if (verdict === "gap" || verdict === "epoch_ahead") {
      faulted.add(at);
      fault ??= { at, kind: verdict, error: sequenceError(verdict, envelope, mark) };
      continue;
    }
    const nextOffset = record.offset + 1n;
    reached.set(at, nextOffset);
    if (verdict === "drop") {
      duplicates++;
      continue;
    }
    // R6: an EpochStarted moves the mark and is nobody's event.
    if (epochStartOf(envelope) === undefined) envelopes.push(envelope);
    note(advances, at, envelope, nextOffset, advanced);
  }
  const all: Advance[] = [];
  for (const byProducer of advances.values()) all.push(...byProducer.values());
  return { envelopes, advances: all, duplicates, reached, fault };
}

function sameAs(at: AssignedPartition | undefined, record: BusRecord): boolean {
  return at !== undefined && at.partition === record.partition && at.topic === record.topic;
}

function tryDecode(decode: Decoder, record: BusRecord): { envelope: Envelope } | { error: unknown } {
  try {
    return { envelope: decode(record) };
  } catch (error) {
    return { error };
  }
}

function note(
  advances: Map<AssignedPartition, Map<string, Advance>>,
  at: AssignedPartition,
  envelope: Envelope,
  nextOffset: bigint,
  advanced: Advance | undefined,
): void {
  const { topic, partition, producer, epoch, sequence } = envelope;
  const to: Mark = { topic, partition, producer, epoch, sequence, nextOffset, topicId: at.topicId };
  let byProducer = advances.get(at);
  if (byProducer === undefined) {
    byProducer = new Map();
    advances.set(at, byProducer);
  }
  byProducer.set(producer, { from: advanced === undefined ? at.marks.get(producer) : advanced.from, to });
}

function sequenceError(
  verdict: Extract<Verdict, "gap" | "epoch_ahead">,
  envelope: Envelope,
  mark: Mark | undefined,
): SequenceError {
  const { topic, partition, offset, producer, epoch, sequence } = envelope;
  const found = `${topic}/${partition} at offset ${offset}: ${producer}'s number ${epoch}/${sequence}`;
  const expected = mark === undefined ? "number 1" : `${mark.epoch}/${mark.sequence + 1}`;
  return new SequenceError(
    verdict === "gap" ? "sequence_gap" : "epoch_ahead",
    `${found} came where ${expected} was due`,
    { retryable: false },
  );
}
