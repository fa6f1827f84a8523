import { type Log, reasonOf } from "./log.ts";
import type { DeliveryMetrics } from "./metrics.ts";
import type { Snapshot, SnapshotHead, SnapshotStore } from "./snapshot-store.ts";

/** A partition while this instance owns it. */
interface SnapshotTarget {
  readonly partition: number;
  readonly snapshots: SnapshotStore;
  /** Null once its memory is dropped. */
  readonly shard: { notSaved(head: SnapshotHead): void } | null;
}

/** Writes snapshots beside what goes on: of each partition one at a time, the newest of those that wait. */
export class SnapshotWriter {
  readonly #subscription: string;
  readonly #metrics: Pick<DeliveryMetrics, "snapshots" | "snapshotFailures">;
  readonly #log: Log;
  /** Of each partition of which one is being written; null: none waits. */
  readonly #waiting = new Map<SnapshotTarget, Snapshot | null>();
  readonly #writes = new Set<Promise<void>>();

  constructor(
    subscription: string,
    {
      metrics,
      log,
    }: { readonly metrics: Pick<DeliveryMetrics, "snapshots" | "snapshotFailures">; readonly log: Log },
  ) {
    this.#subscription = subscription;
    this.#metrics = metrics;
    this.#log = log;
  }

  /** Called only once all outputs up to the snapshot are acknowledged (R8). */
  save(target: SnapshotTarget, snapshot: Snapshot): void {
    const isWriting = this.#waiting.has(target);
    this.#waiting.set(target, snapshot);
    if (isWriting) return;
    const writing = this.#writeWaiting(target).finally(() => this.#writes.delete(writing));
    this.#writes.add(writing);
  }

  /** Also of partitions that may be another's by now: what their snapshots say stays true. */
  async settled(): Promise<void> {
    await Promise.all(this.#writes);
  }

  async #writeWaiting(target: SnapshotTarget): Promise<void> {
    for (let snapshot = this.#take(target); snapshot !== null; snapshot = this.#take(target)) {
      try {
        await target.snapshots.write(snapshot);
        this.#metrics.snapshots.inc({ subscription: this.#subscription });
      } catch (error) {
        // The one before it still serves: only the next replay is longer.
        target.shard?.notSaved(snapshot.head);
        this.#metrics.snapshotFailures.inc({ subscription: this.#subscription });
        this.#log.warn(
          { partition: target.partition, reason: reasonOf(error) },
          "a snapshot was not written",
        );
      }
    }
    this.#waiting.delete(target);
  }

  #take(target: SnapshotTarget): Snapshot | null {
    const snapshot = this.#waiting.get(target) ?? null;
    this.#waiting.set(target, null);
    return snapshot;
  }
}
