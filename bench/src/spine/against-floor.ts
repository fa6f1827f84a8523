import type { ClosedLoopResult } from "./load-jobs.ts";
import { type Measured, rateOf } from "./measure.ts";
import type { MicrosAnOrder } from "./processor-time.ts";

/** The platform's figure as a multiple of the floor's; null where either is not known. */
export function ofFloor(platform: number | null, floor: number | null | undefined): number | null {
  return platform === null || floor === null || floor === undefined || floor === 0 ? null : platform / floor;
}

/** The share of the floor's rate that the platform has: 1 is all that the machine has in it. */
export function shareOfRate({ load, floor }: Measured<ClosedLoopResult>): number | null {
  return floor === null ? null : ofFloor(rateOf(load), rateOf(floor.load));
}

/** How often the processor time of the floor's order goes into that of the platform's. */
export function timesMicros({ micros, floor }: Measured<unknown>): number | null {
  return floor === null ? null : ofFloor(totalMicros(micros), totalMicros(floor.micros));
}

/** Of all processes together; null where the system does not tell. */
function totalMicros({ node, postgres, kafka }: MicrosAnOrder): number | null {
  return node === null || postgres === null ? null : node + postgres + (kafka ?? 0);
}
