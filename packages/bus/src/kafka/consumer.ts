import type { BusError } from "../bus-error.ts";
import type { BusRecord, ChunkSlice, ConsumeOptions, GroupConsumer, StartPosition } from "../port.ts";
import { ShareCalls } from "../share-calls.ts";
import { signal } from "../signal.ts";
import { type TopicPartition, topicPartitionKey } from "../topic-partition.ts";
import { retrying } from "./backoff.ts";
import type { Cluster } from "./cluster.ts";
import { Fetcher, type FetchTarget } from "./fetcher.ts";
import { committedOffsets, type HintCommitter, hintCommitter } from "./hint-committer.ts";
import { joinGroup, type Membership } from "./membership.ts";
import {
  type BufferBudget,
  bufferBudget,
  bytesToAskFor,
  type ChunkBuffer,
  chunkBuffer,
  type PartitionBuffer,
  partitionBuffer,
} from "./partition-buffer.ts";

const DEFAULT_SESSION_TIMEOUT_MS = 10_000;

interface OwnedPartition {
  readonly at: TopicPartition;
  readonly buffer: PartitionBuffer;
  /** Takes the place of `buffer` in a consumer that is read in chunks. */
  readonly chunks: ChunkBuffer;
  paused: boolean;
  /** False until `onAssigned` has answered. */
  started: boolean;
  /** A seek that came before that answer: it wins. */
  sought: StartPosition | undefined;
  readonly target: FetchTarget;
}

export interface KafkaConsumerOwner {
  readonly cluster: Cluster;
  /** Tells its connections from those of other consumers of this bus. */
  readonly name: string;
  readonly closed: (consumer: GroupConsumer) => void;
}

/**
 * A member of a group. The group's protocol only tells which partitions are ours; they are read by our own
 * {@link Fetcher} from the offsets that `onAssigned` gives, so that each can be paused and sought by itself.
 */
export class KafkaConsumer implements GroupConsumer {
  readonly #options: ConsumeOptions;
  readonly #owner: KafkaConsumerOwner;
  readonly #budget: BufferBudget;
  /** null: records are handed over as objects. */
  readonly #chunkHeaders: readonly Buffer[] | null;
  readonly #fetcher: Fetcher;
  readonly #membership: Membership;
  readonly #committer: HintCommitter;
  readonly #owned = new Map<string, OwnedPartition>();
  readonly #changed = signal();
  readonly #calls: ShareCalls;
  readonly #closing = new AbortController();
  #turn = 0;
  #failure: unknown;

