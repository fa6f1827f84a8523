import { assert } from "@bourse/base";
import { chunksOfRecords, type GroupConsumer, type TopicPartition, topicPartitionKey } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import { StoreError } from "@bourse/store";
import { type Backoff, createBackoff, isRetryable, retryForEver } from "../backoff.ts";
import { commitUnit } from "../commit.ts";
import { deadLetters, parkedRows } from "../dead-letter.ts";
import { type BatchFault, gapOf, mayLieBefore } from "../effect-batch.ts";
import type { EffectParts } from "../effect-parts.ts";
import { blameOf, type FailureRules, RecordRefused } from "../failure-policy.ts";
import { recordsBehind } from "../gap.ts";
import type { GroupMembership } from "../group-membership.ts";
import { reasonOf } from "../log.ts";
import type { Mark } from "../mark.ts";
import { advanceStatement, isOutOfDate, readMarks } from "../marks.ts";
import { type ParkedRow, parkStatements, readParkedState } from "../parked-rows.ts";
import { noQueues, type Parking } from "../parking.ts";
import type { ParkingLimits } from "../parking-limits.ts";
import { rest } from "../rest.ts";
import { isRowsMoved } from "../rows-moved.ts";
import type { BulkEffects, BulkProgram, BulkTools } from "./bulk-definitions.ts";
import {
  type BulkFault,
  type BulkPartition,
  type JudgedChunks,
  judgeChunks,
  NUMBER_HEADERS,
  type TakenSlice,
} from "./judge-chunks.ts";
import { SpentChunks } from "./spent-chunks.ts";

interface Taken {
  readonly slices: readonly TakenSlice[];
  /** Who had their partitions then. One that was given away and back meanwhile is read anew, from where its marks are. */
  readonly held: ReadonlySet<BulkPartition>;
}

/** Records on their way into the tables: what was taken, and what comes of it as far as is known now. */
interface Work extends Taken {
  readonly judged: JudgedChunks;
  readonly effects: BulkEffects;
  /** What must stop the subscription once what lies before it is applied. */
  readonly fault: BatchFault | null;
  /** Partitions that are read again from another place. */
  readonly sought: ReadonlySet<BulkPartition>;
}

/** What the lanes of a subscription have together. */
export interface BulkLaneParts {
  readonly parts: EffectParts;
  readonly subscription: string;
  readonly topics: ReadonlyMap<string, Topic>;
  readonly rules: FailureRules;
  readonly limits: ParkingLimits;
  readonly membership: GroupMembership;
  readonly maxBatch: number;
  readonly restMs: number;
  /** Parked records of all lanes. */
  readonly waiting: () => number;
  /** A lane has applied what it had in hand. */
  readonly works: () => void;
}

/**
 * Some of a member's partitions, in one transaction after the other: while one batch commits, the next is prepared. What
 * another lane, or another instance, has written beside it shows at the marks, the versions and the constraints.
 */
export class BulkLane {
  readonly assigned = new Map<string, BulkPartition>();
  readonly #shared: BulkLaneParts;
  readonly #parts: EffectParts;
  readonly #program: BulkProgram;
  /** A batch has failed and is tried again: nothing is prepared beside it. */
  #isMending = false;
  /** Memory must be read again from the tables, and what was prepared by it must be prepared again. */
  #isStale = false;
  /** What prepares or reloads, and what waits to. */
  #last: Promise<unknown> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;
  #isFailing = false;
  /** What was missing, and lies behind its gap in the log: taken before anything else. */
  #found: Taken[] = [];

  constructor(shared: BulkLaneParts, program: BulkProgram) {
    this.#shared = shared;
    this.#parts = shared.parts;
    this.#program = program;
  }

  /** Other partitions are the member's from now on: memory is of partitions that others may have by now. */
  shareChanged(): void {
    this.#isStale = true;
  }

