import {
  type BusRecord,
  type GroupConsumer,
  type StartPosition,
  type TopicPartition,
  topicPartitionKey,
} from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import { StoreError } from "@bourse/store";
import { applyApart, type Tries } from "./apply-apart.ts";
import { type Backoff, createBackoff, isRetryable } from "./backoff.ts";
import { ByPartition } from "./by-partition.ts";
import { commitUnit, type UnitOfWork } from "./commit.ts";
import { createDecoder, type Decoder } from "./decode.ts";
import type { EffectConsumption } from "./definitions.ts";
import {
  type BatchFault,
  gapOf,
  type JudgedBatch,
  type JudgeOptions,
  judgeBatch,
  mayLieBefore,
} from "./effect-batch.ts";
import type { EffectParts } from "./effect-parts.ts";
import { type DecidedBatch, decideBatch } from "./effect-unit.ts";
import { elsewhereOfMarks } from "./elsewhere.ts";
import { type FailureRules, failureRules } from "./failure-policy.ts";
import { recordsBehind } from "./gap.ts";
import { GroupMembership } from "./group-membership.ts";
import { reasonOf } from "./log.ts";
import type { Mark } from "./mark.ts";
import { advanceStatement, isOutOfDate, readMarks } from "./marks.ts";
import { checkStatements, type ParkedState, QUEUED, readParkedState } from "./parked-rows.ts";
import { type AssignedPartition, noQueues } from "./parking.ts";
import { ParkingLimits } from "./parking-limits.ts";
import { rest } from "./rest.ts";
import { seekHints } from "./seek-hint.ts";
import type { ConsumptionStatus, PartitionElsewhere, Runner } from "./status.ts";
import { Tenure } from "./tenure.ts";
import { inConsumerSpan } from "./trace.ts";

/** Beyond it a transaction only gets slower. */
const MAX_BATCH = 4_000;
const NO_EFFECTS = { statements: [], events: [], result: undefined };

/** R1, R5: takes batches of a group's partitions, and applies each number once, in one transaction with its mark. */
export class EffectRunner<Service> implements Runner {
  readonly subscription: string;
  readonly #parts: EffectParts;
  readonly #service: Service;
  readonly #consumption: EffectConsumption<Service>;
  readonly #topics: ReadonlyMap<string, Topic>;
  readonly #decode: Decoder;
  readonly #rules: FailureRules;
  readonly #limits: ParkingLimits;
  readonly #tries: Tries;
  /** Partitions that are read again from another place: what is left of them in the batch in hand does not count. */
  readonly #sought = new Set<AssignedPartition>();
  /** Gaps of the batch in hand that the beginning does not fill. */
  #gaps: BatchFault[] = [];
  readonly #assigned = new ByPartition<AssignedPartition>();
  readonly #membership: GroupMembership;
  readonly #tenure = new Tenure();
  /** What memory knows of the tables must be read again before the next unit of work. */
  #isStale = false;

