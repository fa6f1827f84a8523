import type { EventBus } from "@bourse/bus";
import type { MatchingProgram } from "./shard/matching-program.ts";

/** What routes and invariants of matching are given. */
export interface Matching {
  readonly bus: EventBus;
  /** The partitions that this instance owns and has caught up with. */
  readonly programs: Map<number, MatchingProgram>;
}
