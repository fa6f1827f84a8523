import { assert, present } from "@bourse/base";
import type { BusRecord, TopicPartition } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import { DecodeError, type Decoder, numberOf } from "./decode.ts";
import type { Envelope } from "./envelope.ts";
import { epochStartOf } from "./epoch-started.ts";
import { type FailureRules, StopSubscription } from "./failure-policy.ts";
import { type Gap, placeBehind, SequenceError } from "./gap.ts";
import { type Advance, type Mark, UNNUMBERED } from "./mark.ts";
import type { AssignedPartition, Parking, RecordFailure } from "./parking.ts";
import { judgeExact, judgeLatest, type Position, type Verdict } from "./sequence-check.ts";

/** What is left to do of a batch once duplicates are dropped. */
export interface JudgedBatch {
  readonly envelopes: readonly Envelope[];
  readonly advances: readonly Advance[];
  readonly duplicates: number;
  /** Where each partition goes on once the envelopes are applied. */
  readonly reached: ReadonlyMap<AssignedPartition, bigint>;
  /** Of each partition that has one, the first record that can't be applied; those before it can. */
  readonly faults: readonly BatchFault[];
  /** Records that are parked instead of applied, in the order of their logs. */
  readonly parkings: readonly Parking[];
}

export interface BatchFault {
  readonly at: AssignedPartition;
  readonly kind: "gap" | "epoch_ahead" | "undecodable";
  readonly error: unknown;
}

/** What is missing, where that is what is wrong. */
export function gapOf({ error }: BatchFault): Gap | null {
  return error instanceof SequenceError ? error.gap : null;
}

/** A number is missing, and has not been looked for from the beginning of the log (R5). */
export function mayLieBefore({ kind, at }: BatchFault): boolean {
  return kind === "gap" && at.mayLieBefore;
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
  const judging = new Judging(options);
  for (const record of records) judging.judge(record);
  return judging.end();
}

/** Up to which record a producer's numbers apply; its mark is made once, at the end. */
interface Advancing extends Position {
  readonly producer: string;
  readonly from: Position | undefined;
  epoch: number;
  sequence: number;
  last: BusRecord;
}

/** What a batch has of one partition. */
interface JudgedPartition {
  readonly at: AssignedPartition;
  readonly topic: Topic | undefined;
  /** In the order in which they came. */
  readonly advancing: Advancing[];
  /** The last record that is done with: applied, parked or dropped. */
  reached: BusRecord | undefined;
  isFaulted: boolean;
}

/** One batch, record by record. Runs of one partition and one producer are the rule: what the last one met is at hand. */
class Judging {
  readonly #options: JudgeOptions;
  readonly #partitions = new Map<AssignedPartition, JudgedPartition>();
  readonly #envelopes: Envelope[] = [];
  readonly #parkings: Parking[] = [];
  readonly #queued = new QueuedKeys();
  readonly #faults: BatchFault[] = [];
  #duplicates = 0;
  #here: JudgedPartition | undefined;
  /** Of the partition at hand. */
  #advancing: Advancing | undefined;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  judge(record: BusRecord): void {
    const here = isOf(record, this.#here) ? this.#here : this.#enter(record);
    if (here === undefined || here.isFaulted) return;
    let envelope: Envelope;
    try {
      envelope = this.#options.decode(record);
    } catch (error) {
      this.#judgeUndecodable(here, record, error);
      return;
    }
    const advancing = this.#of(here, envelope.producer);
    const mark = advancing ?? here.at.marks.get(envelope.producer);
    const start = epochStartOf(envelope);
    const verdict = verdictOf(here.topic, mark, envelope, start);
    if (verdict === "apply") {
      // R6: an EpochStarted moves the mark and is nobody's event.
      if (start === undefined) this.#applyOrPark(here, record, envelope);
      this.#note(here, advancing, envelope, record);
    } else if (verdict === "drop") this.#duplicates++;
    else {
      const error = new SequenceError(verdict, { record, number: envelope, mark });
      this.#failed(here, { at: here.at, kind: verdict, error });
      return;
    }
    here.reached = record;
  }

  end(): JudgedBatch {
    const advances: Advance[] = [];
    const reached = new Map<AssignedPartition, bigint>();
    for (const { at, advancing, reached: last } of this.#partitions.values()) {
      for (const each of advancing) advances.push({ from: each.from, to: markOf(at, each) });
      if (last !== undefined) reached.set(at, placeBehind(last));
    }
    return {
      envelopes: this.#envelopes,
      advances,
      duplicates: this.#duplicates,
      reached,
      faults: this.#faults,
      parkings: this.#parkings,
    };
  }

  #enter(record: BusRecord): JudgedPartition | undefined {
    this.#advancing = undefined;
    const at = this.#options.partitionOf(record);
    this.#here = at === undefined ? undefined : this.#partitions.get(at);
    if (at === undefined || this.#here !== undefined) return this.#here;
    const topic = this.#options.topics.get(at.topic);
    this.#here = { at, topic, advancing: [], reached: undefined, isFaulted: false };
    this.#partitions.set(at, this.#here);
    return this.#here;
  }

