import { type ChunkSlice, topicPartitionKey } from "@bourse/bus";
import { type Topic, writersOf } from "@bourse/contracts";
import { noQueues } from "../parking.ts";
import type { BulkBatch } from "./bulk-definitions.ts";
import { type BulkPartition, judgeChunks, NUMBER_HEADERS } from "./judge-chunks.ts";
import { SpentChunks } from "./spent-chunks.ts";

/** The first half of a bulk consumption by itself, from the beginning of a topic, keeping nothing. For benchmarks. */
export interface BulkReader {
  readonly headers: readonly string[];
  judge(slices: readonly ChunkSlice[]): BulkBatch;
  /** The batch of these slices, of so many records, is prepared: what lies before it may go. */
  prepared(slices: readonly ChunkSlice[], count: number): void;
}

export function readInBulk(topic: Topic): BulkReader {
  const partitions = new Map<string, BulkPartition>();
  const spent = new SpentChunks();
  return {
    headers: NUMBER_HEADERS,
    prepared: (slices, count) => spent.prepared(slices, count),
    judge: (slices) =>
      judgeChunks(slices, (at) => {
        const key = topicPartitionKey(at);
        let partition = partitions.get(key);
        if (partition === undefined) {
          partition = {
            topic: at.topic,
            partition: at.partition,
            topicId: "",
            writers: writersOf(topic),
            marks: new Map(),
            expected: new Map(),
            mayLieBefore: false,
            nextOffset: null,
            queues: noQueues(),
          };
          partitions.set(key, partition);
        }
        return partition;
      }),
  };
}
