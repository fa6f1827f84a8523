import type { Clock, Timer } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import { orderEvents } from "@bourse/contracts";
import { shardFolder } from "@bourse/delivery";
import type { MatchingProgram } from "./shard/matching-program.ts";

/** The object that matching's routes and invariants get. */
export interface Matching {
  readonly clock: Clock;
  readonly timer: Timer;
  /** Shared by all instances: snapshots, and the voided commands beside them. */
  readonly sharedFolder: string;
  readonly bus: EventBus;
  /** The partitions that this instance owns and has caught up with. */
  readonly programs: Map<number, MatchingProgram>;
}

/** The subscription whose shards these are. */
export const ENGINE = "engine";

/** Where a partition's snapshots and voided commands are. */
export function folderOf({ sharedFolder }: Pick<Matching, "sharedFolder">, partition: number): string {
  return shardFolder(sharedFolder, { subscription: ENGINE, topic: orderEvents.name, partition });
}
