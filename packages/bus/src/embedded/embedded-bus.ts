import { type Clock, RetentionClock, type RetentionHour, type Timer } from "@bourse/base";
import { BusError } from "../bus-error.ts";
import type {
  BusRecord,
  ConsumeOptions,
  EventBus,
  GroupConsumer,
  GroupInfo,
  OutgoingBatch,
  PartitionOffsets,
  PartitionReader,
  ReadOptions,
  SentBatch,
  TopicInfo,
  TopicSpec,
} from "../port.ts";
import { type Appender, appender } from "./appender.ts";
import { EmbeddedConsumer } from "./consumer.ts";
import { Cursor } from "./cursor.ts";
import { EventLog } from "./event-log.ts";
import { consumerGroup, type Group } from "./group.ts";
import { openReader } from "./reader.ts";

export interface EmbeddedBusOptions {
  /** Made where it is missing; one process owns it. */
  readonly folder: string;
  /** The time of day; retention believes as much of it as it has lived through. Without one: the newest time of any record. */
  readonly clock?: Clock;
  /** Tells of each minute that has passed. Default: the machine's. */
  readonly timer?: Pick<Timer, "every">;
  /** How much of the newest records stays in memory for those who follow closely. Default 16 MB, as an estimate. */
  readonly recentBytes?: number;
  /** When a file of the log is followed by the next one. Default 64 MB. */
  readonly segmentBytes?: number;
  /** Told in a sentence what was done to the log that someone may want to know: a torn tail was cut away. */
  readonly notice?: (line: string) => void;
}

export interface EmbeddedBus extends EventBus {
  readonly kind: "embedded";
  /** Deletes a topic with its records. Members of groups lose its partitions; made anew it has another id. */
  deleteTopic(name: string): Promise<void>;
  /**
   * Drops what its topic has kept for long enough: what is stamped before the cutoff of the topic's retention. Without one, by
   * what has been lived through (decision 0056), which also happens by itself every minute.
   */
  dropExpired(cutoffMs?: (retentionMs: number) => number): Promise<void>;
}

const RECENT_BYTES = 16_000_000;
const MINUTE_MS = 60_000;
const MACHINE_TIMER: Pick<Timer, "every"> = {
  every: (intervalMs, callback) => {
    const handle = setInterval(callback, intervalMs).unref();
    return () => clearInterval(handle);
  },
};
/** A committed offset is a hint: it is written after this long, with those that came meanwhile. */
const HINT_DELAY_MS = 200;

/**
 * The event bus as a log on disk, owned by this process. Throws `bus_refused` when another process owns the folder or
 * when the log is damaged, `bus_format` when it is of another format.
 */
export function embeddedBus(options: EmbeddedBusOptions): EmbeddedBus {
  return new LogBus(options);
}

class LogBus implements EmbeddedBus {
  readonly kind = "embedded";
  readonly #log: EventLog;
  readonly #clock: Clock | undefined;
  readonly #appender: Appender;
  readonly #groups = new Map<string, Group>();
  readonly #open = new Set<GroupConsumer | PartitionReader>();
  readonly #retention: RetentionClock;
  readonly #stopRetention: () => void;
  #reclaiming: Promise<void> | undefined;
  #hintTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ clock, timer = MACHINE_TIMER, recentBytes = RECENT_BYTES, ...options }: EmbeddedBusOptions) {
    this.#log = new EventLog({ ...options, recentBytes });
    this.#clock = clock;
    this.#appender = appender(this.#log);
    const failed = (cause: unknown): void =>
      options.notice?.(`nothing was dropped: ${(cause as Error).message}`);
    this.#retention = new RetentionClock(this.#log.retentionHours());
    this.#keep(this.#retention.read(this.#nowMs()));
    this.#stopRetention = timer.every(MINUTE_MS, () => void this.#minutePassed().catch(failed));
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    this.#usable();
    for (const spec of specs) refuseMismatch(spec, this.#log.topics.get(spec.name)?.info);
    let created = false;
    for (const spec of specs) {
      if (this.#log.topics.has(spec.name)) {
        this.#log.setRetention(spec.name, spec.retentionMs);
      } else {
        this.#log.createTopic(spec);
        created = true;
      }
    }
    if (created) this.#rebalance();
  }

