import { setTimeout as sleep } from "node:timers/promises";
import type { ProduceOptions } from "@bourse/trade-stream";

/** The machine's time for a production. */
export const machineTime: Pick<ProduceOptions, "clock" | "pause" | "elapsedMs"> = {
  clock: { nowMs: () => Date.now() },
  elapsedMs: () => performance.now(),
  pause: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};
