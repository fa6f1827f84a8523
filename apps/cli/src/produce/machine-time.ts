import { machineClock, machineTimer } from "@bourse/platform/machine";
import type { ProduceOptions } from "@bourse/trade-stream";

/** The machine's time for a production. */
export const machineTime: Pick<ProduceOptions, "clock" | "pause" | "elapsedMs"> = {
  clock: machineClock,
  elapsedMs: () => performance.now(),
  pause: (ms, signal) => machineTimer.sleep(ms, signal),
};
