import {
  BusError,
  type BusRecord,
  lostEnd,
  type OutgoingBatch,
  type SentBatch,
  type TopicSpec,
} from "@bourse/bus";
import { recordSizes } from "@bourse/bus/testing";

/** A partition of the log. Records are never changed; a restore cuts the tail off. */
export interface MemoryPartition {
  readonly topic: string;
  readonly partition: number;
  readonly records: BusRecord[];
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
  readonly lengths: ReadonlyMap<MemoryPartition, number>;
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

  checkpoint(): LogCheckpoint {
    const lengths = new Map<MemoryPartition, number>();
    for (const { partitions } of this.topics.values())
      for (const each of partitions) lengths.set(each, each.records.length);
    return { lengths, committed: new Map(this.committed) };
  }

  restore({ lengths, committed }: LogCheckpoint): void {
    for (const [partition, length] of lengths) partition.records.length = length;
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
