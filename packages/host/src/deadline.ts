import type { Timer } from "@bourse/base";

/** A point in time that several steps share. */
export interface Deadline {
  readonly passed: Promise<undefined>;
  cancel(): void;
}

export function deadlineAfter(timer: Timer, delayMs: number): Deadline {
  let cancel = (): void => undefined;
  const passed = new Promise<undefined>((resolve) => {
    cancel = timer.after(delayMs, () => resolve(undefined));
  });
  return { passed, cancel };
}

/** The work's result, or undefined once the deadline has passed; the work is not stopped. */
export function bounded<T>(deadline: Deadline, work: Promise<T>): Promise<T | undefined> {
  return Promise.race([work, deadline.passed]);
}
