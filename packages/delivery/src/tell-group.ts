import type { GroupConsumer, TopicPartition } from "@bourse/bus";
import type { OwnedPartition } from "./owned-partition.ts";

/**
 * How far the partitions are done with, for those who have not got them. Nobody starts from there: snapshots and
 * outputs say where (R8). Goes back while a partition is replayed, for then nothing is done with it either. Rejects as
 * `commit` does.
 */
export async function tellGroup(
  consumer: Pick<GroupConsumer, "commit">,
  topic: string,
  partitions: Iterable<OwnedPartition>,
): Promise<void> {
  const told: OwnedPartition[] = [];
  const positions: (TopicPartition & { readonly nextOffset: bigint })[] = [];
  for (const owned of partitions) {
    const { partition, doneOffset } = owned;
    if (doneOffset === null || doneOffset === owned.committedOffset) continue;
    owned.committedOffset = doneOffset;
    told.push(owned);
    positions.push({ topic, partition, nextOffset: doneOffset });
  }
  if (positions.length === 0) return;
  try {
    await consumer.commit(positions);
  } catch (error) {
    // Told again with the next one: else another instance would wait for what is done.
    for (const owned of told) owned.committedOffset = null;
    throw error;
  }
}
