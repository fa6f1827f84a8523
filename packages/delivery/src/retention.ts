import { type Clock, RetentionClock, type RetentionHour, settledWithin, type Timer } from "@bourse/base";
import type { Row, Statement, Store } from "@bourse/store";
import { type Log, reasonOf } from "./log.ts";
import type { DeliveryMetrics } from "./metrics.ts";

/** Before which time what is stamped has been kept for a retention (decision 0056): whatever deletes by time asks it. */
export interface Retention {
  /** 0: nothing has been kept for so long. */
  cutoffMs(retentionMs: number): number;
}

export interface RetentionParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  readonly metrics: DeliveryMetrics;
  /** What is asked for at most. */
  readonly longestMs: number;
}

export const RETENTION_READ =
  "SELECT hour, minute, earliest_ms FROM retention_hours WHERE hour >= $1 ORDER BY hour";
export const RETENTION_KEEP = `INSERT INTO retention_hours AS kept (hour, minute, earliest_ms) VALUES ($1, $2, $3)
  ON CONFLICT (hour) DO UPDATE SET minute = greatest(kept.minute, excluded.minute),
    earliest_ms = least(kept.earliest_ms, excluded.earliest_ms)`;
export const RETENTION_FORGET = "DELETE FROM retention_hours WHERE hour < $1";

const MINUTE_MS = 60_000;
/** So many minutes are not counted, at most, where a process dies: things stay that much longer. */
const KEPT_EVERY_MINUTES = 10;
const CLOSE_MS = 2_000;
/** More than a busy process is late, and less than anybody sets a clock by who has a reason to. */
const JUMP_MS = 300_000;

/** The {@link RetentionClock} of a service: its instances keep one account of it, in their schema. */
export class ServiceRetention implements Retention {
  readonly #parts: RetentionParts;
  #hours: RetentionClock | null = null;
  /** The hour that was lived through last, and how much of it is in the table. */
  #lived: RetentionHour | null = null;
  #kept: RetentionHour | null = null;
  #isWriting = false;
  #failedBefore = false;
  #stop = (): void => undefined;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    // An alarm on an increase needs the zero before it.
    for (const direction of ["ahead", "back"]) parts.metrics.clockJumps.inc({ direction }, 0);
  }

  cutoffMs(retentionMs: number): number {
    return this.#hours?.cutoffMs(retentionMs, this.#parts.clock.nowMs()) ?? 0;
  }

  /** Reads what was lived through before, and counts on. Until that is known nothing is old. */
  async open(): Promise<void> {
    this.#stop = this.#parts.timer.every(MINUTE_MS, () => void this.#minutePassed());
    await this.#trying(() => this.#read());
  }

  /** Keeps what is not kept yet, if that can be done at once. */
  async close(): Promise<void> {
    this.#stop();
    const hours = this.#hours;
    const lived = this.#lived;
    if (hours === null || lived === null || lived.minute === this.#kept?.minute) return;
    const kept = this.#trying(() => this.#keep(hours, lived));
    await settledWithin(this.#parts.timer, CLOSE_MS, kept);
  }

  async #minutePassed(): Promise<void> {
    const hours = this.#hours;
    if (hours === null) return await this.#trying(() => this.#read());
    const { hour, jumpMs } = hours.minutePassed(this.#parts.clock.nowMs());
    this.#lived = hour;
    this.#tellOf(jumpMs);
    // What is not written now is with a later minute: the hour says how far it has come.
    await this.#trying(() => (this.#isDue(hour) ? this.#keep(hours, hour) : this.#takeOthers(hours, hour)));
  }

  /** A lower reading at once, since others delete by it; minutes now and then. */
  #isDue({ hour, minute, earliestMs }: RetentionHour): boolean {
    const kept = this.#kept;
    if (kept === null || kept.hour !== hour || earliestMs < kept.earliestMs) return true;
    return minute - kept.minute >= KEPT_EVERY_MINUTES;
  }

  async #read(): Promise<void> {
    const { store, clock } = this.#parts;
    const hours = new RetentionClock((await store.query(readFrom(0))).map(hourOf));
    hours.read(clock.nowMs());
    this.#hours = hours;
  }

  async #keep(hours: RetentionClock, hour: RetentionHour): Promise<void> {
    const { store, longestMs } = this.#parts;
    const first = hours.forget(longestMs);
    const rows = await store.transaction("retention.keep", (tx) =>
      tx.commit([
        { text: RETENTION_KEEP, values: [hour.hour, hour.minute, hour.earliestMs] },
        { text: RETENTION_FORGET, values: [first] },
        readOthers(hour),
      ]),
    );
    this.#kept = hour;
    hours.take((rows.at(-1) ?? []).map(hourOf));
  }

  async #takeOthers(hours: RetentionClock, hour: RetentionHour): Promise<void> {
    hours.take((await this.#parts.store.query(readOthers(hour))).map(hourOf));
  }

  #tellOf(jumpMs: number): void {
    if (Math.abs(jumpMs) < JUMP_MS) return;
    const { log, metrics } = this.#parts;
    metrics.clockJumps.inc({ direction: jumpMs > 0 ? "ahead" : "back" });
    log.warn(
      { jumpSeconds: Math.round(jumpMs / 1_000) },
      "the clock has jumped within a minute, or the process stood still",
    );
  }

  async #trying(work: () => Promise<void>): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    try {
      await work();
      this.#failedBefore = false;
    } catch (error) {
      const reason = reasonOf(error);
      if (!this.#failedBefore)
        this.#parts.log.warn({ reason }, "what was lived through could not be kept: tried again in a minute");
      this.#failedBefore = true;
    } finally {
      this.#isWriting = false;
    }
  }
}

/** Another instance may be a moment behind, and in the hour before. */
function readOthers({ hour }: RetentionHour): Statement {
  return readFrom(hour - 1);
}

function readFrom(hour: number): Statement {
  return { text: RETENTION_READ, values: [hour] };
}

function hourOf(row: Row): RetentionHour {
  return { hour: Number(row.hour), minute: Number(row.minute), earliestMs: Number(row.earliest_ms) };
}
