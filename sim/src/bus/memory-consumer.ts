import {
  type BusRecord,
  type ChunkSlice,
  type ConsumeOptions,
  chunksOfRecords,
  type GroupConsumer,
  ShareCalls,
  type StartPosition,
  type TopicPartition,
  topicPartitionKey,
} from "@bourse/bus";
import { arrival } from "./arrival.ts";
import type { MemoryGroup, MemoryMember } from "./memory-group.ts";
import type { MemoryLog, MemoryPartition } from "./memory-log.ts";

export interface ConsumerOwner {
  readonly log: MemoryLog;
  readonly group: MemoryGroup;
  readonly closed: (consumer: GroupConsumer) => void;
}

interface Owned {
  readonly at: TopicPartition;
  readonly log: MemoryPartition;
  paused: boolean;
  /** undefined until `onAssigned` has answered. */
  next: number | undefined;
  /** A seek that came before that answer: it wins. */
  sought: StartPosition | undefined;
  /** How many of the log's losses it has heard of. */
  heardOf: number;
}

/** A member of a group; it fetches nothing ahead. */
export class MemoryConsumer implements GroupConsumer, MemoryMember {
  readonly topics: ReadonlySet<string>;
  readonly bufferedRecords = 0;
  readonly #options: ConsumeOptions;
  readonly #owner: ConsumerOwner;
  readonly #owned = new Map<string, Owned>();
  readonly #changed = arrival();
  readonly #calls: ShareCalls;
  #turn = 0;
  #closed = false;
  /** The group has given it up, and it has not heard of that yet. */
  #isEvicted = false;
  #failure: unknown;

  constructor(options: ConsumeOptions, owner: ConsumerOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#calls = new ShareCalls(options, () => this.#closed);
    this.topics = new Set(options.topics);
  }

  get held(): readonly TopicPartition[] {
    return Array.from(this.#owned.values(), ({ at }) => at);
  }

  get assigned(): readonly TopicPartition[] {
    return this.held;
  }

  take(maxRecords: number): Promise<readonly BusRecord[]> {
    return this.#take(maxRecords, () => true);
  }

  async #take(maxRecords: number, isWanted: (at: TopicPartition) => boolean): Promise<readonly BusRecord[]> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#closed) return [];
      const taken = this.#collect(maxRecords, isWanted);
      if (taken.length > 0) return taken;
      await this.#changed.wait();
    }
  }

  async takeChunks(
    maxRecords: number,
    isWanted: (at: TopicPartition) => boolean = () => true,
  ): Promise<readonly ChunkSlice[]> {
    return chunksOfRecords(await this.#take(maxRecords, isWanted), this.#options.chunkHeaders ?? []);
  }

  async commit(positions: readonly (TopicPartition & { readonly nextOffset: bigint })[]): Promise<void> {
    if (this.#closed || this.#isEvicted) return;
    for (const at of positions) {
      if (!this.#owned.has(topicPartitionKey(at))) continue;
      this.#owner.log.committed.set(committedKey(this.#options.group, at), at.nextOffset);
    }
  }

  pause(at: TopicPartition): void {
    const owned = this.#owned.get(topicPartitionKey(at));
    if (owned !== undefined) owned.paused = true;
  }

  resume(at: TopicPartition): void {
    const owned = this.#owned.get(topicPartitionKey(at));
    if (owned !== undefined) owned.paused = false;
    this.#changed.notify();
  }

  seek(at: TopicPartition, position: StartPosition): void {
    const owned = this.#owned.get(topicPartitionKey(at));
    if (owned === undefined) return;
    if (owned.next === undefined) owned.sought = position;
    else {
      owned.next = placeOf(position, owned.log);
      owned.heardOf = owned.log.cuts.length;
    }
    this.#changed.notify();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const { log } of this.#owned.values()) log.listeners.delete(this.#changed.notify);
    this.#owned.clear();
    this.#owner.group.leave(this);
    this.#owner.closed(this);
    this.#changed.notify();
  }

  evict(): void {
    if (this.#closed) return;
    this.#isEvicted = true;
    this.#owner.group.leave(this);
  }

  rejoin(): void {
    if (this.#closed || !this.#isEvicted) return;
    this.#isEvicted = false;
    this.revoke(this.held);
    this.#owner.group.join(this);
  }

  revoke(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      const key = topicPartitionKey(at);
      this.#owned.get(key)?.log.listeners.delete(this.#changed.notify);
      this.#owned.delete(key);
    }
    this.#calls.lost(partitions);
  }

  grant(partitions: readonly TopicPartition[]): void {
    const granted = partitions.map(
      (at): Owned => ({
        at,
        log: this.#owner.log.partition(at.topic, at.partition),
        paused: false,
        next: undefined,
        sought: undefined,
        heardOf: 0,
      }),
    );
    for (const owned of granted) this.#owned.set(topicPartitionKey(owned.at), owned);
    void this.#start(granted);
  }

  async #start(granted: readonly Owned[]): Promise<void> {
    try {
      const starts = await this.#calls.given(granted.map(({ at }) => at));
      for (const owned of granted) {
        const key = topicPartitionKey(owned.at);
        // Revoked meanwhile, and perhaps granted anew: that grant asks by itself.
        if (this.#owned.get(key) !== owned) continue;
        const committed = this.#owner.log.committed.get(committedKey(this.#options.group, owned.at));
        owned.next = placeOf(owned.sought ?? starts.get(key) ?? committed ?? "earliest", owned.log);
        owned.heardOf = owned.log.cuts.length;
        owned.log.listeners.add(this.#changed.notify);
      }
      this.#changed.notify();
    } catch (cause) {
      this.#failure ??= cause;
      await this.close();
    }
  }

  /** Each call begins with another partition, so that a busy one can't starve the others. */
  #collect(maxRecords: number, isWanted: (at: TopicPartition) => boolean): readonly BusRecord[] {
    const taken: BusRecord[] = [];
    const owned = [...this.#owned.values()].filter(({ at }) => isWanted(at));
    const first = this.#turn++;
    for (let step = 0; step < owned.length && taken.length < maxRecords; step++) {
      const each = owned[(first + step) % owned.length];
      if (each?.next === undefined || each.paused) continue;
      if (hasLost(each.log, each.next, each.heardOf)) each.next = 0;
      each.heardOf = each.log.cuts.length;
      const some = each.log.records.slice(each.next, each.next + maxRecords - taken.length);
      each.next += some.length;
      taken.push(...some);
    }
    return taken;
  }
}

export function committedKey(group: string, at: TopicPartition): string {
  return `${group} ${topicPartitionKey(at)}`;
}

/** Whether what was read of a log last is gone. Kafka says so by the epoch of what was fetched last (KIP-595). */
export function hasLost({ cuts }: MemoryPartition, next: number, heardOf: number): boolean {
  return cuts.slice(heardOf).some((left) => left < next);
}

/** An offset that the log does not have falls to "earliest". */
export function placeOf(position: StartPosition, { records }: MemoryPartition): number {
  if (position === "earliest") return 0;
  if (position === "latest") return records.length;
  return position < 0n || position > BigInt(records.length) ? 0 : Number(position);
}
