import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { Clock, Timer } from "@bourse/base";

/** Time that passes only while a test waits for something and nothing else happens. */
export interface VirtualTime {
  readonly clock: Clock;
  readonly timer: Timer;
  /** Lets everything run, and time pass where only that helps, until the condition holds. Fails after `limitMs`. */
  until(what: string, condition: () => boolean | Promise<boolean>, limitMs?: number): Promise<void>;
  /** Lets everything run that does not wait for time. */
  settle(): Promise<void>;
  advance(byMs: number): Promise<void>;
  /** Lets time pass until the promise is settled; its outcome. */
  finish<T>(what: string, promise: Promise<T>): Promise<T>;
}

interface Due {
  at: number;
  readonly order: number;
  readonly everyMs: number | null;
  readonly callback: () => void;
}

/** Turns of the event loop without a due timer before time moves: file work needs a few. */
const IDLE_TURNS = 20;
/** Not a measure of anything: a test that would hang says what it waited for instead. */
const REAL_LIMIT_MS = 60_000;

export function virtualTime(startMs = 1_700_000_000_000): VirtualTime {
  let nowMs = startMs;
  let order = 0;
  const due = new Set<Due>();
  const add = (delayMs: number, everyMs: number | null, callback: () => void): (() => void) => {
    const entry: Due = { at: nowMs + delayMs, order: order++, everyMs, callback };
    due.add(entry);
    return () => due.delete(entry);
  };
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < IDLE_TURNS; turn++) await setImmediate();
  };
  const fireNext = (limit: number): boolean => {
    const [next] = [...due].sort((a, b) => a.at - b.at || a.order - b.order);
    if (next === undefined || next.at > limit) return false;
    nowMs = Math.max(nowMs, next.at);
    if (next.everyMs === null) due.delete(next);
    else next.at += next.everyMs;
    next.callback();
    return true;
  };
  const until: VirtualTime["until"] = async (what, condition, limitMs = 600_000) => {
    const end = nowMs + limitMs;
    const giveUp = performance.now() + REAL_LIMIT_MS;
    for (;;) {
      for (let turn = 0; turn < IDLE_TURNS; turn++) {
        if (await condition()) return;
        await setImmediate();
      }
      // Where no time is waited for there may still be a file on its way, in real time.
      if (!fireNext(end)) assert.ok(performance.now() < giveUp, `waited in vain until ${what}`);
    }
  };
  return {
    clock: { nowMs: () => nowMs },
    timer: {
      after: (delayMs, callback) => add(delayMs, null, callback),
      every: (intervalMs, callback) => add(intervalMs, intervalMs, callback),
      sleep: (delayMs, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve();
          const cancel = add(delayMs, null, resolve);
          signal?.addEventListener("abort", () => {
            cancel();
            resolve();
          });
        }),
    },
    settle,
    advance: async (byMs) => {
      const end = nowMs + byMs;
      await settle();
      while (fireNext(end)) await settle();
      nowMs = end;
    },
    until,
    finish: async (what, promise) => {
      let settled = false;
      const done = (): void => {
        settled = true;
      };
      promise.then(done, done);
      await until(what, () => settled);
      return promise;
    },
  };
}

/** The same time, and how often whoever has much to do has let others go on with it. */
export function countingYields(time: VirtualTime): { readonly time: VirtualTime; yields(): number } {
  let yields = 0;
  const sleep: Timer["sleep"] = (delayMs, signal) => {
    if (delayMs === 0) yields++;
    return time.timer.sleep(delayMs, signal);
  };
  return { time: { ...time, timer: { ...time.timer, sleep } }, yields: () => yields };
}
