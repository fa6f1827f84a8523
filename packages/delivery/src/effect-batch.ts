import { OperationalError } from "@bourse/base";
import { type BusRecord, type TopicPartition, topicPartitionKey } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import { DecodeError, type Decoder, numberOf } from "./decode.ts";
import type { Envelope } from "./envelope.ts";
import { epochStartOf } from "./epoch-started.ts";
import { type FailureRules, StopSubscription } from "./failure-policy.ts";
import type { Advance, Mark } from "./mark.ts";
import type { AssignedPartition, Parking, RecordFailure } from "./parking.ts";
import { judgeExact, judgeLatest, type Position, type Verdict } from "./sequence-check.ts";

/** What is left to do of a batch once duplicates are dropped. */
export interface JudgedBatch {
  readonly envelopes: readonly Envelope[];
  readonly advances: readonly Advance[];
  readonly duplicates: number;
  /** Where each partition goes on once the envelopes are applied. */
  readonly reached: ReadonlyMap<AssignedPartition, bigint>;
  /** The first record that can't be applied; those before it can, and so can other partitions'. */
  readonly fault: BatchFault | null;
  /** Records that are parked instead of applied, in the order of their logs. */
  readonly parkings: readonly Parking[];
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

export interface JudgeOptions {
  readonly partitionOf: (at: TopicPartition) => AssignedPartition | undefined;
  readonly topics: ReadonlyMap<string, Topic>;
  readonly decode: Decoder;
  readonly rules: FailureRules;
  /** A record that was tried in vain: it is parked. */
  readonly poison?: { readonly record: BusRecord; readonly failure: RecordFailure };
}

/** Splits a batch of several partitions into what applies, what is parked, and what was applied before (R5, R12). */
export function judgeBatch(records: readonly BusRecord[], options: JudgeOptions): JudgedBatch {
  const envelopes: Envelope[] = [];
  const parkings: Parking[] = [];
  const advances = new Map<AssignedPartition, Map<string, Advance>>();
  const reached = new Map<AssignedPartition, bigint>();
  const faulted = new Set<AssignedPartition>();
  const queued = new QueuedKeys();
  let fault: BatchFault | null = null;
  let duplicates = 0;
  let last: AssignedPartition | undefined;
  for (const record of records) {
    // Runs of one partition are the rule, so the last answer is usually the next one.
    const at = sameAs(last, record) ? last : options.partitionOf(record);
    last = at;
    if (at === undefined || faulted.has(at)) continue;
    const nextOffset = record.offset + 1n;
    const read = tryDecode(options.decode, record);
    if ("error" in read) {
      const judged = judgeUndecodable(at, record, read.error, advances.get(at), options);
      if ("fault" in judged) {
        faulted.add(at);
        fault ??= judged.fault;
        continue;
      }
      reached.set(at, nextOffset);
      if (judged.parking === null) {
        duplicates++;
        continue;
      }
      parkings.push(judged.parking);
      queued.add(at, judged.parking.queue);
      note(advances, at, judged.position, nextOffset);
      continue;
    }
    const { envelope } = read;
    const mark = advances.get(at)?.get(envelope.producer)?.to ?? at.marks.get(envelope.producer);
    const start = epochStartOf(envelope);
    const verdict = verdictOf(options.topics.get(record.topic), mark, envelope, start);
    if (verdict === "gap" || verdict === "epoch_ahead") {
      faulted.add(at);
      fault ??= { at, kind: verdict, error: sequenceError(verdict, record, envelope, mark) };
      continue;
    }
    reached.set(at, nextOffset);
    if (verdict === "drop") {
      duplicates++;
      continue;
    }
    // R6: an EpochStarted moves the mark and is nobody's event.
    if (start === undefined) {
      const parking =
        at.queues.keys.size === 0 && queued.isEmpty && options.poison === undefined
          ? null
          : parkingOf(at, record, envelope, queued, options);
      if (parking === null) envelopes.push(envelope);
      else parkings.push(parking);
    }
    note(advances, at, envelope, nextOffset);
  }
  const all: Advance[] = [];
  for (const byProducer of advances.values()) all.push(...byProducer.values());
  return { envelopes, advances: all, duplicates, reached, fault, parkings };
}

/** Whether a record that could be applied is parked all the same: tried in vain, or behind one of its key. */
function parkingOf(
  at: AssignedPartition,
  record: BusRecord,
  envelope: Envelope,
  queued: QueuedKeys,
  { rules, poison }: JudgeOptions,
): Parking | null {
  const failure = poison?.record === record ? poison.failure : null;
  const queue = failure === null ? rules.queueOf(envelope) : rules.queueToOpen(envelope);
  const isBehind = queue !== null && (at.queues.keys.has(queue) || queued.has(at, queue));
  if (failure === null && !isBehind) return null;
  queued.add(at, queue);
  return { at, record, envelope, number: envelope, queue, failure };
}

/**
 * The batch once its handler has refused some records of it: they are parked, and so are the later ones of their keys.
 * Throws where a record has no key to queue by.
 */
export function setAside(
  judged: JudgedBatch,
  refused: ReadonlyMap<Envelope, RecordFailure>,
  records: readonly BusRecord[],
  options: Pick<JudgeOptions, "partitionOf" | "rules">,
): JudgedBatch {
  const queued = new QueuedKeys();
  const envelopes: Envelope[] = [];
  const parkings = [...judged.parkings];
  for (const envelope of judged.envelopes) {
    const at = options.partitionOf(envelope);
    const failure = refused.get(envelope) ?? null;
    if (at === undefined || (failure === null && queued.isEmpty)) {
      envelopes.push(envelope);
      continue;
    }
    const { queueOf, queueToOpen } = options.rules;
    const queue = failure === null ? queueOf(envelope) : queueToOpen(envelope);
    const record = records.find(
      ({ topic, partition, offset }) =>
        offset === envelope.offset && partition === envelope.partition && topic === envelope.topic,
    );
    if (record === undefined || (failure === null && !queued.has(at, queue))) {
      envelopes.push(envelope);
      continue;
    }
    parkings.push({ at, record, envelope, number: envelope, queue, failure });
    queued.add(at, queue);
  }
  // Within a partition the order of the log is the order of the places.
  parkings.sort((a, b) => (a.record.offset < b.record.offset ? -1 : 1));
  return { ...judged, envelopes, parkings };
}

/** The keys that a batch itself has begun to queue by. */
class QueuedKeys {
  readonly #keys = new Map<AssignedPartition, Set<string>>();

  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  add(at: AssignedPartition, key: string | null): void {
    if (key === null) return;
    const keys = this.#keys.get(at);
    if (keys === undefined) this.#keys.set(at, new Set([key]));
    else keys.add(key);
  }

