import type { LastApplied } from "./seek-hint.ts";

/** A log of a partition's outputs, as whoever sends them knows it. */
export interface OutputLog {
  /** How far it reached when it was last heard of. */
  end: bigint;
  /** The last own record that was seen there; null: there is none, or it is not known where. */
  last: LastApplied | null;
  /** What it went by then; null: nobody has looked. undefined: it has one writer, and its length says it all. */
  lineage: string | null | undefined;
}
