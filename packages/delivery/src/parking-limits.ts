import { type FailureRules, StopSubscription } from "./failure-policy.ts";
import { type ParkedRow, QUEUED } from "./parked-rows.ts";

const MINUTE_MS = 60_000;

/** R12: one record is an accident, many are a fault of something else. Counts what one consumer has parked. */
export class ParkingLimits {
  readonly #rules: FailureRules;
  /** When each failure of the last minute was parked. */
  #failuresMs: number[] = [];

  constructor(rules: FailureRules) {
    this.#rules = rules;
  }

  /** Failures of the last minute that another consumer, or this one before a restart, has parked. */
  inherit(nowMs: number, recent: number): void {
    for (let nth = 0; nth < recent; nth++) this.#failuresMs.push(nowMs);
  }

  /** Before the rows are written; `waiting` are parked already. Throws `StopSubscription` for one too many. */
  check(nowMs: number, rows: readonly ParkedRow[], waiting: number): void {
    const { parkedPerMinute, maxParked } = this.#rules;
    this.#failuresMs = this.#failuresMs.filter((atMs) => atMs > nowMs - MINUTE_MS);
    const failures = rows.filter(({ code }) => code !== QUEUED);
    const last = failures.at(-1);
    if (last !== undefined && this.#failuresMs.length + failures.length > parkedPerMinute) {
      throw new StopSubscription(
        "too_many_parked",
        `more than ${parkedPerMinute} records a minute would be parked, the last one for ${last.code}: ${last.message}`,
      );
    }
    if (waiting + rows.length > maxParked) {
      throw new StopSubscription("parked_full", `${waiting} records are parked, ${maxParked} may be`);
    }
  }

  /** After the commit. */
  parked(nowMs: number, rows: readonly ParkedRow[]): void {
    for (const { code } of rows) if (code !== QUEUED) this.#failuresMs.push(nowMs);
  }
}
