import type { ClosedLoopResult, Latency, OpenLoopResult } from "./load-jobs.ts";
import { type FloorMeasure, type Measured, rateOf } from "./measure.ts";
import type { MicrosAnOrder } from "./processor-time.ts";

/** The platform's figure as a multiple of the floor's; null where either is not known. */
export function ofFloor(platform: number | null, floor: number | null | undefined): number | null {
  return platform === null || floor === null || floor === undefined || floor === 0 ? null : platform / floor;
}

/** The share of the floor's rate that the platform has: 1 is all that the machine has in it. */
export function shareOfRate({ load, floor }: Measured<ClosedLoopResult>): number | null {
  return floor === null ? null : ofFloor(rateOf(load), rateOf(...floor.loads));
}

/** Each percentile is the mean of those before and after the platform's load, the greatest time that of both. */
export function floorAcknowledgements({ loads }: FloorMeasure<OpenLoopResult>): Latency {
  const [before, after] = [loads[0].acknowledgements, loads[1].acknowledgements];
  const mean = (left: number | null, right: number | null): number | null =>
    left === null || right === null ? null : (left + right) / 2;
  return {
    p50: mean(before.p50, after.p50),
    p99: mean(before.p99, after.p99),
    max: before.max === null || after.max === null ? null : Math.max(before.max, after.max),
    count: before.count + after.count,
  };
}

/** How often the processor time of the floor's order goes into that of the platform's. */
export function timesMicros({ micros, floor }: Measured<unknown>): number | null {
  return floor === null ? null : ofFloor(totalMicros(micros), totalMicros(floor.micros));
}

/** Of all processes together; null where the system does not tell. */
function totalMicros({ node, postgres, kafka }: MicrosAnOrder): number | null {
  return node === null || postgres === null ? null : node + postgres + (kafka ?? 0);
}
