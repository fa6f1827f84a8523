import type { Risk } from "../risk.ts";
import { keepRun, readRuns } from "../sql/run-rows.ts";

/** By then each instance that runs is on record again: several runs of this job. */
const BACK_AFTER_MS = 5_000;

/** Keeps this run on record, and finds out once whether one that was there at its start was alive. */
export async function keepRunOnRecord(risk: Risk): Promise<void> {
  const { store, runId, clock, closed, earlierRuns, metrics, log } = risk;
  await keepRun(store, runId);
  if (earlierRuns.length === 0 || clock.nowMs() - closed.sinceMs < BACK_AFTER_MS) return;
  const running = new Set(await readRuns(store));
  risk.earlierRuns = [];
  if (earlierRuns.every((each) => running.has(each))) return;
  metrics.uncleanStart.set(1);
  log.warn("an earlier end was not clean");
}
