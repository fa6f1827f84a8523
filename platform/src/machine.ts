import { randomBytes, randomUUID } from "node:crypto";
import { type AbortSignalLike, type Clock, type Random, seededRandom, type Timer } from "@bourse/base";

/** The machine's clock, timers and randomness: nothing below platform/ reaches for them. */
export const machineClock: Clock = { nowMs: () => Date.now() };

export const machineTimer: Timer = {
  after: (delayMs, callback) => {
    const handle = setTimeout(callback, delayMs);
    return () => clearTimeout(handle);
  },
  every: (intervalMs, callback) => {
    const handle = setInterval(callback, intervalMs);
    return () => clearInterval(handle);
  },
  sleep: (delayMs, signal) => sleep(delayMs, signal),
};

function sleep(delayMs: number, signal?: AbortSignalLike): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(handle);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const handle = setTimeout(done, delayMs);
    signal?.addEventListener("abort", done);
  });
}

/** 122 random bits as 32 hex digits: a UUID without its dashes, which comes out of a pool. */
export function newId(): string {
  return randomUUID().replaceAll("-", "");
}

/** Seeded by the machine: another sequence in each process. Not for secrets. */
export function machineRandom(): Random {
  return seededRandom(randomBytes(4).readInt32LE());
}