  async topics(): Promise<readonly TopicInfo[]> {
    this.#usable();
    return Array.from(this.#log.topics.values(), (topic) => topic.info);
  }

  send(batches: readonly OutgoingBatch[]): Promise<readonly SentBatch[]> {
    return this.#closed ? Promise.reject(closedError()) : this.#appender.send(batches);
  }

  async consume(options: ConsumeOptions): Promise<GroupConsumer> {
    this.#usable();
    for (const topic of options.topics) this.#log.topic(topic);
    const group = this.#groups.get(options.group) ?? consumerGroup(this.#log.topics);
    this.#groups.set(options.group, group);
    const consumer = new EmbeddedConsumer(options, {
      log: this.#log,
      group,
      hinted: () => this.#flushHintsLater(),
      closed: (closed) => this.#open.delete(closed),
    });
    this.#open.add(consumer);
    group.join(consumer);
    return consumer;
  }

  async read(options: ReadOptions): Promise<PartitionReader> {
    this.#usable();
    const reader = openReader(options, { log: this.#log, closed: (closed) => this.#open.delete(closed) });
    this.#open.add(reader);
    return reader;
  }

  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    this.#usable();
    return this.#log.topic(topic).partitions.map((log) => ({
      partition: log.partition,
      earliest: BigInt(log.earliest),
      latest: BigInt(log.next),
    }));
  }

  async offsetsAt(
    topic: string,
    timestampMs: number,
  ): Promise<readonly { readonly partition: number; readonly offset: bigint }[]> {
    this.#usable();
    return this.#log.topic(topic).partitions.map((log) => ({
      partition: log.partition,
      offset: BigInt(this.#log.offsetAt(log, timestampMs)),
    }));
  }

  async tail(topic: string, partition: number, count: number): Promise<readonly BusRecord[]> {
    this.#usable();
    const log = this.#log.partition({ topic, partition });
    const taken: BusRecord[] = [];
    const reading = new Cursor(this.#log, log, Math.max(log.earliest, log.next - count));
    reading.take(count, taken);
    reading.close();
    return taken;
  }

  async groups(): Promise<readonly GroupInfo[]> {
    this.#usable();
    const names = new Set([...this.#groups.keys(), ...this.#log.groupOffsets.all.keys()]);
    return [...names].sort().map((group) => {
      const members = this.#groups.get(group)?.members.size ?? 0;
      const state = members === 0 ? "Empty" : "Stable";
      return { group, state, members, offsets: this.#committed(group) };
    });
  }

  async committed(group: string): Promise<GroupInfo["offsets"]> {
    this.#usable();
    return this.#committed(group);
  }

  async deleteTopic(name: string): Promise<void> {
    this.#usable();
    this.#log.deleteTopic(name);
    this.#rebalance();
  }

  async dropExpired(cutoffMs = this.#cutoff()): Promise<void> {
    if (this.#closed) return;
    this.#log.dropExpired(cutoffMs);
    // One at a time.
    this.#reclaiming ??= this.#log.reclaim().finally(() => {
      this.#reclaiming = undefined;
    });
    await this.#reclaiming;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    for (const open of [...this.#open]) await open.close();
    if (this.#closed) return;
    this.#closed = true;
    this.#stopRetention();
    clearTimeout(this.#hintTimer);
    this.#log.stopReclaiming();
    await this.#reclaiming?.catch(() => undefined);
    try {
      this.#appender.drain();
    } finally {
      this.#log.close();
    }
  }

  #committed(group: string): GroupInfo["offsets"] {
    return Array.from(this.#log.groupOffsets.all.get(group) ?? [], ([{ topic, partition }, offset]) => ({
      topic,
      partition,
      committed: BigInt(offset),
    }));
  }

  async #minutePassed(): Promise<void> {
    this.#keep(this.#retention.minutePassed(this.#nowMs()).hour);
    await this.dropExpired();
  }

  #cutoff(): (retentionMs: number) => number {
    const nowMs = this.#nowMs();
    return (retentionMs) => this.#retention.cutoffMs(retentionMs, nowMs);
  }

  #keep(hour: RetentionHour): void {
    this.#log.keepRetentionHour(hour, this.#retention.forget(this.#log.longestRetentionMs));
  }

  #rebalance(): void {
    for (const group of this.#groups.values()) group.rebalance();
  }

  #nowMs(): number {
    if (this.#clock !== undefined) return this.#clock.nowMs();
    let newest = 0;
    for (const topic of this.#log.topics.values()) {
      for (const log of topic.partitions) newest = Math.max(newest, log.highMs);
    }
    return newest;
  }

  #flushHintsLater(): void {
    this.#hintTimer ??= setTimeout(() => {
      this.#hintTimer = undefined;
      try {
        this.#log.flushHints();
      } catch {
        // A hint that could not be written goes with the next append.
      }
    }, HINT_DELAY_MS).unref();
  }

  #usable(): void {
    if (this.#closed) throw closedError();
  }
}

function closedError(): BusError {
  return new BusError("bus_closed", "the event bus is closed", { retryable: false });
}

function refuseMismatch(spec: TopicSpec, existing: TopicInfo | undefined): void {
  if (existing === undefined || existing.partitions === spec.partitions) return;
  throw new BusError(
    "topic_mismatch",
    `topic ${spec.name} has ${existing.partitions} partitions, ${spec.partitions} are asked for (R3)`,
    { retryable: false },
  );
}
