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
import type { TopicPartition } from "../topic-partition.ts";
import { retrying } from "./backoff.ts";
import type { Cluster } from "./cluster.ts";
import { clusterOf, type KafkaConnectionOptions } from "./cluster-of.ts";
import { KafkaConsumer } from "./consumer.ts";
import { closedError, unavailable } from "./failure.ts";
import { Fetcher } from "./fetcher.ts";
import { listGroups } from "./groups.ts";
import { committedOffsets } from "./hint-committer.ts";
import { moveGroup } from "./move-group.ts";
import { EARLIEST_TIME, LATEST_TIME, listOffsets, resolveStart } from "./offsets.ts";
import { type SendPackedOptions, sendPacked } from "./packed-sender.ts";
import { Producer } from "./producer.ts";
import { openReader } from "./reader.ts";
import type { PackedBatch } from "./record-packer.ts";
import { type AccessNeeds, requireAccess } from "./required-access.ts";
import { readTail } from "./tail.ts";
import { deleteTopic, ensureTopics } from "./topics.ts";

export interface KafkaBusOptions extends KafkaConnectionOptions {
  /** How long a send may wait and be tried before it is rejected. Default 10,000. */
  readonly sendTimeoutMs?: number;
  /** The same for calls that ask something; `consume` waits three times as long. Default 10,000. */
  readonly callTimeoutMs?: number;
}

export interface KafkaBus extends EventBus {
  readonly kind: "kafka";
  /** Deletes a topic with its records. Made anew it has another id. */
  deleteTopic(name: string): Promise<void>;
  /**
   * The bulk path, for generators that number their own run (R7): complete batches, at most one for each partition, sent
   * until the brokers have acknowledged them all. See `packed-sender.ts`.
   */
  sendPacked(batches: readonly PackedBatch[], options: SendPackedOptions): Promise<void>;
  /**
   * Sets what a group without members has committed. Throws `bus_refused` where it has members. A subscription of the
   * platform is never moved by it: it starts from its marks (R5).
   */
  moveGroup(
    group: string,
    positions: readonly (TopicPartition & { readonly nextOffset: bigint })[],
  ): Promise<void>;
  /** How many brokers there are: one alone keeps one copy of everything (R9). */
  brokerCount(): Promise<number>;
  /** Throws `bus_refused` naming principal, operation and resource of everything that this client may not do. */
  requireAccess(needs: AccessNeeds): Promise<void>;
}

const DEFAULT_LIMIT_MS = 10_000;
/** A round of a group waits for its other members. */
const JOIN_LIMIT_FACTOR = 3;

/**
 * The event bus on Apache Kafka 3.1 or newer. It connects when it is first needed. Throws `bus_refused` when the
 * addresses can't be read.
 */
export function kafkaBus(options: KafkaBusOptions): KafkaBus {
  return new ClusterBus(options);
}

class ClusterBus implements KafkaBus {
  readonly kind = "kafka";
  readonly #cluster: Cluster;
  readonly #producer: Producer;
  readonly #readers: Fetcher;
  readonly #callTimeoutMs: number;
  readonly #open = new Set<GroupConsumer | PartitionReader>();
  readonly #closing = new AbortController();
  #names = 0;
  #refusing = false;