  has(at: AssignedPartition, key: string | null): boolean {
    return key !== null && this.#keys.get(at)?.has(key) === true;
  }
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

function verdictOf(
  topic: Topic | undefined,
  mark: Position | undefined,
  position: Position,
  start: ReturnType<typeof epochStartOf>,
): Verdict {
  return topic?.class === "latest" ? judgeLatest(mark, position) : judgeExact(mark, position, { start });
}

/**
 * A record without a number that can be believed is told apart by its offset: its mark is that of a producer that
 * does not exist, and moves like any other, so that it is parked once.
 */
const UNNUMBERED = "?";

type UndecodableJudgement =
  | { readonly fault: BatchFault }
  | { readonly parking: Parking | null; readonly position: Position & { readonly producer: string } };

function judgeUndecodable(
  at: AssignedPartition,
  record: BusRecord,
  error: unknown,
  advanced: ReadonlyMap<string, Advance> | undefined,
  { topics, rules }: JudgeOptions,
): UndecodableJudgement {
  const topic = topics.get(record.topic);
  const number = topic === undefined ? null : numberOf(record, topic);
  const position = number ?? { producer: UNNUMBERED, epoch: 1, sequence: Number(record.offset) + 1 };
  const mark = advanced?.get(position.producer)?.to ?? at.marks.get(position.producer);
  const verdict =
    number !== null
      ? verdictOf(topic, mark, position, undefined)
      : judgeLatest(mark?.topicId === at.topicId ? mark : undefined, position);
  if (verdict === "drop") return { parking: null, position };
  if (verdict !== "apply")
    return { fault: { at, kind: verdict, error: sequenceError(verdict, record, position, mark) } };
  const isUnknownType = error instanceof DecodeError && error.code === "unknown_event_type";
  if (rules.policy === "stop" || isUnknownType) return { fault: { at, kind: "undecodable", error } };
  try {
    const queue = rules.queueToOpenRaw(record.key);
    const code = error instanceof DecodeError ? error.code : "undecodable_record";
    const failure = { code, error, attempts: 1, firstFailedMs: null };
    return { parking: { at, record, envelope: null, number, queue, failure }, position };
  } catch (noKey) {
    const reason = `${(error as Error).message}; ${(noKey as Error).message}`;
    return { fault: { at, kind: "undecodable", error: new StopSubscription("no_key_to_park", reason) } };
  }
}

function note(
  advances: Map<AssignedPartition, Map<string, Advance>>,
  at: AssignedPartition,
  position: Position & { readonly producer: string },
  nextOffset: bigint,
): void {
  const { producer, epoch, sequence } = position;
  const { topic, partition, topicId } = at;
  const to: Mark = { topic, partition, producer, epoch, sequence, nextOffset, topicId };
  let byProducer = advances.get(at);
  if (byProducer === undefined) {
    byProducer = new Map();
    advances.set(at, byProducer);
  }
  const advanced = byProducer.get(producer);
  byProducer.set(producer, { from: advanced === undefined ? at.marks.get(producer) : advanced.from, to });
}

export function sequenceError(
  verdict: Extract<Verdict, "gap" | "epoch_ahead">,
  record: BusRecord,
  { producer, epoch, sequence }: Position & { readonly producer: string },
  mark: Position | undefined,
): SequenceError {
  const found = `${topicPartitionKey(record)} at offset ${record.offset}: ${producer}'s number ${epoch}/${sequence}`;
  const expected = mark === undefined ? "number 1" : `${mark.epoch}/${mark.sequence + 1}`;
  return new SequenceError(
    verdict === "gap" ? "sequence_gap" : "epoch_ahead",
    `${found} came where ${expected} was due`,
    { retryable: false },
  );
}
