import type { Timer } from "@bourse/base";
import type { Registry } from "prom-client";
import { exposition, stopwatchMs } from "./metrics.ts";

/** Of the time that one has taken: however many ask, expositions take a tenth of a processor. */
const REST_TIMES = 9;
/** One that had to wait for a database is not paid for by a minute without figures. */
const MAX_REST_MS = 1_000;

/**
 * Expositions of a registry, which anybody may ask for and which take some tens of milliseconds: one at a time, then a rest. Who
 * asks meanwhile shares the next one, so that its figures are never older than the question.
 */
export function sharedExposition(registry: Registry, timer: Pick<Timer, "sleep">): () => Promise<string> {
  let restedAtMs: Promise<number> = Promise.resolve(0);
  let next: Promise<string> | null = null;
  const inTurn = async (): Promise<string> => {
    const restMs = (await restedAtMs) - stopwatchMs();
    if (restMs > 0) await timer.sleep(restMs);
    next = null;
    const begunMs = stopwatchMs();
    const made = exposition(registry);
    const ended = (): number => {
      const endedMs = stopwatchMs();
      return endedMs + Math.min(MAX_REST_MS, REST_TIMES * (endedMs - begunMs));
    };
    restedAtMs = made.then(ended, ended);
    return await made;
  };
  return () => {
    next ??= inTurn();
    return next;
  };
}