  /** Its last attempt failed, and is made again. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Until the consumer is closed, which it closes itself where it fails. Rejects with what the lane fails of. */
  async follow(consumer: GroupConsumer): Promise<void> {
    this.#failure = null;
    this.#isFailing = false;
    this.#isStale = true;
    this.#found = [];
    const { restMs, membership } = this.#shared;
    const { timer } = this.#parts;
    let committing = Promise.resolve(true);
    const spent = new SpentChunks();
    try {
      while (!membership.closing.aborted) {
        const taken = this.#found.shift() ?? (await this.#take(consumer));
        if (taken.slices.length === 0) break;
        if ((this.#isMending || this.#isStale) && !(await committing)) break;
        if (this.#isStale) await this.#reload();
        let work = await this.#prepare(taken, false);
        if (!(await committing)) break;
        while (this.#isStale) {
          await this.#reload();
          work = await this.#prepare(work, false);
        }
        spent.prepared(taken.slices, work.judged.count);
        committing = this.#applyOrFail(work, consumer);
        await rest({ restMs, records: work.judged.count, timer, signal: membership.closing });
      }
    } catch (error) {
      this.#failure ??= { error };
      void consumer.close();
    } finally {
      await committing;
    }
    if (this.#failure !== null) throw (this.#failure as { readonly error: unknown }).error;
  }

  async #take(consumer: GroupConsumer): Promise<Taken> {
    const isOwn = (at: TopicPartition): boolean => this.assigned.has(topicPartitionKey(at));
    const slices = await consumer.takeChunks(this.#shared.maxBatch, isOwn);
    return { slices, held: new Set(this.assigned.values()) };
  }

  #works(): void {
    this.#isFailing = false;
    this.#shared.works();
  }

  #failed(error: unknown, what?: string): void {
    this.#isFailing = true;
    this.#shared.membership.failed(error, what);
  }

  /** Waits for a dependency for ever, or until it is to end. */
  #untilAnswered<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const signal = this.#shared.membership.closing;
    const failed = (error: unknown): void => this.#failed(error, what);
    return retryForEver({ timer: this.#parts.timer, signal, failed }, attempt);
  }

  /** One at a time: the program forgets between two preparations, never within one. */
  #prepare(taken: Taken, isCareful: boolean): Promise<Work> {
    return this.#alone(() => this.#prepareAlone(taken, isCareful));
  }

  #reload(): Promise<void> {
    return this.#alone(() => this.#reloadAlone());
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** By the numbers first, then by the program. Waits for the database for ever. */
  async #prepareAlone({ slices, held }: Taken, isCareful: boolean): Promise<Work> {
    const judged = judgeChunks(slices, (chunk) => {
      const at = this.assigned.get(topicPartitionKey(chunk));
      return at !== undefined && held.has(at) ? at : undefined;
    });
    for (const { to } of judged.advances) {
      const at = this.assigned.get(topicPartitionKey(to));
      if (at !== undefined) at.mayLieBefore = true;
    }
    const passed = judged.faults.filter(mayLieBefore);
    for (const each of passed) this.#lookBefore(each);
    let fault: BatchFault | null = null;
    for (const each of judged.faults) {
      if (passed.includes(each)) continue;
      if (await this.#liesBehind(each)) passed.push(each);
      else fault ??= each;
    }
    const { store, clock } = this.#parts;
    const tools: BulkTools = {
      nowMs: clock.nowMs(),
      query: (statement) => store.query(statement),
      isCareful,
    };
    const effects =
      judged.count === 0
        ? NO_EFFECTS
        : await this.#untilAnswered("prepare", () => this.#program.prepare(judged, tools));
    const sought = new Set(passed.map(({ at }) => at));
    return { slices: withoutFaulted(slices, judged, passed), held, judged, effects, fault, sought };
  }

  /** The place may be beyond what a broker that lost its tail has there now: the numbers decide, not the offsets. */
  #lookBefore(fault: BatchFault): void {
    fault.at.mayLieBefore = false;
    this.#shared.membership.distrusted(fault.at, reasonOf(fault.error));
    this.#shared.membership.consumer?.seek(fault.at, "earliest");
  }

  /** Whether the log has what is missing behind its gap: that is taken next. */
  async #liesBehind(fault: BulkFault): Promise<boolean> {
    const gap = gapOf(fault);
    if (gap === null) return false;
    const { subscription, membership } = this.#shared;
    const { at } = fault;
    const looking = { ...this.#parts, subscription, closing: membership.closing };
    const found = await this.#untilAnswered("log.read", () => recordsBehind(looking, gap));
    // Another's by now, or its own once more, and read anew.
    if (this.assigned.get(topicPartitionKey(at)) !== at) return true;
    if (found.length === 0) return false;
    const goesOnAt = gap.record.offset;
    const slices = chunksOfRecords(found, NUMBER_HEADERS).map((slice) => ({ ...slice, goesOnAt }));
    this.#found.push({ slices, held: new Set([at]) });
    membership.consumer?.seek(at, goesOnAt);
    return true;
  }

  /**
   * Whether the next batch may be applied. What was prepared beside one that has failed follows what is not so, and is
   * prepared again.
   */
  async #applyOrFail(work: Work, consumer: GroupConsumer): Promise<boolean> {
    try {
      return await this.#apply(work, 0);
    } catch (error) {
      this.#failure ??= { error };
      // What waits for records must hear of it.
      void consumer.close();
      return false;
    } finally {
      this.#isStale ||= this.#isMending;
      this.#isMending = false;
    }
  }

