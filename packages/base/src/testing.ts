import type { Clock } from "./ports.ts";

/** A clock that stands still until it is told to move. */
export interface ManualClock extends Clock {
  set(nowMs: number): void;
  advance(byMs: number): void;
}

export function manualClock(startMs = 1_700_000_000_000): ManualClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    set: (next) => {
      nowMs = next;
    },
    advance: (byMs) => {
      nowMs += byMs;
    },
  };
}
