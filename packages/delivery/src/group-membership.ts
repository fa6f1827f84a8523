import { settledWithin } from "@bourse/base";
import { type GroupConsumer, type TopicPartition, topicPartitionKey } from "@bourse/bus";
import { createBackoff, isRetryable, retryForEver } from "./backoff.ts";
import { ByPartition } from "./by-partition.ts";
import type { EffectParts } from "./effect-parts.ts";
import { reasonOf } from "./log.ts";
import type { Mark } from "./mark.ts";
import type { SeekHint } from "./seek-hint.ts";
import type { ConsumptionStatus, PartitionStatus, RunnerState } from "./status.ts";

/** The group's offsets are a gauge (R5): they need not follow every batch. */
const GAUGE_EVERY_MS = 500;
const CLOSE_MS = 5_000;
const SPARE_MS = 10_000;

/** What a membership is of. */
export interface Following {
  readonly subscription: string;
  readonly join: () => Promise<GroupConsumer>;
  /** What it was given when it was in the group before: some of it may be others' by now. */
  readonly forget: () => void;
  /** Until the consumer ends. Rejects with what the group is joined anew after, or what stops the subscription. */
  readonly follow: (consumer: GroupConsumer) => Promise<void>;
}

/** A partition that this member was given, as its status tells of it. */
export interface GivenPartition extends TopicPartition {
  readonly marks: ReadonlyMap<string, Mark>;
  readonly nextOffset: bigint | null;
}

/**
 * The life of a subscription of effects as a member of its group: joins, follows, joins again after what may pass,
 * stops at what may not (R12), leaves; says how it stands; and writes the group's offsets, which are a gauge.
 */
export class GroupMembership {
  readonly #parts: EffectParts;
  readonly #following: Following;
  readonly #closing = new AbortController();
  readonly #gauge = new ByPartition<TopicPartition & { readonly nextOffset: bigint }>();
  /** What the group has been told of each partition. */
  readonly #told = new ByPartition<bigint>();
  /** Partitions that nothing more comes of, and why; the others go on. */
  readonly #unreadable = new Map<string, string>();
  #consumer: GroupConsumer | null = null;
  #state: RunnerState = "starting";
  #reason: string | null = null;
  #running: Promise<void> = Promise.resolve();
  #cancelSpare: () => void = () => undefined;
  #term = 0;

  constructor(parts: EffectParts, following: Following) {
    this.#parts = parts;
    this.#following = following;
  }

  /** Aborted once it is to end. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Changes when the group is joined: what was given before may be others' then. */
  get term(): number {
    return this.#term;
  }

  /** null between two times in the group. */
  get consumer(): GroupConsumer | null {
    return this.#consumer;
  }

  start(): void {
    this.#parts.metrics.stopped.set({ subscription: this.#following.subscription }, 0);
    this.#running = this.#run();
  }

