import type { Timer } from "@bourse/base";

/** Time that passes when the test says so. */
export interface ManualTimer extends Timer {
  /** Calls back what falls due, in order. */
  advance(byMs: number): void;
  /** Callbacks that are waited for. */
  readonly pending: number;
}

export function manualTimer(): ManualTimer {
  let nowMs = 0;
  const waiting = new Set<{ readonly dueMs: number; readonly callback: () => void }>();
  const after: Timer["after"] = (delayMs, callback) => {
    const entry = { dueMs: nowMs + delayMs, callback };
    waiting.add(entry);
    return () => void waiting.delete(entry);
  };
  return {
    after,
    every: (intervalMs, callback) => {
      let cancel = (): void => undefined;
      const again = (): void => {
        callback();
        cancel = after(intervalMs, again);
      };
      cancel = after(intervalMs, again);
      return () => cancel();
    },
    sleep: (delayMs) => new Promise((resolve) => void after(delayMs, resolve)),
    advance: (byMs) => {
      const untilMs = nowMs + byMs;
      for (;;) {
        const [next] = [...waiting].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs);
        if (next === undefined) break;
        waiting.delete(next);
        nowMs = next.dueMs;
        next.callback();
      }
      nowMs = untilMs;
    },
    get pending() {
      return waiting.size;
    },
  };
}
