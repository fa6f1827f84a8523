import type { AbortSignalLike, Timer } from "@bourse/base";
import { BrokenNote } from "./broken-note.ts";
import { type Log, reasonOf } from "./log.ts";
import type { OwnedPartition } from "./owned-partition.ts";
import type { BrokenCommandError } from "./shard-partition.ts";

/** How soon after an operator's word a broken partition begins anew. */
const POLL_MS = 1_000;

interface WatchParts {
  readonly timer: Timer;
  readonly log: Log;
  readonly subscription: string;
  readonly signal: AbortSignalLike;
  /** Whether the partition is this instance's, as it was. */
  readonly isOwned: (owned: OwnedPartition) => boolean;
  /** The command that broke it is void: the partition is to be taken over again. */
  readonly voided: () => Promise<void>;
}

/** R8: asks again and again whether the command that broke a partition is void by now. */
export class VoidedWatch {
  readonly #parts: WatchParts;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  of(owned: OwnedPartition, error: BrokenCommandError): void {
    this.#watch(owned, new BrokenNote(owned.snapshots, error));
  }

  #watch(owned: OwnedPartition, note: BrokenNote): void {
    const { timer, log, signal } = this.#parts;
    if (signal.aborted) return;
    note.tell(log);
    timer.after(POLL_MS, () => void this.#look(owned, note));
  }

  async #look(owned: OwnedPartition, note: BrokenNote): Promise<void> {
    const { log, subscription, signal, isOwned, voided } = this.#parts;
    const { partition, snapshots, broken } = owned;
    if (signal.aborted || !isOwned(owned)) return;
    try {
      const all = (await snapshots.voided?.()) ?? [];
      if (all.some(({ sequence }) => sequence === broken)) {
        log.info({ subscription, partition, sequence: broken }, "void: begun anew");
        await voided();
        return;
      }
    } catch (error) {
      log.warn({ partition, reason: reasonOf(error) }, "the voided commands could not be read");
    }
    this.#watch(owned, note);
  }
}
