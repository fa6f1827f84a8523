/**
 * How far matching is behind, per partition: the commands that were committed and whose outcome was not seen yet (R14).
 * Bounded by what the door lets in: one entry for each commit and partition.
 */
export class InputLag {
  readonly #waiting = new Map<number, Waiting[]>();
  readonly #seen = new Map<number, number>();

  /** Commands up to `sequence` of a partition are committed. */
  committed(partition: number, sequence: number, nowMs: number): void {
    if (sequence <= (this.#seen.get(partition) ?? 0)) return;
    const waiting = this.#waiting.get(partition);
    if (waiting === undefined) this.#waiting.set(partition, [{ sequence, sinceMs: nowMs }]);
    else if (sequence > (waiting.at(-1)?.sequence ?? 0)) waiting.push({ sequence, sinceMs: nowMs });
  }

  /** What an earlier process has left, the last of it `sinceMs` old: it waits in front of what is committed here. */
  inherited(partition: number, sequence: number, sinceMs: number): void {
    if (sequence <= (this.#seen.get(partition) ?? 0)) return;
    const waiting = this.#waiting.get(partition) ?? [];
    const [first] = waiting;
    if (first !== undefined && first.sequence <= sequence) return;
    this.#waiting.set(partition, [{ sequence, sinceMs }, ...waiting]);
  }

  /** The outcome of the command with this number was read; outcomes come in order. */
  outcome(partition: number, commandSequence: number): void {
    if (commandSequence <= (this.#seen.get(partition) ?? 0)) return;
    this.#seen.set(partition, commandSequence);
    const waiting = this.#waiting.get(partition);
    if (waiting === undefined) return;
    const first = waiting.findIndex(({ sequence }) => sequence > commandSequence);
    waiting.splice(0, first === -1 ? waiting.length : first);
  }

  /** Age of the oldest command without outcome, over all partitions; 0 where there is none. */
  oldestMs(nowMs: number): number {
    let oldest = 0;
    for (const waiting of this.#waiting.values()) {
      const [first] = waiting;
      if (first === undefined) continue;
      // The clock was ahead and has been set right: else there would be no lag until it comes there again.
      first.sinceMs = Math.min(first.sinceMs, nowMs);
      oldest = Math.max(oldest, nowMs - first.sinceMs);
    }
    return oldest;
  }

  /** Commits whose outcome was not seen. */
  get waiting(): number {
    let count = 0;
    for (const entries of this.#waiting.values()) count += entries.length;
    return count;
  }
}

interface Waiting {
  readonly sequence: number;
  sinceMs: number;
}
