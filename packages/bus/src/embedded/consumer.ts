import type { BusRecord, ChunkSlice, ConsumeOptions, GroupConsumer, StartPosition } from "../port.ts";
import { chunksOfRecords } from "../record-chunk.ts";
import { ShareCalls } from "../share-calls.ts";
import { signal } from "../signal.ts";
import { type TopicPartition, topicPartitionKey } from "../topic-partition.ts";
import { Cursor } from "./cursor.ts";
import type { EventLog } from "./event-log.ts";
import type { Group, GroupMember } from "./group.ts";
import { nextTurn } from "./next-turn.ts";
import type { PartitionLog } from "./partition-log.ts";

interface OwnedPartition {
  readonly at: TopicPartition;
  readonly log: PartitionLog;
  paused: boolean;
  /** Undefined until `onAssigned` has answered. */
  cursor: Cursor | undefined;
  /** A seek that came before that answer: it wins. */
  sought: StartPosition | undefined;
}

export interface ConsumerOwner {
  readonly log: EventLog;
  readonly group: Group;
  readonly hinted: () => void;
  readonly closed: (consumer: GroupConsumer) => void;
}

/**
 * A member of a group. It fetches nothing ahead: `take` reads the log of this process, so back-pressure needs no buffer.
 * A rejection of `onAssigned` fails the consumer: `take` rejects with it, and its partitions go to the others.
 */
export class EmbeddedConsumer implements GroupConsumer, GroupMember {
  readonly topics: ReadonlySet<string>;
  readonly bufferedRecords = 0;
  readonly #options: ConsumeOptions;
  readonly #owner: ConsumerOwner;
  readonly #owned = new Map<string, OwnedPartition>();
  /** The same, to go through; undefined: what is owned has changed. */
  #inTurn: readonly OwnedPartition[] | undefined;
  readonly #changed = signal();
  readonly #calls: ShareCalls;
  #turn = 0;
  #readFile = false;
  #closed = false;
  #failure: unknown;

  constructor(options: ConsumeOptions, owner: ConsumerOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#calls = new ShareCalls(options, () => this.#closed);
    this.topics = new Set(options.topics);
  }

  get held(): readonly TopicPartition[] {
    return Array.from(this.#owned.values(), (owned) => owned.at);
  }

  get assigned(): readonly TopicPartition[] {
    return this.held;
  }

  take(maxRecords: number): Promise<readonly BusRecord[]> {
    return this.#take(maxRecords, undefined);
  }

  async #take(
    maxRecords: number,
    isWanted: ((at: TopicPartition) => boolean) | undefined,
  ): Promise<readonly BusRecord[]> {
    if (this.#readFile) await nextTurn();
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
    isWanted?: (at: TopicPartition) => boolean,
  ): Promise<readonly ChunkSlice[]> {
    return chunksOfRecords(await this.#take(maxRecords, isWanted), this.#options.chunkHeaders ?? []);
  }

  #collect(
    maxRecords: number,
    isWanted: ((at: TopicPartition) => boolean) | undefined,
  ): readonly BusRecord[] {
    const taken: BusRecord[] = [];
    this.#inTurn ??= [...this.#owned.values()];
    const owned = isWanted === undefined ? this.#inTurn : this.#inTurn.filter(({ at }) => isWanted(at));
    const before = this.#owner.log.diskReads;
    // Each call begins with another partition, and each has its share before one has more of it: so a busy one can't
    // starve the others, and who is behind goes on in all of them alike.
    const first = this.#turn++;
    const share = Math.ceil(maxRecords / owned.length);
    this.#takeShares(owned, { first, share, maxRecords }, taken);
    // Whoever has not had a whole share has nothing more.
    if (taken.length >= share) this.#takeShares(owned, { first, share: maxRecords, maxRecords }, taken);
    this.#readFile = this.#owner.log.diskReads !== before;
    return taken;
  }

  #takeShares(
    owned: readonly OwnedPartition[],
    {
      first,
      share,
      maxRecords,
    }: { readonly first: number; readonly share: number; readonly maxRecords: number },
    taken: BusRecord[],
  ): void {
    for (let step = 0; step < owned.length && taken.length < maxRecords; step++) {
      const partition = owned[(first + step) % owned.length];
      if (partition === undefined || partition.paused) continue;
      partition.cursor?.take(Math.min(share, maxRecords - taken.length), taken);
    }
  }

  async commit(positions: readonly (TopicPartition & { readonly nextOffset: bigint })[]): Promise<void> {
    if (this.#closed) return;
    for (const position of positions) {
      const owned = this.#owned.get(topicPartitionKey(position));
      if (owned !== undefined)
        this.#owner.log.groupOffsets.set(this.#options.group, owned.log, Number(position.nextOffset));
    }
    this.#owner.hinted();
  }

  pause(at: TopicPartition): void {
    const owned = this.#owned.get(topicPartitionKey(at));
    if (owned !== undefined) owned.paused = true;
  }

  resume(at: TopicPartition): void {
    const owned = this.#owned.get(topicPartitionKey(at));
    if (owned === undefined) return;
    owned.paused = false;
    this.#changed.notify();
  }

  seek(at: TopicPartition, position: StartPosition): void {
    const owned = this.#owned.get(topicPartitionKey(at));
    if (owned === undefined) return;
    if (owned.cursor === undefined) owned.sought = position;
    else owned.cursor.seek(this.#owner.log.resolve(owned.log, position));
    this.#changed.notify();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const owned of this.#owned.values()) this.#unfollow(owned);
    this.#owned.clear();
    this.#inTurn = undefined;
    this.#owner.group.leave(this);
    this.#owner.closed(this);
    this.#changed.notify();
  }

  revoke(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      const key = topicPartitionKey(at);
      const owned = this.#owned.get(key);
      if (owned !== undefined) this.#unfollow(owned);
      this.#owned.delete(key);
    }
    this.#inTurn = undefined;
    this.#calls.lost(partitions);
  }

  #unfollow({ log, cursor }: OwnedPartition): void {
    log.listeners.delete(this.#changed.notify);
    cursor?.close();
  }

  grant(partitions: readonly TopicPartition[]): void {
    const granted = partitions.map(
      (at): OwnedPartition => ({
        at,
        log: this.#owner.log.partition(at),
        paused: false,
        cursor: undefined,
        sought: undefined,
      }),
    );
    for (const owned of granted) this.#owned.set(topicPartitionKey(owned.at), owned);
    this.#inTurn = undefined;
    void this.#start(granted);
  }

  async #start(granted: readonly OwnedPartition[]): Promise<void> {
    const { log } = this.#owner;
    try {
      const starts = await this.#calls.given(granted.map((owned) => owned.at));
      for (const owned of granted) {
        const key = topicPartitionKey(owned.at);
        // Revoked meanwhile, and perhaps granted anew: that grant asks by itself.
        if (this.#owned.get(key) !== owned) continue;
        const position = owned.sought ?? starts.get(key) ?? this.#committedPosition(owned.log);
        owned.cursor = new Cursor(log, owned.log, log.resolve(owned.log, position));
        owned.log.listeners.add(this.#changed.notify);
      }
      this.#changed.notify();
    } catch (cause) {
      this.#failure ??= cause;
      await this.close();
    }
  }

  #committedPosition(partitionLog: PartitionLog): StartPosition {
    const committed = this.#owner.log.groupOffsets.all.get(this.#options.group)?.get(partitionLog);
    return committed === undefined ? "earliest" : BigInt(committed);
  }
}
