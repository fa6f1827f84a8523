import type { ProduceOptions } from "./produce-trades.ts";

/** The machine's time, for tests on a real broker. */
export const machineTime: Pick<ProduceOptions, "clock" | "pause" | "elapsedMs"> = {
  clock: { nowMs: () => Date.now() },
  elapsedMs: () => performance.now(),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
