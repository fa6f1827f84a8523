import type { Timer } from "@bourse/base";
import type { BusRecord, EventBus, PartitionReader, StartPosition } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import { createBackoff, isRetryable } from "./backoff.ts";
import { createDecoder, type Decoder } from "./decode.ts";
import type { ViewConsumption } from "./definitions.ts";
import type { Envelope } from "./envelope.ts";
import { epochStartOf } from "./epoch-started.ts";
import { type Gap, placeBehind, recordsBehind, SequenceError } from "./gap.ts";
import { highestNumbers, SEEN_BACK } from "./highest-numbers.ts";
import { type Log, reasonOf } from "./log.ts";
import type { DeliveryMetrics } from "./metrics.ts";
import { isCut } from "./read-in-order.ts";
import { recordsBetween } from "./read-partition.ts";
import { HEADER } from "./record-headers.ts";
import { judgeExact, judgeLatest } from "./sequence-check.ts";
import type { ConsumptionStatus, Runner, RunnerState } from "./status.ts";

/** A record that concerns nobody here, as far as its number goes. One without a number is found by whom it concerns. */
function undecoded({ topic, partition, offset, key, headers, timestampMs }: BusRecord): Envelope {
  return {
    event: NOTHING,
    topic,
    partition,
    offset,
    key,
    producer: headers[HEADER.producer] ?? "",
    epoch: Number(headers[HEADER.epoch]),
    sequence: Number(headers[HEADER.sequence]),
    timeMs: timestampMs,
  };
}

const NOTHING = {};

export interface ViewParts {
  readonly bus: EventBus;
  readonly timer: Timer;
  readonly log: Log;
  readonly metrics: DeliveryMetrics;
}

const BATCH = 4_000;

interface FollowedPartition {
  readonly topic: Topic;
  readonly partition: number;
  /** The last record there was when following began; null: there was none, undefined: not asked yet. */
  lastAtStart: bigint | null | undefined;
  nextOffset: bigint | null;
  caughtUp: boolean;
  trouble: string | null;
  /** Where what was read began, other than with the log: what is before counts as read. */
  began: bigint | null;
  /** A number that is missing may lie before: the log lost its end and was filled again while it was read. */
  mayLieBefore: boolean;
  /** A number that is to be looked for. */
  missing: SequenceError | null;
  /** Producers whose numbers begin with what came first: the log has no number 1 of them. */
  readonly beginLater: Set<string>;
  /** By producer: moved on with each record. */
  readonly applied: Map<string, { epoch: number; sequence: number }>;
  reader: PartitionReader | null;
}

/** R1: every instance reads every partition, outside any group, into memory. What is in memory is gone with it. */
export class ViewRunner<Service> implements Runner {
  readonly subscription: string;
  readonly #parts: ViewParts;
  readonly #service: Service;
  readonly #consumption: ViewConsumption<Service>;
  readonly #decode: Decoder;
  readonly #closing = new AbortController();
  readonly #partitions: readonly FollowedPartition[];
  #stopped: string | null = null;
  #running: Promise<unknown> = Promise.resolve();