  /**
   * True once all of it is applied, parked or dropped; false where the runner closes before: nothing that follows may be
   * applied then. Rejects with what must stop the subscription.
   */
  async #apply(given: Work, failures: number): Promise<boolean> {
    const { timer, metrics } = this.#parts;
    let backoff: Backoff | null = null;
    let work = given;
    let uncertain: { readonly work: Work; readonly rows: readonly ParkedRow[] } | null = null;
    while (!this.#shared.membership.closing.aborted || backoff === null) {
      const rows = this.#rowsOf(work);
      try {
        await this.#commit(work, rows);
      } catch (error) {
        this.#isMending = true;
        const isUnknown = error instanceof StoreError && error.code === "commit_unknown";
        const hasMoved = isOutOfDate(error) || isRowsMoved(error);
        if (isUnknown) uncertain = { work, rows };
        // A COMMIT of unknown outcome may still be under way when the marks are read: it then shows as a moved mark.
        if ((isUnknown || hasMoved) && uncertain !== null && (await this.#wasApplied(uncertain.work))) {
          this.#settle(uncertain.work, uncertain.rows);
          return true;
        }
        if (hasMoved) {
          uncertain = null;
          await this.#reload();
          work = await this.#prepare(work, failures > 0);
          continue;
        }
        if (!isUnknown && !isRetryable(error)) return await this.#applyApart(work, error, failures);
        metrics.retries.inc({ subscription: this.#shared.subscription });
        this.#failed(error);
        backoff ??= createBackoff(timer, this.#shared.membership.closing);
        await backoff.wait();
        continue;
      }
      // A fault of the log is nobody's failure: the batch is not tried apart for it.
      this.#settle(work, rows);
      return true;
    }
    return false;
  }

  /** Once more with care; then in halves, until the record that fails is alone (R12). */
  async #applyApart(work: Work, error: unknown, failures: number): Promise<boolean> {
    if (blameOf(error) === "stop") throw error;
    await this.#reload();
    if (failures === 0) return await this.#apply(await this.#prepare(work, true), 1);
    const count = work.slices.reduce((sum, { from, to }) => sum + to - from, 0);
    if (count > 1) {
      const [first, second] = halves(work.slices, count >> 1);
      const { held } = work;
      const before = await this.#prepare({ slices: first, held }, true);
      if (!(await this.#apply(before, failures + 1))) return false;
      // A partition that is read again from another place is not gone on with here.
      const rest = { slices: second, held: held.difference(before.sought) };
      return await this.#apply(await this.#prepare(rest, true), failures + 1);
    }
    if (failures > this.#shared.rules.attempts + MOST_HALVINGS) throw error;
    const alone = await this.#prepare(work, true);
    const [range] = alone.judged.ranges;
    if (range === undefined) return await this.#apply(alone, failures + 1);
    const refusal = { range, index: range.from, code: "retries_exhausted", message: reasonOf(error) };
    const effects = { ...NO_EFFECTS, parked: [refusal] };
    // It remembers the record as applied.
    this.#program.reset();
    this.#parts.metrics.recordRetries.inc({ subscription: this.#shared.subscription });
    return await this.#apply({ ...alone, effects }, this.#shared.rules.attempts + MOST_HALVINGS + 1);
  }

  /** What is parked of it, behind what is parked by now. */
  #rowsOf({ judged, effects }: Work): readonly ParkedRow[] {
    return parkedRows({ parkings: parkingsOf(judged, effects) }, this.#parts.clock.nowMs());
  }

  /** One transaction: the marks first, the effects, what is parked, the outbox last (R5, R12). */
  async #commit({ judged, effects }: Work, rows: readonly ParkedRow[]): Promise<void> {
    await effects.before?.();
    if (judged.advances.length === 0) return;
    const { commit, clock } = this.#parts;
    if (rows.length > 0) this.#shared.limits.check(clock.nowMs(), rows, this.#shared.waiting());
    await commitUnit(commit, {
      name: `consume.${this.#shared.subscription}`,
      front: [advanceStatement(this.#shared.subscription, judged.advances)],
      traceparent: undefined,
      work: async ({ nowMs }) => ({
        statements:
          rows.length === 0
            ? effects.statements
            : [...effects.statements, ...parkStatements(this.#shared.subscription, nowMs, rows)],
        events:
          rows.length === 0
            ? effects.events
            : [...effects.events, ...deadLetters(this.#shared.subscription, rows, this.#shared.topics)],
        result: undefined,
      }),
    });
  }

  /** After the commit, never before: memory follows the tables. */
  #settle({ judged, effects, fault }: Work, rows: readonly ParkedRow[]): void {
    const { metrics } = this.#parts;
    const label = { subscription: this.#shared.subscription };
    if (judged.duplicates > 0) metrics.duplicatesDropped.inc(label, judged.duplicates);
    for (const { to } of judged.advances)
      this.assigned.get(topicPartitionKey(to))?.marks.set(to.producer, to);
    for (const [at, nextOffset] of judged.reached) {
      at.nextOffset = nextOffset;
      if (this.assigned.get(topicPartitionKey(at)) === at) this.#shared.membership.reached(at, nextOffset);
    }
    if (rows.length > 0) this.#parked(rows);
    if (judged.count > 0) {
      metrics.unitsCommitted.inc(label);
      metrics.batchSize.observe(label, judged.count);
      metrics.eventLatency.observe(label, this.#ageOfOldest(judged));
      this.#program.committed?.(judged, effects);
    }
    this.#works();
    if (fault !== null) throw fault.error;
  }

  /** In milliseconds, by the log's times: each range is in its order. */
  #ageOfOldest({ ranges }: JudgedChunks): number {
    const nowMs = this.#parts.clock.nowMs();
    const oldestMs = ranges.reduce(
      (ms, { chunk, from }) => Math.min(ms, chunk.timesMs[from] ?? nowMs),
      nowMs,
    );
    return nowMs - oldestMs;
  }

  /** One line for each reason: a stream may have many of them. */
  #parked(rows: readonly ParkedRow[]): void {
    const { metrics, log, clock } = this.#parts;
    const subscription = this.#shared.subscription;
    this.#shared.limits.parked(clock.nowMs(), rows);
    for (const [reason, ofReason] of Map.groupBy(rows, ({ code }) => code)) {
      metrics.parkedRecords.inc({ subscription, reason }, ofReason.length);
      metrics.deadLetters.inc({ subscription, reason }, ofReason.length);
      const first = ofReason[0]?.parking.record;
      const at = `${first?.topic}/${first?.partition}/${first?.offset}`;
      log.error(
        { subscription, reason, records: ofReason.length, first: at, message: ofReason[0]?.message },
        "records parked",
      );
    }
    for (const { parking, place } of rows) {
      parking.at.queues.nextPlace = Math.max(parking.at.queues.nextPlace, place + 1);
      parking.at.queues.waiting++;
    }
  }

  /** The tables' marks replace memory's, and the program forgets. */
  async #reloadAlone(): Promise<void> {
    const { store, clock } = this.#parts;
    this.#isStale = false;
    const { marks, parked } = await this.#untilAnswered("marks.read", async () => ({
      marks: await readMarks(store, this.#shared.subscription),
      parked: await readParkedState(store, this.#shared.subscription, clock.nowMs()),
    }));
    this.#program.reset();
    for (const at of this.assigned.values()) {
      at.marks.clear();
      at.expected.clear();
      at.queues = noQueues();
    }
    for (const state of parked) {
      const at = this.assigned.get(topicPartitionKey(state));
      if (at !== undefined) at.queues = state.queues;
    }
    for (const mark of marks) {
      const at = this.assigned.get(topicPartitionKey(mark));
      at?.marks.set(mark.producer, mark);
      at?.expected.set(mark.producer, mark);
    }
  }

  /** By the tables' marks. */
  async #wasApplied({ judged }: Work): Promise<boolean> {
    const marks = await this.#untilAnswered("marks.read", () =>
      readMarks(this.#parts.store, this.#shared.subscription),
    );
    const isReached = (mark: Mark, to: Mark): boolean =>
      mark.epoch > to.epoch || (mark.epoch === to.epoch && mark.sequence >= to.sequence);
    return judged.advances.every(({ to }) =>
      marks.some(
        (mark) =>
          mark.topic === to.topic &&
          mark.partition === to.partition &&
          mark.producer === to.producer &&
          isReached(mark, to),
      ),
    );
  }
}

/** A batch of 2^30 records is halved down to one. */
const MOST_HALVINGS = 30;
const NO_EFFECTS: BulkEffects = { statements: [], events: [], parked: [] };

/** What the program refuses, and what has no number, in the order of the log. */
function parkingsOf({ parkings, reached }: JudgedChunks, { parked }: BulkEffects): readonly Parking[] {
  if (parked.length === 0) return parkings;
  const refused = parked.map(({ range, index, code, message }): Parking => {
    const { chunk, producer, epoch } = range;
    const at = [...reached.keys()].find(
      ({ topic, partition }) => topic === chunk.topic && partition === chunk.partition,
    );
    assert(at !== undefined, "a record that is refused was taken from a partition");
    const number = { producer, epoch, sequence: range.firstSequence + index - range.from };
    const failure = { code, error: new RecordRefused(code, message), attempts: 1, firstFailedMs: null };
    return { at, record: chunk.record(index), envelope: null, number, queue: null, failure };
  });
  return [...parkings, ...refused].sort((a, b) => (a.record.offset < b.record.offset ? -1 : 1));
}

/** Without what follows these faults: it is not looked at again. */
function withoutFaulted(
  slices: readonly TakenSlice[],
  { reached }: JudgedChunks,
  faults: readonly BulkFault[],
): readonly TakenSlice[] {
  if (faults.length === 0) return slices;
  const ends = new Map(faults.map(({ at }) => [topicPartitionKey(at), Number(reached.get(at) ?? 0n)]));
  return slices.flatMap((slice) => {
    const { chunk, from, to } = slice;
    const end = ends.get(topicPartitionKey(chunk));
    if (end === undefined) return [slice];
    let last = from;
    while (last < to && (chunk.offsets[last] ?? 0) < end) last++;
    return last > from ? [{ ...slice, to: last }] : [];
  });
}

/** The first `count` records, and the others. */
function halves(
  slices: readonly TakenSlice[],
  count: number,
): readonly [readonly TakenSlice[], readonly TakenSlice[]] {
  const first: TakenSlice[] = [];
  const second: TakenSlice[] = [];
  let left = count;
  for (const slice of slices) {
    const { from, to } = slice;
    const cut = Math.min(to, from + left);
    if (cut > from) first.push({ ...slice, to: cut });
    if (cut < to) second.push({ ...slice, from: cut });
    left -= cut - from;
  }
  return [first, second];
}
