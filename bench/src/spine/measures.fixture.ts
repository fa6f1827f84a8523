import type { ClosedLoopResult, OpenLoopResult } from "./load-jobs.ts";
import type { ClosedMeasure, FloorMeasure, Measures } from "./measure.ts";
import type { ClosedName } from "./plan.ts";

/** A run as it might have been: 4,000 orders a second of the floor's 16,000. */
export function measuresWith({ floor }: { readonly floor: boolean }): Measures {
  return {
    bus: "embedded",
    startSeconds: 4,
    durability: { fsync: "on" },
    replay: {
      recording: "generated",
      commands: 10_000,
      rejected: 0,
      aggressorsExpected: 5,
      aggressorsEqual: 5,
      trades: 20,
      settlements: 20,
      commandsPerSecond: 5_000,
      seconds: 2,
      sendSeconds: 1.6,
    },
    closed: [closed("single256", floor), closed("batched", floor)],
    steady: {
      load: open({ p50: 12, p99: 30, max: 40, count: 1_000 }),
      found: { orders: 1_000, trades: 800, catchUpMs: 20 },
      micros: { node: 600, postgres: 400, kafka: null },
      machine: { idle: 0.3, stolen: 0.02 },
      floor: floor
        ? ofFloor(open({ p50: 2, p99: 4, max: 9, count: 500 }), open({ p50: 4, p99: 6, max: 8, count: 500 }))
        : null,
    },
    memory: { nodes: { platform: 400 }, kafka: null, postgres: 300 },
  };
}

function closed(name: ClosedName, floor: boolean): ClosedMeasure {
  return {
    name,
    load: rates([3_000, 4_000, 9_000]),
    found: { orders: 16_000, trades: 12_800, catchUpMs: 100 },
    micros: { node: 300, postgres: 200, kafka: null },
    machine: { idle: 0.1254, stolen: 0.25 },
    floor: floor ? ofFloor(rates([15_000, 16_000, 16_500]), rates([8_000, 17_000])) : null,
  };
}

function rates(windowRates: readonly number[]): ClosedLoopResult {
  return {
    kind: "closed",
    acknowledged: windowRates.reduce((sum, rate) => sum + rate),
    refused: {},
    windowRates,
    requests: { p50: 10, p99: 20, max: 30, count: 100 },
    clientCores: 0.1,
  };
}

function open(acknowledgements: OpenLoopResult["acknowledgements"]): OpenLoopResult {
  return {
    kind: "open",
    acknowledged: acknowledgements.count,
    refused: {},
    acknowledgements,
    settlements: acknowledgements,
    sendDelays: { p50: 1, p99: 2, max: 3, count: acknowledgements.count },
    tradesSettled: 800,
    tradesUnsettled: 0,
    clientCores: 0.2,
  };
}

function ofFloor<Result>(before: Result, after: Result): FloorMeasure<Result> {
  return {
    loads: [before, after],
    micros: { node: 80, postgres: 20, kafka: null },
    machine: { idle: 0.2, stolen: 0 },
    platformCores: 0.02,
  };
}
