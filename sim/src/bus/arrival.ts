/** Wakes whoever waits. A waiter looks at the state first: a notification without a waiter is not remembered. */
export interface Arrival {
  wait(): Promise<void>;
  readonly notify: () => void;
}

export function arrival(): Arrival {
  let waiters: (() => void)[] = [];
  return {
    wait: () => new Promise((resolve) => waiters.push(resolve)),
    notify: () => {
      const woken = waiters;
      waiters = [];
      for (const wake of woken) wake();
    },
  };
}
