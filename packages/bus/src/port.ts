import type { BusError } from "./bus-error.ts";
import type { TopicPartition } from "./topic-partition.ts";

/**
 * The event bus as the rest of the platform sees it. Two adapters keep this contract, `embedded/` and `kafka/`;
 * `conformance.ts` is the suite that both pass.
 *
 * A topic is a fixed number of partitions; a partition is an ordered log of records numbered from 0 without gaps
 * as far as one client can tell (a Kafka log may skip numbers, so never do arithmetic on offsets: use `nextOffset`).
 */
export interface EventBus {
  readonly kind: "embedded" | "kafka";

  /**
   * Creates the topics that are missing and compares the others with what is asked.
   * A different partition count is refused (R3): `BusError` `topic_mismatch`.
   */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;

  /** All topics the broker has, with a stable id that changes when a topic is deleted and made anew (R5). */
  topics(): Promise<readonly TopicInfo[]>;

  /**
   * Appends the batches. Resolves when every record is durable (acks=all; embedded: synced, but for `isKept`), with the offset of each
   * batch's first record. Calls that arrive while one is in flight are gathered into the next one.
   * A rejection means that the outcome is unknown: some or all of it may be there. Within one partition, records
   * of two calls made one after the other keep that order.
   */
  send(batches: readonly OutgoingBatch[]): Promise<readonly SentBatch[]>;

  /**
   * Joins a consumer group and reads what the group gives it. See {@link GroupConsumer}.
   */
  consume(options: ConsumeOptions): Promise<GroupConsumer>;

  /** Reads one partition by itself, outside any group, from an offset on. */
  read(options: ReadOptions): Promise<PartitionReader>;

  /** First retained offset and the offset after the last durable record, for each partition. */
  offsets(topic: string): Promise<readonly PartitionOffsets[]>;

  /** For each partition the first offset whose record's time is at or after `timestampMs`, or the end. */
  offsetsAt(
    topic: string,
    timestampMs: number,
  ): Promise<readonly { readonly partition: number; readonly offset: bigint }[]>;

  /** The last `count` records of a partition that are durable, oldest first. */
  tail(topic: string, partition: number, count: number): Promise<readonly BusRecord[]>;

  /** Groups with their committed offsets (hints and gauges; the truth are the marks of R5) and members. */
  groups(): Promise<readonly GroupInfo[]>;

  /** What one group has committed, without asking for the others; empty: nothing, or there is no such group. */
  committed(group: string): Promise<GroupInfo["offsets"]>;

  /** Finishes what is in flight, leaves the groups, releases sockets and files. Idempotent. */
  close(): Promise<void>;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** -1 keeps for ever. */
  readonly retentionMs: number;
  /** How many brokers keep a copy. Of two and more, two have a write before it is acknowledged (R9). */
  readonly replicationFactor?: number;
}

export interface TopicInfo {
  readonly name: string;
  readonly id: string;
  readonly partitions: number;
}

export type Headers = Readonly<Record<string, string>>;

export interface OutgoingRecord {
  /** null for records that concern a whole partition. */
  readonly key: string | null;
  readonly value: string;
  readonly headers: Headers;
  /** Milliseconds since the epoch; what `offsetsAt` searches. */
  readonly timestampMs: number;
  /**
   * The parsed value, where the sender has it: an in-process bus passes it on so that nobody parses it again.
   * It must equal `JSON.parse(value)` and is never mutated.
   */
  readonly decoded?: unknown;
  /**
   * The id of the value's schema in a registry: on Kafka the value then travels framed as registries' own clients have it
   * (a zero byte, the id in 4 bytes, the value). The embedded bus has no wire, and no use for it.
   */
  readonly schemaId?: number;
}

export interface OutgoingBatch {
  readonly topic: string;
  /** Always explicit: computed when the record is written, by `partitionOf` (R3). */
  readonly partition: number;
  readonly records: readonly OutgoingRecord[];
  /**
   * The sender sends the records again after a loss: it keeps them (an outbox, R4), or makes them again from what another
   * one keeps (matching, R8). A log on this machine's own disk then need not wait for the disk: what it writes after them
   * is never there without them.
   */
  readonly isKept?: boolean;
  /**
   * How far the log reached when the sender last heard of it. One that ends before that has lost its end, and nothing goes
   * behind it: `lost_end`. Kafka can't be asked and sent to in one: there it is looked at wherever a log may have lost
   * something, and a `firstOffset` before it tells of the rest.
   */
  readonly behind?: bigint;
  /**
   * What the log went by when the sender last saw its own records there; null: it has not looked yet. A log that goes by
   * something else may have lost them, and be as long again by what others sent: nothing goes behind it, and `log_changed`
   * says what it goes by now. For logs with several writers; where there is one, `behind` says it all.
   */
  readonly lineage?: string | null;
}

export interface SentBatch {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: bigint;
}

export interface RawHeader {
  readonly name: Uint8Array;
  readonly value: Uint8Array | null;
}

export interface BusRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** As `value`: bytes that are not valid UTF-8 are in `rawKey`. */
  readonly key: string | null;
  readonly rawKey?: Uint8Array;
  /**
   * UTF-8. Bytes that are not valid UTF-8 are in `rawValue`, and here with replacement characters. A `rawValue` of null: there
   * is no value (a tombstone), and this is empty. The bytes of the log are `valueBytes` of the record.
   */
  readonly value: string;
  readonly rawValue?: Uint8Array | null;
  /** Where the value came framed with the id of its schema: that id; `value` is what was in the frame. */
  readonly schemaId?: number;
  readonly headers: Headers;
  /** All of them as they came, where `headers` does not say it: not valid UTF-8, a name twice, a value that is null. */
  readonly rawHeaders?: readonly RawHeader[];
  readonly timestampMs: number;
  /** Set by whoever parses the value first, so that it happens once a process. */
  decoded?: unknown;
  /**
   * What a reader has made of the record, value and headers, for the others in this process that read it in the same way.
   * It says of which record it is, since a copy of a record may have other headers.
   */
  read?: { readonly of: BusRecord } | undefined;
}

