import type { OutputLog } from "./output-log.ts";
import type { ShardPartition, ShardStep } from "./shard-partition.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import type { PartitionStatus } from "./status.ts";

/** A partition that this instance owns; `shard` is null once it has stopped and its memory is dropped. */
export interface OwnedPartition {
  readonly partition: number;
  readonly snapshots: SnapshotStore;
  shard: ShardPartition | null;
  /** The logs of its outputs, by topic. */
  outputs: ReadonlyMap<string, OutputLog>;
  /** Broken: what came before is still to be sent, nothing more is applied. */
  halted: boolean;
  /**
   * A command that is missing may lie before the place where reading is: the log lost its end and was filled again. Not so
   * where the beginning was read since the last command was applied.
   */
  mayLieBefore: boolean;
  announced: boolean;
  /** Before it everything is applied and its outputs are acknowledged: what is behind is not done with. */
  doneOffset: bigint | null;
  /** What the group was told of it. */
  committedOffset: bigint | null;
  error: string | null;
  /** The command it broke on: once an operator has voided it, the partition is taken over again (R8). */
  broken: number | null;
}

/** What a batch of its commands has led to. */
export interface OwnedStep {
  readonly owned: OwnedPartition;
  readonly step: ShardStep;
}

export function newlyOwned(partition: number, snapshots: SnapshotStore): OwnedPartition {
  return {
    partition,
    snapshots,
    shard: null,
    outputs: new Map(),
    halted: false,
    mayLieBefore: false,
    announced: false,
    doneOffset: null,
    committedOffset: null,
    error: null,
    broken: null,
  };
}

/** All that was taken of it is applied, and its outputs are acknowledged. */
export function isIdle({ shard, doneOffset }: OwnedPartition): boolean {
  return shard !== null && doneOffset === shard.nextOffset;
}

/** How it stands in the log of its one writer. */
export function statusOf(
  { partition, shard, error, announced, doneOffset }: OwnedPartition,
  { topic, writer }: { readonly topic: string; readonly writer: string },
): PartitionStatus {
  return {
    topic,
    partition,
    state: error !== null ? "stopped" : announced ? "running" : "catching_up",
    applied: { [writer]: shard?.appliedSequence ?? 0 },
    nextOffset: shard === null ? null : doneOffset,
    error,
  };
}
