import { setImmediate } from "node:timers/promises";
import type { AbortSignalLike, Clock, Timer } from "@bourse/base";
import { isFileWorkPending } from "./file-work.ts";

interface Due {
  atMs: number;
  readonly order: number;
  readonly everyMs: number | null;
  readonly callback: () => void;
}

/** It was still not done when so much time had passed. */
export class StillWaiting extends Error {
  override readonly name = "StillWaiting";
}

/** Time that passes only when nothing else can happen: the same seed gives the same run. */
export class SimTime {
  readonly clock: Clock = { nowMs: () => this.#nowMs };
  readonly timer: Timer;
  readonly #due = new Set<Due>();
  #nowMs: number;
  #order = 0;

  constructor(startMs: number) {
    this.#nowMs = startMs;
    this.timer = {
      after: (delayMs, callback) => this.#add(delayMs, null, callback),
      every: (intervalMs, callback) => this.#add(intervalMs, intervalMs, callback),
      sleep: (delayMs, signal) => this.#sleep(delayMs, signal),
    };
  }

  /** Lets time pass until the promise is settled; its outcome. Rejects with {@link StillWaiting} after `limitMs`. */
  async finish<T>(what: string, promise: Promise<T>, limitMs: number): Promise<T> {
    const endMs = this.#nowMs + limitMs;
    let settled = false;
    const done = (): void => {
      settled = true;
    };
    promise.then(done, done);
    for (;;) {
      await everythingNow();
      if (settled) return await promise;
      if (!this.#fireNext(endMs)) throw new StillWaiting(`after ${limitMs} ms still not: ${what}`);
    }
  }

  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    await everythingNow();
    while (this.#fireNext(endMs)) await everythingNow();
    this.#nowMs = endMs;
  }

  #fireNext(endMs: number): boolean {
    let next: Due | undefined;
    for (const due of this.#due) {
      if (next === undefined || due.atMs < next.atMs || (due.atMs === next.atMs && due.order < next.order))
        next = due;
    }
    if (next === undefined || next.atMs > endMs) return false;
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    if (next.everyMs === null) this.#due.delete(next);
    else next.atMs += next.everyMs;
    next.callback();
    return true;
  }

  #add(delayMs: number, everyMs: number | null, callback: () => void): () => void {
    const due: Due = { atMs: this.#nowMs + delayMs, order: this.#order++, everyMs, callback };
    this.#due.add(due);
    return () => this.#due.delete(due);
  }

  #sleep(delayMs: number, signal?: AbortSignalLike): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const cancel = this.#add(delayMs, null, resolve);
      signal?.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });
  }
}

/**
 * One turn of the event loop is enough for everything that can happen at this moment, but for work on files: no time
 * passes while it is under way.
 */
async function everythingNow(): Promise<void> {
  do await setImmediate();
  while (isFileWorkPending());
}