  constructor(options: KafkaBusOptions) {
    const { sendTimeoutMs = DEFAULT_LIMIT_MS, callTimeoutMs = DEFAULT_LIMIT_MS } = options;
    this.#callTimeoutMs = callTimeoutMs;
    this.#cluster = clusterOf(options);
    this.#producer = new Producer({ cluster: this.#cluster, sendTimeoutMs, closing: this.#closing.signal });
    this.#readers = new Fetcher(this.#cluster, "readers");
  }

  ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    return this.#ask(() => ensureTopics(this.#cluster, topics));
  }

  topics(): Promise<readonly TopicInfo[]> {
    return this.#ask(async () =>
      (await this.#cluster.topics()).map(({ name, id, leaders }) => ({
        name,
        id,
        partitions: leaders.length,
      })),
    );
  }

  async send(batches: readonly OutgoingBatch[]): Promise<readonly SentBatch[]> {
    this.#usable();
    return this.#producer.send(batches);
  }

  async sendPacked(batches: readonly PackedBatch[], options: SendPackedOptions): Promise<void> {
    this.#usable();
    for (const batch of batches)
      if (this.#cluster.knownTopic(batch.topic) === undefined)
        await this.#ask(() => this.#cluster.partition(batch));
    return sendPacked(this.#cluster, batches, { ...options, closing: this.#closing.signal });
  }

  async consume(options: ConsumeOptions): Promise<GroupConsumer> {
    for (const topic of options.topics) await this.#ask(() => this.#cluster.topic(topic));
    const consumer = new KafkaConsumer(options, {
      cluster: this.#cluster,
      name: String(++this.#names),
      closed: (closed) => this.#open.delete(closed),
    });
    this.#open.add(consumer);
    let timer: NodeJS.Timeout | undefined;
    const limitMs = this.#callTimeoutMs * JOIN_LIMIT_FACTOR;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(unavailable(`no share of group ${options.group} within ${limitMs} ms`)),
        limitMs,
      );
    });
    try {
      await Promise.race([consumer.joined, tooLate]);
      return consumer;
    } catch (cause) {
      await consumer.close();
      throw cause;
    } finally {
      clearTimeout(timer);
    }
  }

  async read(options: ReadOptions): Promise<PartitionReader> {
    await this.#ask(() => this.#cluster.partition(options));
    // "latest" is the end as it is now, not when the first request is made.
    const from = await this.#ask(() => resolveStart(this.#cluster, options, options.from));
    const reader = openReader(
      { ...options, from },
      {
        fetcher: this.#readers,
        closed: (closed) => this.#open.delete(closed),
      },
    );
    this.#open.add(reader);
    return reader;
  }

  offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return this.#ask(async () => {
      const known = await this.#cluster.topic(topic);
      const [earliest, latest] = await Promise.all([
        listOffsets(this.#cluster, known, EARLIEST_TIME),
        listOffsets(this.#cluster, known, LATEST_TIME),
      ]);
      return earliest.map(({ partition, offset }, index) => ({
        partition,
        earliest: offset,
        latest: latest[index]?.offset ?? offset,
      }));
    });
  }

  offsetsAt(
    topic: string,
    timestampMs: number,
  ): Promise<readonly { readonly partition: number; readonly offset: bigint }[]> {
    return this.#ask(async () => {
      const known = await this.#cluster.topic(topic);
      const ends = await listOffsets(this.#cluster, known, LATEST_TIME);
      const found = await listOffsets(this.#cluster, known, BigInt(Math.max(0, Math.ceil(timestampMs))));
      return found.map(({ partition, offset }, index) => ({
        partition,
        // The broker answers -1 where no record is that late.
        offset: offset >= 0n ? offset : (ends[index]?.offset ?? 0n),
      }));
    });
  }

  tail(topic: string, partition: number, count: number): Promise<readonly BusRecord[]> {
    return this.#ask((signal) =>
      readTail({ cluster: this.#cluster, fetcher: this.#readers, at: { topic, partition }, count, signal }),
    );
  }

  groups(): Promise<readonly GroupInfo[]> {
    return this.#ask(() => listGroups(this.#cluster));
  }

  committed(group: string): Promise<GroupInfo["offsets"]> {
    return this.#ask(() => committedOffsets(this.#cluster, group, "all"));
  }

  deleteTopic(name: string): Promise<void> {
    return this.#ask(() => deleteTopic(this.#cluster, name));
  }

  moveGroup(
    group: string,
    positions: readonly (TopicPartition & { readonly nextOffset: bigint })[],
  ): Promise<void> {
    return this.#ask(() => moveGroup(this.#cluster, group, positions));
  }

  brokerCount(): Promise<number> {
    return this.#ask(async () => {
      await this.#cluster.refresh();
      return this.#cluster.nodes.length;
    });
  }

  requireAccess(needs: AccessNeeds): Promise<void> {
    return this.#ask(() => requireAccess(this.#cluster, needs));
  }

  async close(): Promise<void> {
    if (this.#refusing) return;
    this.#refusing = true;
    await this.#producer.drain();
    await Promise.all([...this.#open].map((open) => open.close()));
    this.#closing.abort();
    this.#producer.abandon();
    this.#readers.close();
    this.#cluster.close();
  }

  /** Tries until there is an answer or the time is over. */
  async #ask<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#usable();
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#callTimeoutMs)]);
    return retrying(signal, () => work(signal));
  }

  #usable(): void {
    if (this.#refusing) throw closedError();
  }
}
