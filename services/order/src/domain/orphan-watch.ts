/**
 * Which holds without an order have been seen as such for long enough (R10). A hold is given up only after this
 * process has seen it so for the whole accept window: a client that comes again after an outage gets its order.
 */
export class OrphanWatch {
  readonly #firstSeenMs = new Map<string, number>();
  readonly #windowMs: number;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Takes all that are orphans now, forgets the others, and answers those that are ripe. */
  ripe(ids: readonly string[], nowMs: number): ReadonlySet<string> {
    const present = new Set(ids);
    for (const id of this.#firstSeenMs.keys()) if (!present.has(id)) this.#firstSeenMs.delete(id);
    const ripe = new Set<string>();
    for (const id of present) {
      const firstSeenMs = this.#firstSeenMs.get(id);
      // Seen later than now: the clock was ahead and has been set right.
      if (firstSeenMs === undefined || firstSeenMs > nowMs) this.#firstSeenMs.set(id, nowMs);
      else if (nowMs - firstSeenMs >= this.#windowMs) ripe.add(id);
    }
    return ripe;
  }

  /** Whether it should have been given up by now: it has been ripe for as long as it took to become so. */
  isOverdue(id: string, nowMs: number): boolean {
    const firstSeenMs = this.#firstSeenMs.get(id);
    return firstSeenMs !== undefined && nowMs - firstSeenMs >= 2 * this.#windowMs;
  }
}
