import { type EventBus, type LostEndError, lostEnd } from "@bourse/bus";
import { lostEnds } from "./lost-ends.ts";
import { isIdle, type OwnedPartition } from "./owned-partition.ts";

/** A log of a partition's outputs that ends before what it has acknowledged. */
export interface LostOutputs {
  readonly owned: OwnedPartition;
  readonly error: LostEndError;
}

/**
 * Of the partitions without commands: a send finds out by itself, and of these others would wait for what is lost. Rejects
 * with `BusError`.
 */
export async function lostOutputs(
  bus: EventBus,
  partitions: Iterable<OwnedPartition>,
): Promise<readonly LostOutputs[]> {
  const logs = [...partitions].filter(isIdle).flatMap((owned) => {
    const { partition, outputs } = owned;
    return Array.from(outputs, ([topic, { end, last, lineage }]) => ({
      owned,
      topic,
      partition,
      end,
      last: lineage === undefined ? null : last,
    }));
  });
  return (await lostEnds(bus, logs)).map(({ log, latest }) => ({
    owned: log.owned,
    error: lostEnd({ ...log, behind: log.end }, latest),
  }));
}
