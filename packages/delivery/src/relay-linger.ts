import type { Clock, Timer } from "@bourse/base";
import type { Topic } from "@bourse/contracts";
import type { RelayLane } from "./relay-lane.ts";

/**
 * Lanes of topics that nobody waits for hold their records back for a moment (`Topic.lingerMs`). The moments are the
 * same ones in all services of a process, so that the embedded log appends what they all have at once.
 */
export class LingeringLanes {
  readonly #clock: Clock;
  readonly #timer: Timer;
  readonly #drive: (lane: RelayLane) => void;
  readonly #lingerMs: ReadonlyMap<string, number>;
  readonly #waiting = new Map<number, { readonly lanes: Set<RelayLane>; readonly cancel: () => void }>();

  constructor(
    parts: { readonly publishes: readonly Topic[]; readonly clock: Clock; readonly timer: Timer },
    drive: (lane: RelayLane) => void,
  ) {
    this.#clock = parts.clock;
    this.#timer = parts.timer;
    this.#drive = drive;
    this.#lingerMs = new Map(
      parts.publishes.flatMap(({ name, lingerMs = 0 }) => (lingerMs > 0 ? [[name, lingerMs] as const] : [])),
    );
  }

  /** False for a lane whose topic does not linger. */
  add(lane: RelayLane): boolean {
    const lingerMs = this.#lingerMs.get(lane.topic);
    if (lingerMs === undefined) return false;
    const waiting = this.#waiting.get(lingerMs);
    if (waiting !== undefined) {
      waiting.lanes.add(lane);
      return true;
    }
    const lanes = new Set([lane]);
    const untilMs = lingerMs - (this.#clock.nowMs() % lingerMs);
    const cancel = this.#timer.after(untilMs, () => {
      this.#waiting.delete(lingerMs);
      for (const each of lanes) this.#drive(each);
    });
    this.#waiting.set(lingerMs, { lanes, cancel });
    return true;
  }

  close(): void {
    for (const { cancel } of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }
}
