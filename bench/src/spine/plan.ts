import type { ClosedLoop, OpenLoop } from "./load-jobs.ts";
import type { SpineOptions } from "./options.ts";

/** What is run against one platform: the replay, the closed loads, then the steady one on a platform that is warm. */
export interface Plan {
  readonly accounts: number;
  /** How many commands of the recording; null: all. */
  readonly replayCommands: number | null;
  /** `single256` and `batched` are the rates that the report's object names. */
  readonly closed: readonly (ClosedLoop & { readonly name: ClosedName })[];
  readonly steady: OpenLoop;
}

export type ClosedName = "single64" | "single256" | "batched";

const BATCH = 100;
const STEADY_PER_SECOND = 1_000;

/**
 * Windows hold many answers even where the platform answers in bursts: batches that arrive together are committed
 * together.
 */
export function planOf({ quick, seconds }: SpineOptions): Plan {
  const windowMs = quick ? 750 : 2_000;
  const windows = Math.ceil((seconds * 1_000) / windowMs);
  const warmupMs = quick ? 400 : 5_000;
  const closed = (name: ClosedName, connections: number, batchSize: number) =>
    ({ kind: "closed", name, connections, batchSize, warmupMs, windowMs, windows }) as const;
  return {
    accounts: quick ? 200 : 2_000,
    replayCommands: quick ? 10_000 : null,
    steady: {
      kind: "open",
      connections: 128,
      ordersPerSecond: STEADY_PER_SECOND,
      warmupMs,
      measuredMs: seconds * 1_000,
    },
    closed: [
      ...(quick ? [] : [closed("single64", 64, 1)]),
      closed("single256", 256, 1),
      closed("batched", 16, BATCH),
    ],
  };
}
