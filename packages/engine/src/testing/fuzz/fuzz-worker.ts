import { parentPort, workerData } from "node:worker_threads";
import { compareSteps, fuzzSteps } from "../compare-engines.ts";

/** What one seed came to. */
export interface SeedReport {
  readonly seed: number;
  readonly commands: number;
  readonly events: number;
  readonly trades: number;
  readonly restores: number;
  readonly met: ReadonlyMap<string, number>;
  /** What was wrong, else undefined. */
  readonly failure: string | undefined;
}

export interface WorkerTask {
  readonly firstSeed: number;
  /** Between two seeds of this worker. */
  readonly every: number;
  readonly commandsASeed: number;
}

const { firstSeed, every, commandsASeed } = workerData as WorkerTask;
for (let seed = firstSeed; ; seed += every) {
  const met = new Map<string, number>();
  let failure: string | undefined;
  let totals = { commands: 0, events: 0, trades: 0, restores: 0 };
  try {
    totals = compareSteps(seed, fuzzSteps(seed, commandsASeed), undefined, met);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  const report: SeedReport = { seed, ...totals, met, failure };
  parentPort?.postMessage(report);
  if (failure !== undefined) break;
}
