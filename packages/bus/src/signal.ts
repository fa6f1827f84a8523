/** Wakes whoever waits. A waiter looks at the state first: a notification without a waiter is not remembered. */
export interface Signal {
  wait(): Promise<void>;
  /** Waits at most so long; answers whether it was notified. */
  waitFor(timeoutMs: number): Promise<boolean>;
  notify(): void;
}

export function signal(): Signal {
  let waiters: (() => void)[] = [];
  return {
    wait: () => new Promise((resolve) => waiters.push(resolve)),
    waitFor: (timeoutMs) =>
      new Promise((resolve) => {
        const notified = (): void => {
          clearTimeout(timer);
          resolve(true);
        };
        const timer = setTimeout(() => {
          waiters = waiters.filter((waiter) => waiter !== notified);
          resolve(false);
        }, timeoutMs);
        waiters.push(notified);
      }),
    notify: () => {
      if (waiters.length === 0) return;
      const woken = waiters;
      waiters = [];
      for (const wake of woken) wake();
    },
  };
}
