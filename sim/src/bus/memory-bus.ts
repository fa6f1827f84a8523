import type { Timer } from "@bourse/base";
import {
  BusError,
  type BusRecord,
  type ConsumeOptions,
  type EventBus,
  type GroupConsumer,
  type GroupInfo,
  type OutgoingBatch,
  type PartitionOffsets,
  type PartitionReader,
  type ReadOptions,
  type SentBatch,
  type TopicInfo,
  type TopicSpec,
} from "@bourse/bus";
import { type ConsumerOwner, committedKey, MemoryConsumer } from "./memory-consumer.ts";
import { MemoryGroups } from "./memory-groups.ts";
import type { MemoryLog } from "./memory-log.ts";
import { openMemoryReader } from "./memory-reader.ts";

/** A client of a {@link MemoryLog}: what it has in memory is gone with it, groups too unless others have them. */
export class MemoryBus implements EventBus {
  readonly kind = "embedded";
  readonly #log: MemoryLog;
  readonly #timer: Timer;
  readonly #groups: MemoryGroups;
  readonly #open = new Set<GroupConsumer | PartitionReader>();
  #closed = false;

  constructor(log: MemoryLog, timer: Timer, groups: MemoryGroups = new MemoryGroups(log)) {
    this.#log = log;
    this.#timer = timer;
    this.#groups = groups;
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    this.#usable();
    for (const { name, partitions } of specs) {
      const found = this.#log.topics.get(name)?.partitions.length ?? partitions;
      if (found === partitions) continue;
      const message = `${name} has ${found} partitions, ${partitions} are asked for`;
      throw new BusError("topic_mismatch", message, { retryable: false });
    }
    for (const spec of specs) if (!this.#log.topics.has(spec.name)) this.#log.createTopic(spec);
    this.#rebalance();
  }

  async topics(): Promise<readonly TopicInfo[]> {
    this.#usable();
    return Array.from(this.#log.topics.values(), ({ name, id, partitions }) => ({
      name,
      id,
      partitions: partitions.length,
    }));
  }

  async send(batches: readonly OutgoingBatch[]): Promise<readonly SentBatch[]> {
    this.#usable();
    return this.#log.append(batches);
  }

  async consume(options: ConsumeOptions): Promise<GroupConsumer> {
    this.#usable();
    for (const topic of options.topics) this.#log.topic(topic);
    const group = this.#groups.of(options.group);
    const owner: ConsumerOwner = { log: this.#log, group, closed: (each) => this.#open.delete(each) };
    const consumer = new MemoryConsumer(options, owner);
    this.#open.add(consumer);
    group.join(consumer);
    return consumer;
  }

  async read(options: ReadOptions): Promise<PartitionReader> {
    this.#usable();
    const reader = openMemoryReader(options, {
      partition: () => this.#log.partition(options.topic, options.partition),
      timer: this.#timer,
      closed: (each) => this.#open.delete(each),
    });
    this.#open.add(reader);
    return reader;
  }

  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    this.#usable();
    return this.#log.topic(topic).partitions.map(({ partition, records }) => ({
      partition,
      earliest: 0n,
      latest: BigInt(records.length),
    }));
  }

  async offsetsAt(
    topic: string,
    timestampMs: number,
  ): Promise<readonly { readonly partition: number; readonly offset: bigint }[]> {
    this.#usable();
    return this.#log.topic(topic).partitions.map(({ partition, records }) => {
      const found = records.findIndex((record) => record.timestampMs >= timestampMs);
      return { partition, offset: BigInt(found < 0 ? records.length : found) };
    });
  }

  async tail(topic: string, partition: number, count: number): Promise<readonly BusRecord[]> {
    this.#usable();
    const { records } = this.#log.partition(topic, partition);
    return records.slice(Math.max(0, records.length - count));
  }

  async groups(): Promise<readonly GroupInfo[]> {
    this.#usable();
    const names = new Set(this.#groups.names());
    for (const key of this.#log.committed.keys()) names.add(key.slice(0, key.indexOf(" ")));
    return [...names].sort().map((group) => {
      const members = this.#groups.membersOf(group);
      const state = members === 0 ? "Empty" : "Stable";
      return { group, state, members, offsets: this.#committed(group) };
    });
  }

  async committed(group: string): Promise<GroupInfo["offsets"]> {
    this.#usable();
    return this.#committed(group);
  }

  #committed(group: string): GroupInfo["offsets"] {
    return [...this.#log.topics.values()].flatMap(({ partitions }) =>
      partitions.flatMap(({ topic, partition }) => {
        const committed = this.#log.committed.get(committedKey(group, { topic, partition }));
        return committed === undefined ? [] : [{ topic, partition, committed }];
      }),
    );
  }

  /** Members of groups lose its partitions; made anew it has another id. */
  deleteTopic(name: string): void {
    this.#log.topics.delete(name);
    for (const key of [...this.#log.committed.keys()])
      if (key.includes(` ${name}/`)) this.#log.committed.delete(key);
    this.#rebalance();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const open of [...this.#open]) await open.close();
  }

  /** Its groups give it up: it was not heard of for too long, and does not know it. */
  evict(): void {
    for (const open of this.#open) if (open instanceof MemoryConsumer) open.evict();
  }

  /** It hears that its groups gave it up, and joins them again. */
  rejoin(): void {
    for (const open of this.#open) if (open instanceof MemoryConsumer) open.rejoin();
  }

  #rebalance(): void {
    this.#groups.rebalance();
  }

  #usable(): void {
    if (this.#closed) throw new BusError("bus_closed", "the event bus is closed", { retryable: false });
  }
}
