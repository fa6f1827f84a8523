import type { Envelope } from "./envelope.ts";

export interface ParkReason {
  /** Stable, snake_case: the reason in `bourse dlq list` and in metrics. */
  readonly code: string;
  readonly message: string;
}

/**
 * R12: what becomes of a record that can't be applied while all dependencies answer. `stop`: its subscription stops,
 * not ready, with an alarm. `parkKey`: it is parked, and later records of its key queue behind it. `skip`: it is
 * parked alone, for records that don't build on each other.
 */
export type FailurePolicy = "stop" | "parkKey" | "skip";

export interface FailureOptions {
  /** How often a record is tried in all before it is poison (`retries_exhausted`). Default 5. */
  readonly attempts?: number;
  /** More parked records than so many in a minute stop the subscription. Default 100. */
  readonly parkedPerMinute?: number;
  /** As many may wait in all, those that queue behind a key included. Default 100,000. */
  readonly maxParked?: number;
  /**
   * What a parked record holds up, where it is not the record's own key. Records of one key lie in one partition.
   * With `stop` it is for what the handler parks itself.
   */
  readonly key?: (envelope: Envelope) => string | null;
}
