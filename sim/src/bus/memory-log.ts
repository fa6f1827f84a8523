import {
  BusError,
  type BusRecord,
  LogChangedError,
  lostEnd,
  type OutgoingBatch,
  type SentBatch,
  type TopicSpec,
} from "@bourse/bus";
import { recordSizes } from "@bourse/bus/testing";

/** A partition of the log. Records are never changed; the end may be lost. */
export interface MemoryPartition {
  readonly topic: string;
  readonly partition: number;
  readonly records: BusRecord[];
  /** Where it was cut off, each time that it lost its end. */
  readonly cuts: number[];
  /** Told of every append. */
  readonly listeners: Set<() => void>;
}

export interface MemoryTopic {
  readonly name: string;
  readonly id: string;
  readonly partitions: readonly MemoryPartition[];
}

/** How far the log went at a moment: what a restore goes back to. */
export interface LogCheckpoint {
  readonly records: ReadonlyMap<MemoryPartition, readonly BusRecord[]>;
  readonly committed: ReadonlyMap<string, bigint>;
}

/** What a broker keeps through a crash of its clients: topics, records, committed offsets. */
export class MemoryLog {
  readonly topics = new Map<string, MemoryTopic>();
  /** By `group topic/partition`. */
  readonly committed = new Map<string, bigint>();
  #made = 0;

  createTopic({ name, partitions }: TopicSpec): void {
    this.#made += 1;
    this.topics.set(name, {
      name,
      id: `${name}#${this.#made}`,
      partitions: Array.from({ length: partitions }, (_, partition) => ({
        topic: name,
        partition,
        records: [],
        cuts: [],
        listeners: new Set<() => void>(),
      })),
    });
  }

  partition(topic: string, partition: number): MemoryPartition {
    const found = this.topic(topic).partitions[partition];
    if (found === undefined) throw unknownTopic(`${topic}/${partition}`);
    return found;
  }

  topic(name: string): MemoryTopic {
    const found = this.topics.get(name);
    if (found === undefined) throw unknownTopic(name);
    return found;
  }

  /** All batches or none of them. Throws `unknown_topic` and `bus_refused`. */
  append(batches: readonly OutgoingBatch[]): readonly SentBatch[] {
    const partitions = batches.map((batch) => {
      recordSizes(batch);
      const partition = this.partition(batch.topic, batch.partition);
      const end = BigInt(partition.records.length);
      if (batch.behind !== undefined && end < batch.behind) throw lostEnd(batch, end);
      const lineage = String(partition.cuts.length);
      if (batch.lineage !== undefined && batch.lineage !== lineage) throw new LogChangedError(batch, lineage);
      return partition;
    });
    const sent = batches.map(({ topic, partition, records }, index): SentBatch => {
      const log = partitions[index]?.records ?? [];
      const firstOffset = BigInt(log.length);
      for (const { key, value, headers, timestampMs } of records) {
        log.push({ topic, partition, offset: BigInt(log.length), key, value, headers, timestampMs });
      }
      return { topic, partition, firstOffset };
    });
    for (const each of new Set(partitions)) for (const told of [...each.listeners]) told();
    return sent;
  }

  /**
   * The last records of a partition are gone, as after an election without a replica in sync. Whoever has read one of them
   * reads from the beginning, once it asks again: at once, or not before the next append. How many were lost.
   */
  loseEnd(partition: MemoryPartition, count: number, isHeardOf: boolean): number {
    const left = Math.max(0, partition.records.length - count);
    const lost = partition.records.length - left;
    partition.records.length = left;
    partition.cuts.push(left);
    if (isHeardOf) for (const told of [...partition.listeners]) told();
    return lost;
  }

  checkpoint(): LogCheckpoint {
    const records = new Map<MemoryPartition, readonly BusRecord[]>();
    for (const { partitions } of this.topics.values())
      for (const each of partitions) records.set(each, [...each.records]);
    return { records, committed: new Map(this.committed) };
  }

  restore({ records, committed }: LogCheckpoint): void {
    for (const [partition, kept] of records) {
      partition.records.splice(0, partition.records.length, ...kept);
      partition.cuts.length = 0;
    }
    this.committed.clear();
    for (const [key, offset] of committed) this.committed.set(key, offset);
  }

  /** A process that starts anew parses what it reads: no value comes to it but by its text. */
  forgetParsed(): void {
    for (const { partitions } of this.topics.values())
      for (const { records } of partitions)
        for (const record of records) {
          delete record.decoded;
          delete record.read;
        }
  }
}

function unknownTopic(what: string): BusError {
  return new BusError("unknown_topic", `there is no ${what}`, { retryable: false });
}