/** Where a consumer starts in a partition: an offset, or one of the ends. */
export type StartPosition = bigint | "earliest" | "latest";

export interface ConsumeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Asked for each partition when it is given to this member, before its first record is delivered: the marks' seek
   * hints (R5). An offset that the broker no longer has falls to "earliest". A partition missing from the answer
   * starts at the group's committed offset, or else at "earliest". A rejection fails the consumer: `take` rejects
   * with it, and the partitions go to other members.
   */
  readonly onAssigned: (partitions: readonly TopicPartition[]) => Promise<ReadonlyMap<string, StartPosition>>;
  /**
   * Told after the partitions are no longer delivered, never while `onAssigned` is still to answer: then after it. A batch
   * already handed out may still be worked on.
   */
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => void;
  /**
   * Told once of a partition of which nothing more comes, because what the broker has there is no records
   * (`unreadable_batch`); the others go on. Without it that fails the consumer.
   */
  readonly onUnreadable?: (at: TopicPartition, error: BusError) => void;
  /** The most records that are fetched ahead for all partitions together (back-pressure). Default 8,192. */
  readonly bufferRecords?: number;
  /**
   * The consumer is read by `takeChunks` alone, which finds these headers in each record. A consumer that can hand over
   * bytes as they came keeps no objects then; the others make chunks of their records.
   */
  readonly chunkHeaders?: readonly string[];
  /**
   * How long a connection rests after each reply, so that the next one brings more: for whoever would rather have few large
   * replies than each record at once. There are a few connections to a broker, and one that does not rest may ask meanwhile.
   * Only where records are fetched from a broker. Default 0.
   */
  readonly fetchRestMs?: number;
  /** After how long without a heartbeat the group gives this member's partitions away. Default 10,000. */
  readonly sessionTimeoutMs?: number;
}

export interface GroupConsumer {
  readonly assigned: readonly TopicPartition[];
  /** Records fetched ahead and not yet taken: at most about `bufferRecords`, and one reply of the broker more. */
  readonly bufferedRecords: number;
  /**
   * Waits for records and takes up to `maxRecords` of what has arrived, of any assigned partitions, in order within
   * each. An empty array: the consumer was closed. Records of partitions revoked meanwhile are dropped.
   * While the broker is away it waits (retrying for ever, capped backoff with full jitter).
   */
  take(maxRecords: number): Promise<readonly BusRecord[]>;
  /**
   * As `take`, in chunks of one partition each: for a consumer with `chunkHeaders`. With `isWanted` only of partitions of
   * which it says so, at the moment of taking: several may take at once, each of partitions of its own.
   */
  takeChunks(maxRecords: number, isWanted?: (at: TopicPartition) => boolean): Promise<readonly ChunkSlice[]>;
  /**
   * The next offset of a partition for the group: a hint and a gauge, never the truth. Never rejects for long.
   * It may become durable a moment after it resolves.
   */
  commit(positions: readonly (TopicPartition & { readonly nextOffset: bigint })[]): Promise<void>;
  /** Stops delivering one partition, or goes on with it; the others flow on. */
  pause(at: TopicPartition): void;
  resume(at: TopicPartition): void;
  /** Delivers the partition again from `position`. */
  seek(at: TopicPartition, position: StartPosition): void;
  close(): Promise<void>;
}

export interface ReadOptions {
  readonly topic: string;
  readonly partition: number;
  readonly from: StartPosition;
  readonly bufferRecords?: number;
}

export interface PartitionReader {
  /** As `GroupConsumer.take`. */
  take(maxRecords: number): Promise<readonly BusRecord[]>;
  /** As `take`, but answers with an empty array when nothing comes within `waitMs`. */
  poll(maxRecords: number, waitMs: number): Promise<readonly BusRecord[]>;
  close(): Promise<void>;
}

export interface PartitionOffsets {
  readonly partition: number;
  readonly earliest: bigint;
  /** The offset after the last durable record. */
  readonly latest: bigint;
}

export interface GroupInfo {
  readonly group: string;
  readonly state: string;
  readonly members: number;
  readonly offsets: readonly (TopicPartition & { readonly committed: bigint })[];
}

/**
 * Records of one partition as they lay in the log: bytes, and where in them each record's parts begin and end. For
 * consumers of streams, where an object with texts for each record would cost more than all that is done with it.
 */
export interface RecordChunk extends TopicPartition {
  readonly bytes: Buffer;
  readonly count: number;
  /** Safe integers, rising, perhaps with gaps. */
  readonly offsets: Float64Array;
  readonly timesMs: Float64Array;
  /** `CHUNK_SPANS + 2 x wanted headers` numbers for each record: see `SPAN`. */
  readonly spans: Int32Array;
  readonly stride: number;
  /** The record as an object with all its headers, copied out of the bytes: for the few that are looked at closely. */
  record(index: number): BusRecord;
  /**
   * Nobody looks at the chunk any more: its memory may become another one's. Whoever never says so leaves it to the
   * garbage collector. Only once, and by whom all of the chunk was taken.
   */
  release(): void;
}

/** A piece of a chunk: records `from` to before `to`. */
export interface ChunkSlice {
  readonly chunk: RecordChunk;
  readonly from: number;
  readonly to: number;
}
