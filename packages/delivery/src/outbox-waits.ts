import type { RelayLane } from "./relay-lane.ts";

/** Since when each lane has had something to send without an acknowledgement. Looked at now and then, not at each send. */
export class OutboxWaits {
  readonly #since = new Map<RelayLane, { acknowledged: number; epoch: number; sinceMs: number }>();

  look(lanes: Iterable<RelayLane>, nowMs: number): void {
    for (const lane of lanes) {
      if (lane.acknowledged >= lane.known) {
        this.#since.delete(lane);
        continue;
      }
      const before = this.#since.get(lane);
      if (before?.acknowledged === lane.acknowledged && before.epoch === lane.epoch) continue;
      this.#since.set(lane, { acknowledged: lane.acknowledged, epoch: lane.epoch, sinceMs: nowMs });
    }
  }

  /** The longest wait of each topic that has one. */
  longestMs(nowMs: number): ReadonlyMap<string, number> {
    const longest = new Map<string, number>();
    for (const [{ topic }, wait] of this.#since) {
      // The clock was ahead and has been set right.
      wait.sinceMs = Math.min(wait.sinceMs, nowMs);
      longest.set(topic, Math.max(longest.get(topic) ?? 0, nowMs - wait.sinceMs));
    }
    return longest;
  }
}
