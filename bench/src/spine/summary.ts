import { present } from "@bourse/base";
import type { MachineShares } from "../machine-time.ts";
import { floorAcknowledgements, ofFloor, shareOfRate, timesMicros } from "./against-floor.ts";
import type { ClosedLoopResult } from "./load-jobs.ts";
import { type ClosedMeasure, type Measured, type Measures, rateOf } from "./measure.ts";
import type { ClosedName } from "./plan.ts";
import type { MicrosAnOrder } from "./processor-time.ts";

/** The figures of one platform for programs. Rates and microseconds are whole, milliseconds and ratios have two decimals, megabytes none. */
export interface SpineSummary {
  /** Over 256 connections. */
  readonly singleOrdersPerSecond: number | null;
  readonly batchedOrdersPerSecond: number | null;
  readonly ackP50Ms: number | null;
  readonly ackP99Ms: number | null;
  readonly settledP99Ms: number | null;
  readonly replayCommandsPerSecond: number;
  /** Of the largest of the platform's own processes. */
  readonly nodeRssMb: number | null;
  readonly postgresRssMb: number | null;
  /** Each load by itself. `single64` is missing where it was quick. */
  readonly loads: Readonly<Partial<Record<ClosedName, ClosedSummary>>> & { readonly steady: SteadySummary };
}

/** What both kinds of loads say of the processor. */
interface ProcessorSummary {
  readonly cpuMicros: MicrosAnOrder;
  readonly floorCpuMicros: MicrosAnOrder | null;
  /** The platform's in multiples of the floor's. */
  readonly cpuTimesFloor: number | null;
  /** Shares of the processors' time during the load and during the floor's. */
  readonly machine: MachineShares | null;
  readonly floorMachine: MachineShares | null;
}

export interface ClosedSummary extends ProcessorSummary {
  readonly ordersPerSecond: number | null;
  readonly floorOrdersPerSecond: number | null;
  /** The platform's rate as a share of the floor's. */
  readonly shareOfFloor: number | null;
}

export interface SteadySummary extends ProcessorSummary {
  readonly floorAckP50Ms: number | null;
  readonly floorAckP99Ms: number | null;
  /** The platform's in multiples of the floor's. */
  readonly ackP50TimesFloor: number | null;
  readonly ackP99TimesFloor: number | null;
}

export function summaryOf({ closed, steady, replay, memory }: Measures): SpineSummary {
  const { acknowledgements, settlements } = steady.load;
  const nodes = Object.values(memory.nodes).filter((size) => size !== null);
  return {
    singleOrdersPerSecond: whole(rateOf(closedNamed(closed, "single256").load)),
    batchedOrdersPerSecond: whole(rateOf(closedNamed(closed, "batched").load)),
    ackP50Ms: hundredths(acknowledgements.p50),
    ackP99Ms: hundredths(acknowledgements.p99),
    settledP99Ms: hundredths(settlements.p99),
    replayCommandsPerSecond: Math.round(replay.commandsPerSecond),
    nodeRssMb: nodes.length === 0 ? null : Math.round(Math.max(...nodes)),
    postgresRssMb: whole(memory.postgres),
    loads: {
      ...Object.fromEntries(closed.map((measure) => [measure.name, closedSummary(measure)])),
      steady: steadySummary(steady),
    },
  };
}

function closedSummary(measure: Measured<ClosedLoopResult>): ClosedSummary {
  const { load, floor } = measure;
  return {
    ordersPerSecond: whole(rateOf(load)),
    floorOrdersPerSecond: floor === null ? null : whole(rateOf(...floor.loads)),
    shareOfFloor: hundredths(shareOfRate(measure)),
    ...processorSummary(measure),
  };
}

function steadySummary(measure: Measures["steady"]): SteadySummary {
  const { p50, p99 } = measure.load.acknowledgements;
  const floor = measure.floor === null ? null : floorAcknowledgements(measure.floor);
  return {
    floorAckP50Ms: hundredths(floor?.p50 ?? null),
    floorAckP99Ms: hundredths(floor?.p99 ?? null),
    ackP50TimesFloor: hundredths(ofFloor(p50, floor?.p50)),
    ackP99TimesFloor: hundredths(ofFloor(p99, floor?.p99)),
    ...processorSummary(measure),
  };
}

function processorSummary(measure: Measured<unknown>): ProcessorSummary {
  return {
    cpuMicros: wholeMicros(measure.micros),
    floorCpuMicros: measure.floor === null ? null : wholeMicros(measure.floor.micros),
    cpuTimesFloor: hundredths(timesMicros(measure)),
    machine: shares(measure.machine),
    floorMachine: shares(measure.floor?.machine ?? null),
  };
}

function wholeMicros({ node, postgres, kafka }: MicrosAnOrder): MicrosAnOrder {
  return { node: whole(node), postgres: whole(postgres), kafka: whole(kafka) };
}

function shares(machine: MachineShares | null): MachineShares | null {
  if (machine === null) return null;
  return { idle: thousandths(machine.idle), stolen: thousandths(machine.stolen) };
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

function thousandths(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

function hundredths(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}