  constructor(options: ConsumeOptions, owner: KafkaConsumerOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#calls = new ShareCalls(options, () => this.#closing.signal.aborted);
    this.#budget = bufferBudget(options.bufferRecords);
    this.#chunkHeaders = options.chunkHeaders?.map((name) => Buffer.from(name)) ?? null;
    this.#fetcher = new Fetcher(owner.cluster, owner.name);
    this.#committer = hintCommitter(options.group, () => this.#membership);
    this.#membership = joinGroup({
      cluster: owner.cluster,
      group: options.group,
      topics: options.topics,
      sessionTimeoutMs: options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS,
      name: `group-${owner.name}`,
      onLost: (partitions) => this.#lose(partitions),
      onGiven: (partitions) => this.#own(partitions),
      onHeartbeat: () => void this.#committer.flush(),
      onRefused: (error) => this.#fail(error),
    });
  }

  /** Resolves when the member has its first share. */
  get joined(): Promise<void> {
    return this.#membership.joined;
  }

  get assigned(): readonly TopicPartition[] {
    return Array.from(this.#owned.values(), (owned) => owned.at);
  }

  get bufferedRecords(): number {
    let count = 0;
    for (const { buffer, chunks } of this.#owned.values()) count += buffer.count + chunks.count;
    return count;
  }

  take(maxRecords: number): Promise<readonly BusRecord[]> {
    return this.#taking((taken: BusRecord[]) =>
      this.#collect(maxRecords, ({ buffer }, left) => {
        const before = taken.length;
        buffer.take(left, taken);
        return taken.length - before;
      }),
    );
  }

  takeChunks(
    maxRecords: number,
    isWanted: (at: TopicPartition) => boolean = () => true,
  ): Promise<readonly ChunkSlice[]> {
    return this.#taking((taken: ChunkSlice[]) =>
      this.#collect(maxRecords, ({ at, chunks }, left) => (isWanted(at) ? chunks.take(left, taken) : 0)),
    );
  }

  async #taking<Piece>(collect: (taken: Piece[]) => void): Promise<readonly Piece[]> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#closing.signal.aborted) return [];
      const taken: Piece[] = [];
      collect(taken);
      if (taken.length > 0) {
        this.#fetcher.wake();
        return taken;
      }
      await this.#changed.wait();
    }
  }

  /** `take` moves records of one partition and answers how many. */
  #collect(maxRecords: number, take: (partition: OwnedPartition, left: number) => number): void {
    const owned = [...this.#owned.values()];
    // Each call begins with another partition, so that a busy one can't starve the others.
    const first = this.#turn++;
    let left = maxRecords;
    for (let step = 0; step < owned.length && left > 0; step++) {
      const partition = owned[(first + step) % owned.length];
      if (partition?.paused === false) left -= take(partition, left);
    }
  }

  async commit(positions: readonly (TopicPartition & { readonly nextOffset: bigint })[]): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#committer.add(positions.filter((position) => this.#owned.has(topicPartitionKey(position))));
    void this.#committer.flush();
  }

  pause(at: TopicPartition): void {
    const owned = this.#owned.get(topicPartitionKey(at));
    if (owned === undefined) return;
    owned.paused = true;
    this.#giveBack(owned);
  }

  resume(at: TopicPartition): void {
    const owned = this.#owned.get(topicPartitionKey(at));
    if (owned === undefined) return;
    owned.paused = false;
    this.#fetcher.wake();
  }

  seek(at: TopicPartition, position: StartPosition): void {
    const owned = this.#owned.get(topicPartitionKey(at));
    if (owned === undefined) return;
    owned.buffer.clear();
    owned.chunks.clear();
    if (owned.started) this.#fetcher.seek(owned.target, position);
    else owned.sought = position;
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#fetcher.close();
    this.#owned.clear();
    this.#changed.notify();
    await this.#committer.finish();
    await this.#membership.close();
    this.#owner.closed(this);
  }

  /** A paused partition holds nothing: its backlog must not take the others' room. It is fetched again. */
  #giveBack(owned: OwnedPartition): void {
    const firstOffset = owned.buffer.firstOffset ?? owned.chunks.firstOffset;
    if (firstOffset === undefined) return;
    owned.buffer.clear();
    owned.chunks.clear();
    this.#fetcher.seek(owned.target, firstOffset);
  }

  #lose(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      const key = topicPartitionKey(at);
      const owned = this.#owned.get(key);
      if (owned !== undefined) this.#fetcher.remove(owned.target);
      this.#owned.delete(key);
    }
    this.#committer.forget(partitions);
    this.#calls.lost(partitions);
  }

  #own(partitions: readonly TopicPartition[]): void {
    if (this.#closing.signal.aborted) return;
    const given = partitions.map((at) => this.#ownedPartition(at));
    for (const owned of given) this.#owned.set(topicPartitionKey(owned.at), owned);
    void this.#start(given);
  }

  /** Of a topic made anew the offsets are others: where to start is asked again (R5). */
  #beginAnew(owned: OwnedPartition): void {
    if (this.#owned.get(topicPartitionKey(owned.at)) !== owned) return;
    this.#lose([owned.at]);
    this.#own([owned.at]);
  }

  #ownedPartition(at: TopicPartition): OwnedPartition {
    const buffer = partitionBuffer();
    const chunks = chunkBuffer();
    const arrived = (): void => {
      if (owned.paused) this.#giveBack(owned);
      else this.#changed.notify();
    };
    const owned: OwnedPartition = {
      at,
      buffer,
      chunks,
      paused: false,
      started: false,
      sought: undefined,
      target: {
        at,
        wantedBytes: () => (owned.paused ? 0 : this.#wantedBytes()),
        restMs: this.#options.fetchRestMs ?? 0,
        receive: (records) => {
          if (records.length === 0) return;
          buffer.push(records);
          arrived();
        },
        ...(this.#chunkHeaders === null
          ? {}
          : {
              chunks: {
                headers: this.#chunkHeaders,
                receive: (received) => {
                  if (received.length === 0) return;
                  chunks.push(received);
                  arrived();
                },
              },
            }),
        replaced: () => this.#beginAnew(owned),
        fail: (error) => this.#failPartition(at, error),
      },
    };
    return owned;
  }

  #wantedBytes(): number {
    let records = 0;
    let bytes = 0;
    let partitions = 0;
    for (const owned of this.#owned.values()) {
      records += owned.buffer.count + owned.chunks.count;
      bytes += owned.buffer.bytes + owned.chunks.bytes;
      if (!owned.paused) partitions++;
    }
    return bytesToAskFor(this.#budget, { records, bytes, partitions });
  }

  async #start(given: readonly OwnedPartition[]): Promise<void> {
    try {
      const starts = await this.#calls.given(given.map((owned) => owned.at));
      const committed = await this.#committedOf(given.filter(({ at }) => !starts.has(topicPartitionKey(at))));
      for (const owned of given) {
        const key = topicPartitionKey(owned.at);
        // Lost meanwhile, and perhaps given anew: that asks by itself.
        if (this.#owned.get(key) !== owned) continue;
        owned.started = true;
        this.#fetcher.add(owned.target, owned.sought ?? starts.get(key) ?? committed.get(key) ?? "earliest");
      }
    } catch (cause) {
      this.#fail(cause);
    }
  }

  async #committedOf(partitions: readonly OwnedPartition[]): Promise<ReadonlyMap<string, bigint>> {
    if (partitions.length === 0) return new Map();
    const { cluster } = this.#owner;
    const found = await retrying(this.#closing.signal, () =>
      committedOffsets(
        cluster,
        this.#options.group,
        partitions.map(({ at }) => at),
      ),
    );
    return new Map(found.map((each) => [topicPartitionKey(each), each.committed]));
  }

  #failPartition(at: TopicPartition, error: BusError): void {
    const { onUnreadable } = this.#options;
    if (error.code === "unreadable_batch" && onUnreadable !== undefined) onUnreadable(at, error);
    else this.#fail(error);
  }

  #fail(cause: BusError | unknown): void {
    if (this.#closing.signal.aborted) return;
    this.#failure ??= cause;
    void this.close();
  }
}
