import { type Clock, OperationalError, type Timer } from "@bourse/base";
import {
  type EventBus,
  LogChangedError,
  LostEndError,
  type OutgoingBatch,
  type OutgoingRecord,
  type SentBatch,
} from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import type { Store } from "@bourse/store";
import { type Backoff, createBackoff, retryForEver } from "./backoff.ts";
import type { RunSink } from "./commit.ts";
import { askingOnce } from "./elsewhere.ts";
import { LARGEST_BATCH } from "./highest-numbers.ts";
import { type Log, reasonOf } from "./log.ts";
import { hasSeveralWriters, lostEnds } from "./lost-ends.ts";
import type { DeliveryMetrics } from "./metrics.ts";
import { type Run, readRunsStatement, runsOf } from "./outbox.ts";
import { OutboxWaits } from "./outbox-waits.ts";
import { addRecords } from "./outgoing-records.ts";
import { type QueuedRecords, RelayLane } from "./relay-lane.ts";
import { LingeringLanes } from "./relay-linger.ts";
import type { SentMark } from "./relay-place.ts";
import { laneKey, readHeads, readSent, resumeLanes } from "./relay-resume.ts";
import { isInLog, type LastApplied } from "./seek-hint.ts";
import { numberArray, separated } from "./separated.ts";

export interface RelayParts {
  readonly producer: string;
  readonly publishes: readonly Topic[];
  readonly store: Store;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  readonly metrics: DeliveryMetrics;
  readonly bounds?: Partial<RelayBounds>;
}

/** Every queue has a named bound. */
export interface RelayBounds {
  /** One `send` of one partition. */
  readonly batchRecords: number;
  readonly batchCharacters: number;
  /** What is kept in memory between commit and acknowledgement, over all partitions; the rest is read from the table. */
  readonly queuedRecords: number;
  /** Rows of one read of the table: of which most hold few events, and some a whole batch's. */
  readonly readRows: number;
  /** What is read further than one row at once. */
  readonly readRecords: number;
  /** How long an earlier commit's hand-off may be overtaken by a later one's before the table is read. */
  readonly reorderWaitMs: number;
  /** How often the table is asked for rows of other instances, and the sent marks are written. */
  readonly pollMs: number;
  readonly drainMs: number;
}

const BOUNDS: RelayBounds = {
  batchRecords: LARGEST_BATCH,
  batchCharacters: 400_000,
  queuedRecords: 100_000,
  readRows: 1_000,
  readRecords: 2 * LARGEST_BATCH,
  reorderWaitMs: 3,
  pollMs: 1_000,
  drainMs: 10_000,
};
const GAP_REST_MS = 1_000;
/** How often the ends are looked at of topics that nothing is sent to. */
const LOOK_EVERY_MS = 30_000;
/** By how it was found. */
const FILLED_AGAIN = {
  lost_end: "the topic has lost its end: it is filled again from the outbox, behind this number",
  gap_written:
    "the topic has lost its end and has later numbers there now: it is filled again from the outbox, behind them",
  noted: "another instance has seen that the topic has lost what it had: it is filled again from the outbox",
};
export const MARK_SENT = "SELECT outbox_mark_sent($1, $2, $3, $4, $5, $6, $7)";

/** R4: sends what is committed, in order, one batch in flight per partition; sends again what is uncertain; never skips. */
export class Relay implements RunSink {
  readonly #parts: RelayParts;
  readonly #bounds: RelayBounds;
  readonly #lanes = new Map<string, RelayLane>();
  /** By topic and partition. */
  readonly #byTopic = new Map<string, readonly RelayLane[]>();
  /** Topics that other services write to, too. */
  readonly #shared: ReadonlySet<string>;
  readonly #queued: QueuedRecords = { records: 0 };
  readonly #stopping = new AbortController();
  readonly #cancel: (() => void)[] = [];
  #resumed = false;
  /** Why it has not come to that yet. */
  #resumeTrouble: string | null = null;
  #polling = false;
  #pollFailed = false;
  /** Partitions whose records the bus does not take, and why: another one's success says nothing of them. */
  readonly #failing = new Map<RelayLane, string>();
  readonly #waits = new OutboxWaits();
  readonly #lingering: LingeringLanes;
  #draining = false;
  #idle: (() => void)[] = [];

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#bounds = { ...BOUNDS, ...parts.bounds };
    this.#lingering = new LingeringLanes(parts, (lane) => this.#drive(lane));
    this.#shared = new Set(parts.publishes.filter(hasSeveralWriters).map(({ name }) => name));
    for (const topic of parts.publishes) {
      // An alarm on an increase needs the zero before it.
      parts.metrics.lostEnds.inc({ topic: topic.name }, 0);
      const lanes = Array.from(
        { length: topic.partitions },
        (_, partition) => new RelayLane(topic.name, partition, this.#queued),
      );
      this.#byTopic.set(topic.name, lanes);
      for (const lane of lanes) this.#lanes.set(laneKey(lane.topic, lane.partition), lane);
    }
  }

