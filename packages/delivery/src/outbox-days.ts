import type { Clock, Timer } from "@bourse/base";
import type { Topic } from "@bourse/contracts";
import type { Store } from "@bourse/store";
import { type Log, reasonOf } from "./log.ts";
import type { Retention } from "./retention.ts";

export interface OutboxDaysParts {
  readonly publishes: readonly Topic[];
  readonly store: Store;
  readonly clock: Clock;
  readonly retention: Retention;
  readonly timer: Timer;
  readonly log: Log;
}

const ROLL_EVERY_MS = 3_600_000;
export const OUTBOX_ROLL = "SELECT outbox_roll($1, $2)";

/** Days of the outbox: made ahead, and dropped whole when every topic's retention is over and all is sent (R4), or empty. */
export class OutboxDays {
  readonly #parts: OutboxDaysParts;
  #stop: () => void = () => undefined;

  constructor(parts: OutboxDaysParts) {
    this.#parts = parts;
  }

  /** Makes them, and goes on doing so: rows that come before their day are kept apart. */
  async open(): Promise<void> {
    this.#stop = this.#parts.timer.every(ROLL_EVERY_MS, () => void this.#roll());
    await this.#roll();
  }

  close(): void {
    this.#stop();
  }

  async #roll(): Promise<void> {
    const { store, clock, retention, publishes, log } = this.#parts;
    const forEver = publishes.some((topic) => topic.retentionMs < 0);
    const longest = Math.max(0, ...publishes.map((topic) => topic.retentionMs));
    const dropBeforeMs = forEver ? 0 : retention.cutoffMs(longest);
    try {
      await store.transaction("outbox.roll", (tx) =>
        tx.commit([{ text: OUTBOX_ROLL, values: [clock.nowMs(), dropBeforeMs] }]),
      );
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, "the outbox's days were not rolled: tried again in an hour");
    }
  }
}
