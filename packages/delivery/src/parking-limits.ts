import type { TopicPartition } from "@bourse/bus";
import { ByPartition } from "./by-partition.ts";
import { type FailureRules, StopSubscription } from "./failure-policy.ts";
import { type ParkedRow, QUEUED } from "./parked-rows.ts";

const MINUTE_MS = 60_000;

/** R12: one record is an accident, many are a fault of something else. Counts what one consumer has parked. */
export class ParkingLimits {
  readonly #rules: FailureRules;
  /** When each failure of a partition's last minute was parked. */
  readonly #failuresMs = new ByPartition<number[]>();

  constructor(rules: FailureRules) {
    this.#rules = rules;
  }

  /**
   * Failures of the last minute of a partition that is given to this consumer, whoever has parked them: also those that
   * it has counted itself, where it had the partition before.
   */
  inherit(at: TopicPartition, nowMs: number, recent: number): void {
    this.#failuresMs.set(at, new Array<number>(recent).fill(nowMs));
  }

  /** Before the rows are written; `waiting` are parked already. Throws `StopSubscription` for one too many. */
  check(nowMs: number, rows: readonly ParkedRow[], waiting: number): void {
    const { parkedPerMinute, maxParked } = this.#rules;
    const recent = this.#ofLastMinute(nowMs);
    const failures = rows.filter(({ code }) => code !== QUEUED);
    const last = failures.at(-1);
    if (last !== undefined && recent + failures.length > parkedPerMinute) {
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
    for (const { code, parking } of rows) {
      if (code === QUEUED) continue;
      const failures = this.#failuresMs.get(parking.at);
      if (failures === undefined) this.#failuresMs.set(parking.at, [nowMs]);
      else failures.push(nowMs);
    }
  }

  /** Forgets what is older, and what is later by more than that: the clock has gone back. */
  #ofLastMinute(nowMs: number): number {
    let count = 0;
    for (const failures of this.#failuresMs.values()) {
      const first = failures.findIndex((atMs) => Math.abs(nowMs - atMs) < MINUTE_MS);
      failures.splice(0, first === -1 ? failures.length : first);
      count += failures.length;
    }
    return count;
  }
}
