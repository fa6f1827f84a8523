import { present } from "@bourse/base";
import type { ClosedMeasure, Measures } from "./measure.ts";
import type { ClosedName } from "./plan.ts";

/** The figures of one platform for programs. Rates are whole, milliseconds have two decimals, megabytes none. */
export interface SpineSummary {
  readonly singleOrdersPerSecond: number | null;
  readonly batchedOrdersPerSecond: number | null;
  readonly ackP50Ms: number | null;
  readonly ackP99Ms: number | null;
  readonly settledP99Ms: number | null;
  readonly replayCommandsPerSecond: number;
  /** Of the largest of the platform's own processes. */
  readonly nodeRssMb: number | null;
  readonly postgresRssMb: number | null;
}

export function summaryOf({ closed, steady, replay, memory }: Measures): SpineSummary {
  const { acknowledgements, settlements } = steady.load;
  const nodes = Object.values(memory.nodes).filter((size) => size !== null);
  return {
    singleOrdersPerSecond: whole(closedNamed(closed, "single256").ordersPerSecond),
    batchedOrdersPerSecond: whole(closedNamed(closed, "batched").ordersPerSecond),
    ackP50Ms: hundredths(acknowledgements.p50),
    ackP99Ms: hundredths(acknowledgements.p99),
    settledP99Ms: hundredths(settlements.p99),
    replayCommandsPerSecond: Math.round(replay.commandsPerSecond),
    nodeRssMb: nodes.length === 0 ? null : Math.round(Math.max(...nodes)),
    postgresRssMb: whole(memory.postgres),
  };
}

function closedNamed(closed: readonly ClosedMeasure[], name: ClosedName): ClosedMeasure {
  return present(
    closed.find((measure) => measure.name === name),
    `the plan has ${name}`,
  );
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

function hundredths(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}
