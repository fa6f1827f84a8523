/** Wall-clock time. Only `platform/` and test hosts make one from the machine's clock. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
}

/** Calls back later. Cancelled by the returned function. */
export interface Timer {
  after(delayMs: number, callback: () => void): () => void;
  every(intervalMs: number, callback: () => void): () => void;
  /** Resolves after `delayMs`, or at once when `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignalLike): Promise<void>;
}

/** The part of AbortSignal that pure code needs. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A source of random numbers, seeded in tests and simulation. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
}