  /** Reads back where the topics end and goes on from there. Rejects only when the service must not start (R6). */
  async start(): Promise<void> {
    const { timer } = this.#parts;
    const what = "relay.resume";
    const resume = () => resumeLanes(this.#parts, [...this.#lanes.values()]);
    await this.#retry(what, resume, (error) => {
      this.#resumeTrouble = reasonOf(error);
    });
    if (this.#stopping.signal.aborted) throw new OperationalError("relay_stopped", what, { retryable: true });
    this.#resumed = true;
    this.#cancel.push(timer.every(this.#bounds.pollMs, () => void this.#poll(false)));
    this.#cancel.push(timer.every(LOOK_EVERY_MS, () => void this.#lookAtEnds()));
    // What was committed while the tails were read was not handed over to anybody.
    await this.#poll(true);
    for (const lane of this.#lanes.values()) this.#drive(lane);
  }

  hand(runs: readonly Run[]): void {
    if (!this.#resumed) return;
    for (const run of runs) {
      const lane = this.#byTopic.get(run.topic)?.[run.partition];
      if (lane === undefined || lane.fault !== null) continue;
      try {
        lane.offer(run, this.#bounds.queuedRecords - this.#queued.records);
      } catch (error) {
        // The transaction is committed whatever becomes of its relay: the caller must hear yes.
        this.#stop(lane, error);
      }
      if (!this.#lingers(lane)) this.#drive(lane);
    }
  }

  /** Says whether the lane waits for more, and sees to it that it does not wait for long. */
  #lingers(lane: RelayLane): boolean {
    if (this.#draining || lane.queuedRecords >= this.#bounds.batchRecords) return false;
    return this.#lingering.add(lane);
  }

  lookAgain(): void {
    if (this.#resumed) void this.#poll(true);
  }

  /** Why the service is not ready on the relay's account. */
  unready(): readonly string[] {
    if (!this.#resumed) {
      const why = this.#resumeTrouble === null ? "" : `: ${this.#resumeTrouble}`;
      return [`relay: reading back where the topics end${why}`];
    }
    const reasons: string[] = [];
    if (this.#failing.size > 0)
      reasons.push(
        `relay: the bus does not take records of ${[...this.failing].sort().join(", ")}: ` +
          [...new Set(this.#failing.values())].sort().join("; "),
      );
    return [...reasons, ...this.stopped()];
  }

  /** Of these, what no broker that comes back will mend. */
  stopped(): readonly string[] {
    const reasons: string[] = [];
    for (const lane of this.#lanes.values()) if (lane.fault !== null) reasons.push(`relay: ${lane.fault}`);
    return reasons;
  }

  /** Committed events that the bus has not acknowledged, for each topic. */
  backlog(): ReadonlyMap<string, number> {
    const backlog = new Map<string, number>();
    for (const lane of this.#lanes.values()) {
      backlog.set(lane.topic, (backlog.get(lane.topic) ?? 0) + lane.known - lane.acknowledged);
    }
    return backlog;
  }

  /** Topics whose records the bus does not take at the moment. */
  get failing(): ReadonlySet<string> {
    return new Set(Array.from(this.#failing.keys(), ({ topic }) => topic));
  }

  /** How many partitions of each topic have stopped; topics without any are left out. */
  faultedPartitions(): ReadonlyMap<string, number> {
    const faulted = new Map<string, number>();
    for (const { topic, fault } of this.#lanes.values())
      if (fault !== null) faulted.set(topic, (faulted.get(topic) ?? 0) + 1);
    return faulted;
  }

  /** How long the events of each topic have waited without an acknowledgement, to the poll's precision. */
  longestWaitsMs(): ReadonlyMap<string, number> {
    const nowMs = this.#parts.clock.nowMs();
    this.#waits.look(this.#lanes.values(), nowMs);
    return this.#waits.longestMs(nowMs);
  }

  /** Sends what is left, within a bound, notes how far it got, and stops. What is not sent is sent after the next start. */
  async drain(): Promise<void> {
    const { timer, log } = this.#parts;
    this.#draining = true;
    this.#lingering.close();
    if (this.#resumed) {
      for (const lane of this.#lanes.values()) this.#drive(lane);
      const waited = timer.sleep(this.#bounds.drainMs, this.#stopping.signal);
      await Promise.race([this.#settled(), waited]);
      try {
        await this.#writeSent();
      } catch (error) {
        log.warn(
          { reason: reasonOf(error) },
          "sent marks were not written: the next start reads the topics' tails",
        );
      }
    }
    this.#stopping.abort();
    for (const cancel of this.#cancel) cancel();
    for (const lane of this.#lanes.values()) lane.cancelWait?.();
  }

  /** Resolves when nothing known is left to send. */
  #settled(): Promise<void> {
    if (this.#isSettled()) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Starts the lane unless it runs already: one batch in flight per (topic, partition). */
  #drive(lane: RelayLane): void {
    if (lane.busy || !this.#resumed || this.#stopping.signal.aborted) return;
    if (lane.empty && lane.lost === null && !this.#shouldRead(lane)) return;
    lane.busy = true;
    void this.#run(lane);
  }

  async #run(lane: RelayLane): Promise<void> {
    try {
      while (!this.#stopping.signal.aborted) {
        lane.skip();
        if (lane.lost !== null) await this.#fillAgain(lane, lane.lost);
        else if (!lane.empty) {
          await this.#sendBatch(lane);
          if (!lane.empty && this.#lingers(lane)) return;
        } else if (!this.#shouldRead(lane)) return;
        else if (!(await this.#readTable(lane))) return;
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#stop(lane, error);
    } finally {
      lane.busy = false;
      this.#tellIdle();
    }
  }

  #tellIdle(): void {
    if (this.#idle.length === 0 || !this.#isSettled()) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #isSettled(): boolean {
    return [...this.#lanes.values()].every((lane) => lane.acknowledged >= lane.known);
  }

  /** A broken invariant: this partition's events stay in the table until someone has looked. */
  #stop(lane: RelayLane, error: unknown): void {
    const { topic, partition } = lane;
    lane.fault = `${topic}/${partition} stopped: ${reasonOf(error)}`;
    this.#parts.log.error({ topic, partition, reason: reasonOf(error) }, "relay lane stopped");
  }

  /** Says whether to read now; where a hand-off may only have been overtaken, waits a moment for it first. */
  #shouldRead(lane: RelayLane): boolean {
    if (!lane.gap) return false;
    if (lane.mustRead) return true;
    lane.cancelWait ??= this.#parts.timer.after(this.#bounds.reorderWaitMs, () => {
      lane.cancelWait = null;
      lane.mustRead = lane.gap;
      this.#drive(lane);
    });
    return false;
  }

  async #sendBatch(lane: RelayLane): Promise<void> {
    const { clock, metrics, producer } = this.#parts;
    const { topic, partition } = lane;
    const records: OutgoingRecord[] = [];
    const { batchRecords, batchCharacters } = this.#bounds;
    for (const slice of lane.takeBatch(batchRecords, batchCharacters)) addRecords(records, producer, slice);
    const last = lane.acknowledged + records.length;
    const behind = lane.end ?? 0n;
    const outcome = await this.#untilAcknowledged(lane, last, {
      topic,
      partition,
      records,
      isKept: true,
      behind,
    });
    if (outcome === "lost_end" || outcome === "gap_written") return await this.#fillAgain(lane, outcome);
    if (outcome === "skipped") {
      lane.sentElsewhere(last);
      return;
    }
    lane.sent(last, outcome.firstOffset);
    metrics.recordsRelayed.inc({ topic }, records.length);
    const first = records[0];
    if (first !== undefined) metrics.relayLag.observe({ topic }, clock.nowMs() - first.timestampMs);
  }

  /** The last acknowledged record of a lane, by which it sees whether its log has lost anything. */
  #lastOf({ topic, partition, acknowledged, end }: RelayLane): LastApplied {
    const { producer } = this.#parts;
    return { topic, partition, producer, sequence: acknowledged, nextOffset: end ?? 0n };
  }

  /** A send finds out by itself; of what nobody sends to others would wait for what is lost. */
  async #lookAtEnds(): Promise<void> {
    const idle = [...this.#lanes.values()]
      .filter((lane) => !lane.busy && lane.fault === null)
      .map((lane) => ({
        lane,
        topic: lane.topic,
        partition: lane.partition,
        end: lane.end ?? 0n,
        last: this.#shared.has(lane.topic) && lane.acknowledged > 0 ? this.#lastOf(lane) : null,
      }));
    try {
      for (const { log } of await lostEnds(this.#parts.bus, idle)) {
        log.lane.lost = "lost_end";
        this.#drive(log.lane);
      }
    } catch (error) {
      this.#parts.log.warn({ reason: reasonOf(error) }, "the topics' ends could not be looked at");
    }
  }

  /**
   * The topic lacks what it had acknowledged: as at a start, sending goes on behind what it has left, with what the outbox
   * has. What the outbox has no more stops the partition (R4).
   */
  async #fillAgain(lane: RelayLane, found: keyof typeof FILLED_AGAIN): Promise<void> {
    const { log, metrics, timer } = this.#parts;
    const { topic, partition, acknowledged } = lane;
    await this.#retry("relay.resume", () => resumeLanes(this.#parts, [lane]));
    const lost = { topic, partition, sequence: lane.acknowledged, lost: acknowledged - lane.acknowledged };
    if (found === "noted") log.warn(lost, FILLED_AGAIN.noted);
    else {
      metrics.lostEnds.inc({ topic });
      log.error(lost, FILLED_AGAIN[found]);
    }
    // A bus that says of each batch that it lies before the end would be filled without a rest.
    if (found === "gap_written") await timer.sleep(GAP_REST_MS, this.#stopping.signal);
  }

  /**
   * An unknown outcome is sent again, for ever (R4): duplicates are the consumers' to drop, gaps are nobody's. "skipped":
   * another relay was quicker. "gap_written": the log had lost its end, and nobody knew before.
   */
  async #untilAcknowledged(
    lane: RelayLane,
    last: number,
    batch: OutgoingBatch,
  ): Promise<SentBatch | "skipped" | "lost_end" | "gap_written"> {
    const { timer, log, metrics } = this.#parts;
    let backoff: Backoff | null = null;
    for (;;) {
      try {
        if (backoff !== null && lane.isSkipped(last)) {
          // What was sent here may have hidden from the other one that the log has lost its end.
          const isWhole = await this.#hasLast(lane);
          this.#failing.delete(lane);
          return isWhole ? "skipped" : "gap_written";
        }
        const sent = await this.#send(lane, batch);
        if (sent === "lost_end") return sent;
        const isBehind = sent !== undefined && sent.firstOffset >= (batch.behind ?? 0n);
        // What was sent before it may lie there, too, and the log have lost its end before that.
        const isWhole = isBehind && (backoff === null || (await this.#hasLast(lane)));
        this.#failing.delete(lane);
        return isWhole ? sent : "gap_written";
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        metrics.relayRetries.inc({ topic: lane.topic });
        if (!this.#failing.has(lane)) {
          log.warn(
            { topic: lane.topic, partition: lane.partition, reason: reasonOf(error) },
            "relay sends again",
          );
        }
        this.#failing.set(lane, reasonOf(error));
        backoff ??= createBackoff(timer, this.#stopping.signal);
        await backoff.wait();
        if (this.#stopping.signal.aborted) throw error;
      }
    }
  }

  /**
   * One try. Where others write, too, a log that may have lost something is looked at first: it may be as long as before by
   * what they have sent.
   */
  async #send(lane: RelayLane, batch: OutgoingBatch): Promise<SentBatch | "lost_end" | undefined> {
    const isShared = this.#shared.has(lane.topic);
    for (let hasLooked = false; ; hasLooked = true) {
      const { lineage } = lane;
      try {
        const [sent] = await this.#parts.bus.send([isShared ? { ...batch, lineage } : batch]);
        return sent;
      } catch (error) {
        if (error instanceof LogChangedError && !hasLooked) {
          const isWhole = await this.#hasLast(lane);
          if (isWhole) lane.lineage = error.lineage;
          if (isWhole) continue;
        } else if (!(error instanceof LostEndError)) throw error;
        this.#failing.delete(lane);
        return "lost_end";
      }
    }
  }

  /** Whether the log has the last acknowledged record where it was. */
  async #hasLast(lane: RelayLane): Promise<boolean> {
    if (lane.acknowledged === 0) return true;
    const { bus } = this.#parts;
    return await isInLog(
      { bus, endsOf: askingOnce(bus), closing: this.#stopping.signal },
      this.#lastOf(lane),
    );
  }

  /** Fills the queue from the table. Says false when the next number is not there: then it waits, and never skips. */
  async #readTable(lane: RelayLane): Promise<boolean> {
    const { store } = this.#parts;
    const { topic, partition, throughEpoch: epoch } = lane;
    const afterSequence = lane.through;
    const statement = readRunsStatement({
      topic,
      partition,
      epoch,
      afterSequence,
      rows: this.#bounds.readRows,
      records: this.#bounds.readRecords,
    });
    const rows = await this.#retry("relay.read", () => store.query(statement));
    if (lane.refill(runsOf(topic, partition, rows)) || lane.through > afterSequence) {
      lane.fault = null;
      return true;
    }
    lane.mustRead = false;
    lane.fault = `${topic}/${partition} has no row for number ${Math.max(epoch, 1)}/${afterSequence + 1}`;
    this.#parts.log.error({ topic, partition, epoch, sequence: afterSequence + 1 }, "the outbox lacks a row");
    return false;
  }

  /** Looks for rows of other instances and of commits whose outcome was unknown, and notes how far this one got. */
  async #poll(atOnce: boolean): Promise<void> {
    if (this.#polling && !atOnce) return;
    this.#polling = true;
    const failedBefore = this.#pollFailed;
    this.#pollFailed = true;
    try {
      await this.#writeSent();
      const sent = await readSent(this.#parts.store);
      const heads = await readHeads(this.#parts.store);
      for (const [key, head] of heads) {
        const lane = this.#lanes.get(key);
        if (lane === undefined) continue;
        if (lane.epoch === 0) lane.epoch = head.epoch;
        this.#learnOfOthers(lane, sent.get(key));
        this.#learn(lane, head.next - 1, atOnce);
      }
      this.#pollFailed = false;
    } catch (error) {
      if (failedBefore) return;
      this.#parts.log.warn(
        { reason: reasonOf(error) },
        "the outbox could not be asked for rows of other instances",
      );
    } finally {
      this.#polling = false;
      this.#waits.look(this.#lanes.values(), this.#parts.clock.nowMs());
      for (const [topic, records] of this.backlog())
        this.#parts.metrics.outboxBacklog.set({ topic }, records);
    }
  }

  /** What another instance has sent, or seen to be lost. */
  #learnOfOthers(lane: RelayLane, mark: SentMark | undefined): void {
    if (mark === undefined) return;
    if (mark.losses > lane.losses) {
      lane.lost ??= "noted";
      this.#drive(lane);
      return;
    }
    const isOfIt = mark.epoch === lane.epoch && mark.topicId === lane.topicId && mark.losses === lane.losses;
    if (isOfIt && mark.end !== null) lane.skipTo(mark.sequence, mark.end);
  }

  /** Another instance's rows are left to it from one poll to the next: two relays would send everything twice. */
  #learn(lane: RelayLane, known: number, atOnce: boolean): void {
    const overdue = atOnce ? known : lane.knownAtPoll;
    lane.knownAtPoll = Math.max(lane.knownAtPoll, known);
    if (overdue <= lane.through) return;
    lane.known = Math.max(lane.known, overdue);
    lane.mustRead = true;
    this.#drive(lane);
  }

  async #writeSent(): Promise<void> {
    const lanes = [...this.#lanes.values()].filter((lane) => lane.acknowledged > lane.sentWritten);
    if (lanes.length === 0) return;
    const acknowledged = lanes.map((lane) => lane.acknowledged);
    const losses = lanes.map((lane) => lane.losses);
    const values = [
      separated(lanes.map((lane) => lane.topic)),
      numberArray(lanes.map((lane) => lane.partition)),
      numberArray(lanes.map((lane) => Math.max(lane.epoch, 1))),
      numberArray(acknowledged),
      separated(lanes.map((lane) => lane.topicId)),
      numberArray(lanes.map((lane) => lane.end ?? 0n)),
      numberArray(losses),
    ];
    await this.#parts.store.transaction("relay.sent", (tx) => tx.commit([{ text: MARK_SENT, values }]));
    lanes.forEach((lane, index) => {
      // A loss that was noted meanwhile has taken the mark back.
      if (lane.losses === losses[index]) lane.sentWritten = acknowledged[index] ?? 0;
    });
  }

  #retry<T>(what: string, attempt: () => Promise<T>, told?: (error: unknown) => void): Promise<T> {
    const { timer, log } = this.#parts;
    const signal = this.#stopping.signal;
    const failed = (error: unknown): void => {
      log.warn({ what, reason: reasonOf(error) }, "tried again");
      told?.(error);
    };
    return retryForEver({ timer, signal, failed }, attempt).catch((error: unknown) => {
      if (signal.aborted)
        throw new OperationalError("relay_stopped", what, { retryable: true, cause: error });
      throw error;
    });
  }
}
