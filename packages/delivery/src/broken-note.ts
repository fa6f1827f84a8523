import { type Log, reasonOf } from "./log.ts";
import type { BrokenCommandError } from "./shard-partition.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** Tells all instances, beside the snapshots, which command a partition has stopped on: any may be asked to void it. */
export class BrokenNote {
  readonly #snapshots: SnapshotStore;
  readonly #error: BrokenCommandError;
  #told = false;

  constructor(snapshots: SnapshotStore, error: BrokenCommandError) {
    this.#snapshots = snapshots;
    this.#error = error;
  }

  /** Once it is there nothing more is done: until then it is called again and again. */
  tell(log: Log): void {
    if (this.#told) return;
    const { sequence, message } = this.#error;
    try {
      this.#snapshots.noteBroken?.({ sequence, error: message });
      this.#told = true;
    } catch (error) {
      log.warn({ sequence, reason: reasonOf(error) }, "the command can't be voided: it could not be noted");
    }
  }
}