  constructor(parts: ViewParts, service: Service, consumption: ViewConsumption<Service>) {
    this.#parts = parts;
    this.#service = service;
    this.#consumption = consumption;
    this.subscription = consumption.subscription;
    this.#decode = createDecoder(consumption.topics);
    this.#partitions = consumption.topics.flatMap((topic) =>
      Array.from({ length: topic.partitions }, (_, partition) => ({
        topic,
        partition,
        lastAtStart: undefined,
        nextOffset: null,
        caughtUp: false,
        trouble: null,
        began: null,
        mayLieBefore: false,
        missing: null,
        beginLater: new Set(),
        applied: new Map(),
        reader: null,
      })),
    );
  }

  start(): void {
    this.#parts.metrics.stopped.set({ subscription: this.subscription }, 0);
    this.#running = Promise.all(this.#partitions.map((at) => this.#followForEver(at)));
  }

  status(): ConsumptionStatus {
    return {
      subscription: this.subscription,
      kind: "view",
      state: this.#state(),
      reason: this.#stopped ?? this.#partitions.find((at) => at.trouble !== null)?.trouble ?? null,
      partitions: this.#partitions.map((at) => ({
        topic: at.topic.name,
        partition: at.partition,
        state: this.#stopped !== null ? "stopped" : at.caughtUp ? "running" : "catching_up",
        applied: Object.fromEntries([...at.applied].map(([producer, { sequence }]) => [producer, sequence])),
        nextOffset: at.nextOffset,
        error: at.trouble,
      })),
    };
  }

  /** R1: every instance reads every partition. */
  async elsewhere(): Promise<readonly never[]> {
    return [];
  }

  unready(): readonly string[] {
    const { state, reason } = this.status();
    if (state === "running") return [];
    return [
      `${this.subscription}: ${state === "starting" ? "catching up" : state}${reason === null ? "" : `: ${reason}`}`,
    ];
  }

  stopped(): readonly string[] {
    return this.#stopped === null ? [] : this.unready();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#partitions.map((at) => at.reader?.close()));
    await this.#running;
  }

  #state(): RunnerState {
    if (this.#stopped !== null) return "stopped";
    if (this.#closing.signal.aborted) return "closed";
    if (this.#partitions.some((at) => at.trouble !== null)) return "retrying";
    return this.#partitions.every((at) => at.caughtUp) ? "running" : "starting";
  }

  /** Reads on from where it was whenever the bus comes back. */
  async #followForEver(at: FollowedPartition): Promise<void> {
    const { timer, log, metrics } = this.#parts;
    const signal = this.#closing.signal;
    const backoff = createBackoff(timer, signal);
    while (!signal.aborted && this.#stopped === null) {
      try {
        await this.#lookForMissing(at);
        await this.#follow(at, () => {
          at.trouble = null;
          backoff.reset();
        });
      } catch (error) {
        if (signal.aborted) return;
        if (this.#isMissing(at, error)) continue;
        if (!isRetryable(error)) {
          this.#stop(error);
          return;
        }
        at.trouble = `${at.topic.name}/${at.partition}: ${reasonOf(error)}`;
        metrics.retries.inc({ subscription: this.subscription });
        log.warn({ subscription: this.subscription, reason: at.trouble }, "read again");
        await backoff.wait();
      } finally {
        await at.reader?.close();
        at.reader = null;
      }
    }
  }

  async #follow(at: FollowedPartition, connected: () => void): Promise<void> {
    const { bus } = this.#parts;
    const { name } = at.topic;
    const last = (await bus.tail(name, at.partition, 1))[0];
    const from = at.nextOffset ?? (await this.#startOf(at));
    if (at.lastAtStart === undefined) {
      at.lastAtStart = last?.offset ?? null;
    }
    // A snapshot that reaches to the end leaves nothing to catch up with.
    if (at.lastAtStart !== null && typeof from === "bigint" && from > at.lastAtStart) at.lastAtStart = null;
    at.reader = await bus.read({ topic: name, partition: at.partition, from });
    connected();
    if (at.lastAtStart === null) at.caughtUp = true;
    while (!this.#closing.signal.aborted && this.#stopped === null) {
      const records = await at.reader.take(BATCH);
      if (records.length === 0) return;
      this.#apply(at, records);
    }
  }

  /** What lies before it counts as read. */
  async #startOf(at: FollowedPartition): Promise<StartPosition> {
    const { from } = this.#consumption;
    const { name } = at.topic;
    const given =
      typeof from === "function" ? await from(this.#service, { topic: name, partition: at.partition }) : from;
    // The end as it is now: asked again after an outage it would be a later one.
    const start = given === "latest" ? await this.#endOf(at) : given;
    if (typeof start !== "bigint") return start;
    if (at.topic.class === "exact") await this.#countBefore(at, start);
    at.nextOffset = start;
    at.began = start;
    at.mayLieBefore = true;
    return start;
  }

  #isMissing(at: FollowedPartition, error: unknown): boolean {
    if (!(error instanceof SequenceError) || error.gap === null || at.missing !== null) return false;
    at.missing = error;
    return true;
  }

  /** R5: the numbers decide, not the offsets. Rejects where the log has none of those that are missing. */
  async #lookForMissing(at: FollowedPartition): Promise<void> {
    const { missing } = at;
    if (missing?.gap == null) return;
    const { mark, number } = missing.gap;
    // Of a log whose beginning retention has dropped, the first number that is left is the beginning.
    const isBeginning = mark === undefined && (await isCut(this.#parts.bus, at.topic.name, at.partition));
    if (!isBeginning && !at.mayLieBefore) {
      await this.#lookBehind(at, missing, missing.gap);
      return;
    }
    if (isBeginning) at.beginLater.add(number.producer);
    else this.#lookBefore(at, missing);
    at.missing = null;
  }

  /** Once for each number that is missing. */
  #lookBefore(at: FollowedPartition, missing: SequenceError): void {
    const { metrics, log } = this.#parts;
    const { subscription } = this;
    at.mayLieBefore = false;
    at.nextOffset = 0n;
    metrics.hintsDistrusted.inc({ subscription });
    log.warn(
      { subscription, partition: `${at.topic.name}/${at.partition}`, reason: reasonOf(missing) },
      "read again from the beginning of the partition",
    );
  }

  async #lookBehind(at: FollowedPartition, missing: SequenceError, gap: Gap): Promise<void> {
    const closing = this.#closing.signal;
    const looking = { ...this.#parts, subscription: this.subscription, closing };
    const found = await recordsBehind(looking, gap);
    const begins = gap.mark === undefined && !closing.aborted;
    if (found.length === 0 && !begins) throw missing;
    at.missing = null;
    if (found.length > 0) this.#apply(at, found);
    else at.beginLater.add(gap.number.producer);
  }

  /** R4: a relay that has slept may send again behind the start what is before it. Such numbers begin nothing. */
  async #countBefore(at: FollowedPartition, start: bigint): Promise<void> {
    const { bus } = this.#parts;
    const place = { topic: at.topic.name, partition: at.partition };
    const from = start > SEEN_BACK ? start - BigInt(SEEN_BACK) : 0n;
    const records: BusRecord[] = [];
    for await (const batch of recordsBetween(bus, place, { from, end: start })) records.push(...batch);
    for (const [producer, position] of await highestNumbers(bus, place, { records, from }))
      at.applied.set(producer, { ...position });
  }

  async #endOf(at: FollowedPartition): Promise<bigint> {
    const offsets = await this.#parts.bus.offsets(at.topic.name);
    return offsets.find(({ partition }) => partition === at.partition)?.latest ?? 0n;
  }

  #apply(at: FollowedPartition, records: readonly BusRecord[]): void {
    const { metrics } = this.#parts;
    const label = { subscription: this.subscription };
    const batch: Envelope[] = [];
    let duplicates = 0;
    let fault: unknown = null;
    for (const record of records) {
      try {
        const concerned = this.#concerns(record);
        const envelope = concerned ? this.#decode(record) : undecoded(record);
        if (!this.#isNew(at, envelope, record)) duplicates++;
        else if (concerned && epochStartOf(envelope) === undefined) batch.push(envelope);
      } catch (error) {
        fault = error;
        break;
      }
      at.nextOffset = placeBehind(record);
    }
    if (duplicates > 0) metrics.duplicatesDropped.inc(label, duplicates);
    if (batch.length > 0) {
      metrics.batchSize.observe(label, batch.length);
      this.#consumption.apply(this.#service, batch);
    }
    if (fault !== null) throw fault;
    if (at.lastAtStart != null && at.nextOffset !== null && at.nextOffset > at.lastAtStart)
      at.caughtUp = true;
  }

  #concerns({ key }: BusRecord): boolean {
    const { concerns } = this.#consumption;
    return concerns === undefined || key === null || concerns(this.#service, key);
  }

  #isNew(at: FollowedPartition, envelope: Envelope, record: BusRecord): boolean {
    const { producer, offset } = envelope;
    const mark = at.applied.get(producer);
    if (mark === undefined && at.began !== null && offset < at.began) return false;
    // A view keeps nothing: what it reads first may be its beginning. After it every number counts.
    const unmarked = at.began !== null || at.beginLater.has(producer) ? "any" : "first";
    const verdict =
      at.topic.class === "latest"
        ? judgeLatest(mark, envelope)
        : judgeExact(mark, envelope, { unmarked, start: epochStartOf(envelope) });
    if (verdict === "drop") return false;
    if (verdict !== "apply") throw new SequenceError(verdict, { record, number: envelope, mark });
    at.mayLieBefore = true;
    if (mark === undefined) {
      at.applied.set(envelope.producer, { epoch: envelope.epoch, sequence: envelope.sequence });
      return true;
    }
    mark.epoch = envelope.epoch;
    mark.sequence = envelope.sequence;
    return true;
  }

  #stop(error: unknown): void {
    const { metrics, log } = this.#parts;
    if (this.#stopped !== null) return;
    this.#stopped = reasonOf(error);
    metrics.stopped.set({ subscription: this.subscription }, 1);
    metrics.stops.inc({ subscription: this.subscription });
    log.error({ subscription: this.subscription, reason: this.#stopped, err: error }, "view stopped");
    for (const at of this.#partitions) void at.reader?.close();
  }
}