  status(given: Iterable<GivenPartition>): ConsumptionStatus {
    const partitions = Array.from(given, ({ topic, partition, marks, nextOffset }): PartitionStatus => {
      const error = this.#unreadable.get(topicPartitionKey({ topic, partition })) ?? null;
      return {
        topic,
        partition,
        state: this.#state === "stopped" || error !== null ? "stopped" : "running",
        applied: Object.fromEntries([...marks].map(([producer, mark]) => [producer, mark.sequence])),
        nextOffset,
        error,
      };
    });
    const { subscription } = this.#following;
    return { subscription, kind: "effect", state: this.#state, reason: this.#reason, partitions };
  }

  unready(): readonly string[] {
    const stopped = this.stopped();
    return this.#state === "running" || this.#state === "stopped" ? stopped : [this.#standing(), ...stopped];
  }

  stopped(): readonly string[] {
    const { subscription } = this.#following;
    const reasons = Array.from(this.#unreadable, ([at, why]) => `${subscription}: ${at} stopped: ${why}`);
    return this.#state === "stopped" ? [this.#standing(), ...reasons] : reasons;
  }

  #standing(): string {
    const why = this.#reason === null ? "" : `: ${this.#reason}`;
    return `${this.#following.subscription}: ${this.#state}${why}`;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#leave();
    // A group that can't be joined because the broker is away must not hold up the drain.
    await settledWithin(this.#parts.timer, CLOSE_MS, this.#running);
    if (this.#state !== "stopped") this.#state = "closed";
  }

  async #run(): Promise<void> {
    const { timer } = this.#parts;
    const backoff = createBackoff(timer, this.closing);
    const stopGauge = timer.every(GAUGE_EVERY_MS, () => void this.#writeGauge());
    while (!this.closing.aborted) {
      try {
        this.#term += 1;
        this.#following.forget();
        this.#consumer = await this.#following.join();
        backoff.reset();
        this.#spareAfter();
        await this.#following.follow(this.#consumer);
      } catch (error) {
        if (this.closing.aborted) break;
        if (!isRetryable(error)) {
          this.#stop(error);
          break;
        }
        this.failed(error);
        await backoff.wait();
      } finally {
        await this.#leave();
        this.#unreadable.clear();
        this.#noneStopped();
      }
    }
    stopGauge();
    this.#cancelSpare();
  }

  /** Dependencies answer, or partitions were given. */
  works(): void {
    this.#became("running", null);
  }

  /** Something is tried again. */
  failed(error: unknown, what = "unit of work"): void {
    const reason = `${what}: ${reasonOf(error)}`;
    if (this.#state !== "retrying")
      this.#parts.log.warn({ subscription: this.#following.subscription, reason }, "tried again");
    this.#became("retrying", reason);
  }

  /** Waits for a dependency for ever, or until it is to end. */
  untilAnswered<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const failed = (error: unknown): void => this.failed(error, what);
    return retryForEver({ timer: this.#parts.timer, signal: this.closing, failed }, attempt);
  }

  /** Where reading goes on, by the marks; null: at the beginning. */
  hintOf(at: TopicPartition, hints: ReadonlyMap<string, SeekHint>): bigint | null {
    const hint = hints.get(topicPartitionKey(at));
    if (hint?.isDistrusted === true)
      this.distrusted(at, "the log has another record before the mark's offset");
    return hint?.nextOffset ?? null;
  }

  /** R5: the numbers decide, not the offsets. */
  distrusted(at: TopicPartition, reason: string): void {
    const { metrics, log } = this.#parts;
    const { subscription } = this.#following;
    metrics.hintsDistrusted.inc({ subscription });
    log.warn(
      { subscription, partition: topicPartitionKey(at), reason },
      "read again from the beginning of the partition",
    );
  }

  /** All before `nextOffset` is done with. */
  reached(at: TopicPartition, nextOffset: bigint): void {
    const { topic, partition } = at;
    this.#gauge.set(at, { topic, partition, nextOffset });
  }

  /** The partition is another's. */
  revoked(at: TopicPartition): void {
    this.#gauge.delete(at);
    this.#told.delete(at);
    if (this.#unreadable.delete(topicPartitionKey(at))) this.#noneStopped();
  }

  #noneStopped(): void {
    if (this.#unreadable.size > 0 || this.#state === "stopped") return;
    this.#parts.metrics.stopped.set({ subscription: this.#following.subscription }, 0);
  }

  /**
   * R12: what can't be read has neither numbers nor keys, so that no policy can park it and go on behind it. The partition
   * stops, the others go on.
   */
  unreadable(at: TopicPartition, error: unknown): void {
    const { metrics, log } = this.#parts;
    const { subscription } = this.#following;
    const { topic, partition } = at;
    this.#unreadable.set(topicPartitionKey(at), reasonOf(error));
    metrics.stopped.set({ subscription }, 1);
    metrics.stops.inc({ subscription });
    log.error(
      { subscription, topic, partition, reason: reasonOf(error), err: error },
      "subscription partition stopped",
    );
  }

  #became(state: RunnerState, reason: string | null): void {
    if (this.#state === "stopped") return;
    this.#state = state;
    this.#reason = reason;
  }

  /** R12: the process lives, the service is not ready, the reason is visible, the alarm rings. */
  #stop(error: unknown): void {
    const { metrics, log } = this.#parts;
    const { subscription } = this.#following;
    this.#became("stopped", reasonOf(error));
    metrics.stopped.set({ subscription }, 1);
    metrics.stops.inc({ subscription });
    log.error({ subscription, reason: reasonOf(error), err: error }, "subscription stopped");
  }

  /** A member whom the group gives nothing, because there are more of them than partitions, is ready too. */
  #spareAfter(): void {
    this.#cancelSpare();
    this.#cancelSpare = this.#parts.timer.after(SPARE_MS, () => {
      if (this.#state === "starting" && this.#consumer?.assigned.length === 0) this.works();
    });
  }

  async #leave(): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === null) return;
    await this.#writeGauge();
    this.#consumer = null;
    await this.#said(() => consumer.close(), "the group was not left");
  }

  async #writeGauge(): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === null) return;
    const positions = [...this.#gauge.values()];
    if (positions.length === 0) return;
    this.#gauge.clear();
    let behind = 0;
    for (const at of positions) {
      const told = this.#told.get(at) ?? at.nextOffset;
      this.#told.set(at, told);
      behind += Number(at.nextOffset - told);
    }
    const { subscription } = this.#following;
    const { committedLag } = this.#parts.metrics;
    committedLag.set({ subscription }, behind);
    const tell = async (): Promise<void> => {
      await consumer.commit(positions);
      committedLag.set({ subscription }, 0);
      for (const at of positions) this.#told.set(at, at.nextOffset);
    };
    await this.#said(tell, "the lag gauge was not written");
  }

  /** What fails here is told, and nothing else. */
  async #said(work: () => Promise<void>, otherwise: string): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { subscription } = this.#following;
      this.#parts.log.warn({ subscription, reason: reasonOf(error) }, otherwise);
    }
  }
}