  #of(here: JudgedPartition, producer: string): Advancing | undefined {
    if (this.#advancing?.producer !== producer)
      this.#advancing = here.advancing.find((each) => each.producer === producer);
    return this.#advancing;
  }

  #applyOrPark(here: JudgedPartition, record: BusRecord, envelope: Envelope): void {
    const { at } = here;
    const mayPark = at.queues.keys.size > 0 || !this.#queued.isEmpty || this.#options.poison !== undefined;
    const parking = mayPark ? parkingOf(at, record, envelope, this.#queued, this.#options) : null;
    if (parking === null) this.#envelopes.push(envelope);
    else this.#parkings.push(parking);
  }

  #judgeUndecodable(here: JudgedPartition, record: BusRecord, error: unknown): void {
    const judged = judgeUndecodable(here, record, error, this.#options);
    if ("fault" in judged) {
      this.#failed(here, judged.fault);
      return;
    }
    here.reached = record;
    const { parking, position } = judged;
    if (parking === null) {
      this.#duplicates++;
      return;
    }
    this.#parkings.push(parking);
    this.#queued.add(here.at, parking.queue);
    this.#note(here, this.#of(here, position.producer), position, record);
  }

  /** What follows in the partition is not even looked at. */
  #failed(here: JudgedPartition, fault: BatchFault): void {
    here.isFaulted = true;
    this.#faults.push(fault);
  }

  #note(
    here: JudgedPartition,
    advancing: Advancing | undefined,
    { producer, epoch, sequence }: Position & { readonly producer: string },
    last: BusRecord,
  ): void {
    if (advancing === undefined) {
      this.#advancing = { producer, from: here.at.marks.get(producer), epoch, sequence, last };
      here.advancing.push(this.#advancing);
      return;
    }
    advancing.epoch = epoch;
    advancing.sequence = sequence;
    advancing.last = last;
  }
}

function isOf(record: BusRecord, here: JudgedPartition | undefined): boolean {
  return here !== undefined && here.at.partition === record.partition && here.at.topic === record.topic;
}

function markOf({ topic, partition, topicId }: AssignedPartition, advancing: Advancing): Mark {
  const { producer, epoch, sequence, last } = advancing;
  return { topic, partition, producer, epoch, sequence, nextOffset: placeBehind(last), topicId };
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
 * A partition that was given away since they were judged is no exception: whether the transaction may still count is for
 * the marks to say (R5). Throws where a record has no key to queue by, or is none of those that the handler was given.
 */
export function setAside(
  judged: JudgedBatch,
  refused: ReadonlyMap<Envelope, RecordFailure>,
  records: readonly BusRecord[],
  { queueOf, queueToOpen }: FailureRules,
): JudgedBatch {
  const partitions = [...judged.reached.keys()];
  const queued = new QueuedKeys();
  const envelopes: Envelope[] = [];
  const parkings = [...judged.parkings];
  let left = refused.size;
  for (const envelope of judged.envelopes) {
    const failure = refused.get(envelope) ?? null;
    if (failure === null && queued.isEmpty) {
      envelopes.push(envelope);
      continue;
    }
    const at = present(
      partitions.find(({ topic, partition }) => topic === envelope.topic && partition === envelope.partition),
      "the partition of a judged record",
    );
    const queue = failure === null ? queueOf(envelope) : queueToOpen(envelope);
    if (failure === null && !queued.has(at, queue)) {
      envelopes.push(envelope);
      continue;
    }
    const record = present(
      records.find(
        ({ topic, partition, offset }) =>
          offset === envelope.offset && partition === envelope.partition && topic === envelope.topic,
      ),
      "the record of an envelope",
    );
    parkings.push({ at, record, envelope, number: envelope, queue, failure });
    queued.add(at, queue);
    if (failure !== null) left--;
  }
  assert(left === 0, "a handler parks what it was given");
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

function verdictOf(
  topic: Topic | undefined,
  mark: Position | undefined,
  position: Position,
  start: ReturnType<typeof epochStartOf>,
): Verdict {
  return topic?.class === "latest" ? judgeLatest(mark, position) : judgeExact(mark, position, { start });
}

type UndecodableJudgement =
  | { readonly fault: BatchFault }
  | { readonly parking: Parking | null; readonly position: Position & { readonly producer: string } };

function judgeUndecodable(
  { at, topic, advancing }: JudgedPartition,
  record: BusRecord,
  error: unknown,
  { rules }: JudgeOptions,
): UndecodableJudgement {
  const number = topic === undefined ? null : numberOf(record, topic);
  const position = number ?? { producer: UNNUMBERED, epoch: 1, sequence: Number(record.offset) + 1 };
  const advanced = advancing.find(({ producer }) => producer === position.producer);
  const kept = at.marks.get(position.producer);
  const mark = advanced ?? kept;
  // Another topic's offsets say nothing.
  const known = advanced ?? (kept?.topicId === at.topicId ? kept : undefined);
  const verdict =
    number !== null ? verdictOf(topic, mark, position, undefined) : judgeLatest(known, position);
  if (verdict === "drop") return { parking: null, position };
  if (verdict !== "apply")
    return {
      fault: { at, kind: verdict, error: new SequenceError(verdict, { record, number: position, mark }) },
    };
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