  constructor(parts: EffectParts, service: Service, consumption: EffectConsumption<Service>) {
    this.#parts = parts;
    this.#service = service;
    this.#consumption = consumption;
    this.subscription = consumption.subscription;
    this.#membership = new GroupMembership(parts, {
      subscription: consumption.subscription,
      join: () => this.#join(),
      follow: (consumer) => this.#follow(consumer),
      forget: () => this.#assigned.clear(),
    });
    this.#topics = new Map(consumption.topics.map((topic) => [topic.name, topic]));
    this.#decode = createDecoder(consumption.topics);
    this.#rules = failureRules(consumption);
    this.#limits = new ParkingLimits(this.#rules);
    this.#tries = {
      rules: this.#rules,
      attempt: (records, poison) => this.#attempt(records, poison),
      nowMs: () => parts.clock.nowMs(),
      backoff: () => createBackoff(parts.timer, this.#membership.closing),
      failedAlone: () => parts.metrics.recordRetries.inc({ subscription: this.subscription }),
      isClosing: () => this.#membership.closing.aborted,
    };
  }

  start(): void {
    this.#membership.start();
  }

  status(): ConsumptionStatus {
    return this.#membership.status(this.#assigned.values());
  }

  elsewhere(): Promise<readonly PartitionElsewhere[]> {
    return elsewhereOfMarks(this.#parts, this.subscription, [...this.#topics.values()], (at) =>
      this.#assigned.has(at),
    );
  }

  unready(): readonly string[] {
    return this.#membership.unready();
  }

  stopped(): readonly string[] {
    return this.#membership.stopped();
  }

  close(): Promise<void> {
    return this.#membership.close();
  }

  #join(): Promise<GroupConsumer> {
    const { bus, serviceName } = this.#parts;
    return bus.consume({
      group: `${serviceName}.${this.subscription}`,
      topics: this.#consumption.topics.map((topic) => topic.name),
      onAssigned: (partitions) => this.#assign(partitions),
      onUnreadable: (at, error) => this.#membership.unreadable(at, error),
      onRevoked: (partitions) => {
        for (const at of partitions) {
          this.#assigned.delete(at);
          this.#membership.revoked(at);
        }
      },
    });
  }

  async #follow(consumer: GroupConsumer): Promise<void> {
    const { maxBatch = MAX_BATCH, restMs = 0 } = this.#consumption;
    const { timer } = this.#parts;
    let found: readonly BusRecord[] = [];
    while (!this.#membership.closing.aborted) {
      const records = found.length > 0 ? found : await consumer.take(maxBatch);
      if (records.length === 0) return;
      this.#sought.clear();
      await applyApart(this.#tries, records);
      found = await this.#lookBehind(consumer);
      await rest({ restMs, records: records.length, timer, signal: this.#membership.closing });
    }
  }

  /** Where to read from: the marks, never the group's offsets (R5). */
  async #assign(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, StartPosition>> {
    this.#parts.metrics.rebalances.inc({ subscription: this.subscription });
    const { bus } = this.#parts;
    const { term } = this.#membership;
    const { topicIds, marks, parked, hints } = await this.#membership.untilAnswered(
      "marks.read",
      async () => {
        const ids = new Map((await bus.topics()).map((topic) => [topic.name, topic.id]));
        const tables = await this.#readTables();
        const known = { marks: tables.marks, topicIds: ids };
        return {
          ...tables,
          ...known,
          hints: await seekHints(bus, partitions, known, this.#membership.closing),
        };
      },
    );
    const positions = new Map<string, StartPosition>();
    if (term !== this.#membership.term) return positions;
    for (const { topic, partition } of partitions) {
      const own = marks.filter((mark) => mark.topic === topic && mark.partition === partition);
      const topicId = topicIds.get(topic) ?? "";
      const hint = this.#membership.hintOf({ topic, partition }, hints);
      const byProducer = new Map(own.map((mark) => [mark.producer, mark]));
      const at = { topic, partition };
      this.#assigned.set(at, {
        topic,
        partition,
        topicId,
        marks: byProducer,
        mayLieBefore: hint !== null,
        nextOffset: hint,
        queues: noQueues(),
      });
      positions.set(topicPartitionKey(at), hint ?? "earliest");
    }
    // Of these alone: a transaction of the others may be under way, and is not in what was read.
    const given = parked.filter((state) => positions.has(topicPartitionKey(state)));
    this.#know(given);
    this.#tenure.renew();
    for (const state of given) this.#limits.inherit(state, this.#parts.clock.nowMs(), state.recent);
    this.#membership.works();
    return positions;
  }

  /** The marks first: what is parked after them moves them too, and is noticed by their compare-and-set (R5, R12). */
  async #readTables(): Promise<{ readonly marks: readonly Mark[]; readonly parked: readonly ParkedState[] }> {
    const { store, clock } = this.#parts;
    const marks = await readMarks(store, this.subscription);
    const parked = await readParkedState(store, this.subscription, clock.nowMs());
    return { marks, parked };
  }

  #know(parked: readonly ParkedState[]): void {
    for (const state of parked) {
      const at = this.#assigned.get(state);
      if (at !== undefined) at.queues = state.queues;
    }
  }

  /**
   * Until the records are applied, parked or dropped, or the runner closes: null. Waits for dependencies for ever.
   * Else what the unit of work failed with. Rejects where the log itself can't be followed.
   */
  async #attempt(
    records: readonly BusRecord[],
    poison?: JudgeOptions["poison"],
  ): Promise<{ readonly error: unknown } | null> {
    const { timer, metrics } = this.#parts;
    let backoff: Backoff | null = null;
    let uncertain: DecidedBatch | null = null;
    for (;;) {
      if (this.#isStale) await this.#reload();
      const judged = this.#judge(records, poison);
      const tried: { decided: DecidedBatch } = { decided: { judged, effects: NO_EFFECTS, rows: [] } };
      try {
        if (judged.advances.length > 0) await this.#commit(records, judged, tried);
      } catch (error) {
        const rested = this.#tenure.undone();
        const unknown = error instanceof StoreError && error.code === "commit_unknown";
        const outOfDate = isOutOfDate(error);
        if (!unknown && !outOfDate && !isRetryable(error)) {
          if (!rested) return { error };
          continue;
        }
        // A COMMIT of unknown outcome may still be under way when the marks are read: it then shows as a moved mark.
        if (unknown) uncertain = tried.decided;
        if (unknown || outOfDate) {
          await this.#reload();
          if (uncertain !== null && this.#isApplied(uncertain.judged)) {
            this.#settle(uncertain, true);
            uncertain = null;
          }
          if (!unknown) continue;
        }
        metrics.retries.inc({ subscription: this.subscription });
        this.#membership.failed(error);
        backoff ??= createBackoff(timer, this.#membership.closing);
        await backoff.wait();
        if (this.#membership.closing.aborted) return null;
        continue;
      }
      this.#settle(tried.decided, false);
      this.#membership.works();
      return null;
    }
  }

  #judge(records: readonly BusRecord[], poison: JudgeOptions["poison"]): JudgedBatch {
    const options = {
      partitionOf: this.#partitionOf,
      topics: this.#topics,
      decode: this.#decode,
      rules: this.#rules,
    };
    return judgeBatch(records, poison === undefined ? options : { ...options, poison });
  }

  readonly #partitionOf = (at: TopicPartition): AssignedPartition | undefined => {
    const found = this.#assigned.get(at);
    return found !== undefined && this.#sought.has(found) ? undefined : found;
  };

  /** One transaction: the marks in front, the effects, what is parked, the outbox last (R5, R12). */
  async #commit(
    records: readonly BusRecord[],
    judged: JudgedBatch,
    tried: { decided: DecidedBatch },
  ): Promise<void> {
    const { commit, serviceName } = this.#parts;
    const traceparent = judged.envelopes[0]?.traceparent;
    const inHand = {
      consumption: this.#consumption,
      service: this.#service,
      topics: this.#topics,
      records,
      rules: this.#rules,
      tenure: this.#tenure,
    };
    await inConsumerSpan(`${serviceName}.${this.subscription}`, traceparent, async (span) => {
      span.setAttribute("batch.size", judged.envelopes.length);
      const unitOfWork: UnitOfWork<void> = {
        name: `consume.${this.subscription}`,
        front: [
          advanceStatement(this.subscription, judged.advances),
          ...checkStatements(this.subscription, [...judged.reached.keys()]),
        ],
        traceparent,
        work: async (unit) => {
          const decided = await decideBatch(inHand, judged, unit);
          if (decided.rows.length > 0) this.#limits.check(unit.nowMs, decided.rows, this.#waiting());
          tried.decided = decided;
          return decided.effects;
        },
      };
      const { around } = this.#consumption;
      const unit = async (): Promise<void> => void (await commitUnit(commit, unitOfWork));
      await (around === undefined ? unit() : around(this.#service, unit));
    });
  }

  /** After the commit, never before: memory follows the tables. */
  #settle({ judged, rows }: DecidedBatch, isReloaded: boolean): void {
    const { metrics } = this.#parts;
    const label = { subscription: this.subscription };
    this.#tenure.settled();
    if (rows.length > 0) this.#parked(rows, isReloaded);
    if (judged.duplicates > 0) metrics.duplicatesDropped.inc(label, judged.duplicates);
    for (const { to } of judged.advances) {
      const at = this.#assigned.get(to);
      at?.marks.set(to.producer, to);
      if (at !== undefined) at.mayLieBefore = true;
    }
    for (const [at, nextOffset] of judged.reached) {
      at.nextOffset = nextOffset;
      this.#membership.reached(at, nextOffset);
    }
    if (judged.envelopes.length > 0) {
      metrics.unitsCommitted.inc(label);
      metrics.batchSize.observe(label, judged.envelopes.length);
      metrics.eventLatency.observe(label, this.#parts.clock.nowMs() - oldestMs(judged.envelopes));
    }
    const parked = judged.parkings.flatMap(({ envelope }) => (envelope === null ? [] : [envelope]));
    if (judged.envelopes.length > 0 || parked.length > 0)
      this.#consumption.committed?.(this.#service, judged.envelopes, parked);
    let stopping: BatchFault | undefined;
    for (const fault of judged.faults) {
      if (mayLieBefore(fault)) this.#lookBefore(fault);
      else if (gapOf(fault) === null) stopping ??= fault;
      else {
        this.#gaps.push(fault);
        this.#sought.add(fault.at);
      }
    }
    if (stopping !== undefined) throw stopping.error;
  }

  /** The place may be beyond what a broker that lost its tail has there now: the numbers decide, not the offsets. */
  #lookBefore({ at, error }: BatchFault): void {
    at.mayLieBefore = false;
    this.#membership.distrusted(at, reasonOf(error));
    this.#sought.add(at);
    this.#membership.consumer?.seek(at, "earliest");
  }

  /** What the log has of the missing numbers behind their gaps is applied next. Rejects where it has none of them. */
  async #lookBehind(consumer: GroupConsumer): Promise<readonly BusRecord[]> {
    const all: BusRecord[] = [];
    const { closing } = this.#membership;
    const looking = { ...this.#parts, subscription: this.subscription, closing };
    for (const fault of this.#gaps.splice(0)) {
      const gap = gapOf(fault);
      if (gap === null || this.#assigned.get(fault.at) !== fault.at) continue;
      const found = await this.#membership.untilAnswered("log.read", () => recordsBehind(looking, gap));
      if (closing.aborted) return [];
      if (found.length === 0) throw fault.error;
      consumer.seek(fault.at, gap.record.offset);
      all.push(...found);
    }
    return all;
  }

  #waiting(): number {
    let waiting = 0;
    for (const { queues } of this.#assigned.values()) waiting += queues.waiting;
    return waiting;
  }

  /** Memory, metrics and the log of what is parked by now. */
  #parked(rows: DecidedBatch["rows"], isReloaded: boolean): void {
    const { metrics, log, clock } = this.#parts;
    for (const { parking, place, code, message } of rows) {
      const { record, queue } = parking;
      metrics.parkedRecords.inc({ subscription: this.subscription, reason: code });
      if (code === QUEUED) continue;
      metrics.deadLetters.inc({ subscription: this.subscription, reason: code });
      const { topic, partition, offset } = record;
      log.error(
        {
          subscription: this.subscription,
          topic,
          partition,
          offset: String(offset),
          place,
          queue,
          reason: `${code}: ${message}`,
        },
        "record parked",
      );
    }
    this.#limits.parked(clock.nowMs(), rows);
    // What was read from the tables since is newer: a redrive may have unparked some of it already.
    if (isReloaded) return;
    for (const { parking, place } of rows) {
      const { at, queue } = parking;
      const now = this.#assigned.get(at);
      // Given away and given back meanwhile: what was read then may be from before this commit.
      if (now !== undefined && now !== at) this.#isStale = true;
      at.queues.nextPlace = place + 1;
      at.queues.waiting++;
      if (queue !== null) at.queues.keys.add(queue);
    }
  }

  /** The tables' marks replace memory's. Partitions that are another's by now were dropped when they were revoked. */
  async #reload(): Promise<void> {
    const { marks, parked } = await this.#membership.untilAnswered("marks.read", () => this.#readTables());
    this.#isStale = false;
    this.#tenure.renew();
    for (const at of this.#assigned.values()) {
      at.marks.clear();
      at.queues = noQueues();
    }
    this.#know(parked);
    for (const mark of marks) this.#assigned.get(mark)?.marks.set(mark.producer, mark);
  }

  #isApplied(judged: JudgedBatch): boolean {
    return judged.advances.every(({ to }) => {
      const mark: Mark | undefined = this.#assigned.get(to)?.marks.get(to.producer);
      if (mark === undefined) return false;
      return mark.epoch > to.epoch || (mark.epoch === to.epoch && mark.sequence >= to.sequence);
    });
  }
}

function oldestMs(envelopes: readonly { readonly timeMs: number }[]): number {
  return envelopes.reduce((oldest, { timeMs }) => Math.min(oldest, timeMs), Number.POSITIVE_INFINITY);
}
