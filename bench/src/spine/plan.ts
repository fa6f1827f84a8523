import type { ClosedLoop, OpenLoop } from "./load-jobs.ts";
import type { SpineOptions } from "./options.ts";

/** Closed loads, then the steady one on what is warm by then. */
export interface Loads {
  /** `single256` and `batched` are the rates that the report's object names. */
  readonly closed: readonly NamedLoad[];
  readonly steady: OpenLoop;
}

export interface NamedLoad extends ClosedLoop {
  readonly name: ClosedName;
}

/** What is run against one platform: the replay, then its loads. */
export interface Plan extends Loads {
  readonly accounts: number;
  /** How many commands of the recording; null: all. */
  readonly replayCommands: number | null;
  /** Of the same names, each once before the platform's and once after it; null: without a floor. */
  readonly floor: Loads | null;
}

export type ClosedName = "single64" | "single256" | "batched";

const BATCH = 100;
const STEADY_PER_SECOND = 1_000;

/** What a load takes, and of how many windows. */
interface Lengths {
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly windows: number;
  readonly steadyMs: number;
}

export function planOf({ quick, seconds, floor }: Pick<SpineOptions, "quick" | "seconds" | "floor">): Plan {
  const lengths = lengthsOf(quick, seconds);
  return {
    accounts: quick ? 200 : 2_000,
    replayCommands: quick ? 10_000 : null,
    ...loadsOf(quick, lengths, true),
    floor: floor ? loadsOf(quick, quick ? QUICK_HALF : halfOf(lengths), false) : null,
  };
}

/**
 * Windows hold many answers even where the platform answers in bursts: batches that arrive together are committed
 * together.
 */
function lengthsOf(quick: boolean, seconds: number): Lengths {
  const windowMs = quick ? 750 : 2_000;
  const windows = Math.ceil((seconds * 1_000) / windowMs);
  return { warmupMs: quick ? 400 : 5_000, windowMs, windows, steadyMs: seconds * 1_000 };
}

/** Half as long, as it comes twice. It has been made warm before. */
function halfOf({ windowMs, windows, steadyMs }: Lengths): Lengths {
  return { warmupMs: 2_000, windowMs, windows: Math.ceil(windows / 2), steadyMs: steadyMs / 2 };
}

const QUICK_HALF: Lengths = { warmupMs: 100, windowMs: 150, windows: 2, steadyMs: 250 };

function loadsOf(quick: boolean, lengths: Lengths, settles: boolean): Loads {
  const { warmupMs, windowMs, windows, steadyMs } = lengths;
  const closed = (name: ClosedName, connections: number, batchSize: number): NamedLoad => ({
    kind: "closed",
    name,
    connections,
    batchSize,
    warmupMs,
    windowMs,
    windows,
  });
  return {
    closed: [
      ...(quick ? [] : [closed("single64", 64, 1)]),
      closed("single256", 256, 1),
      closed("batched", 16, BATCH),
    ],
    steady: {
      kind: "open",
      connections: 128,
      ordersPerSecond: STEADY_PER_SECOND,
      settles,
      warmupMs,
      measuredMs: steadyMs,
    },
  };
}
