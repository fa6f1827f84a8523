import type { Timer } from "@bourse/base";

/** The timers of one process: they end with it, and are late where it is stopped (SIGSTOP). */
export class OwnTimers implements Timer {
  readonly #timer: Timer;
  readonly #cancels = new Set<() => void>();
  #ended = false;
  /** What has become due while the process is stopped; null: it runs. */
  #late: Set<() => void> | null = null;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  end(): void {
    this.#ended = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    this.#late = null;
  }

  stop(): void {
    this.#late ??= new Set();
  }

  goOn(): void {
    const late = this.#late ?? [];
    this.#late = null;
    for (const callback of late) callback();
  }

  #due(callback: () => void): void {
    if (this.#late === null) callback();
    else this.#late.add(callback);
  }

  after(delayMs: number, callback: () => void): () => void {
    if (this.#ended) return () => undefined;
    const end = (): void => {
      cancel();
      this.#late?.delete(callback);
      this.#cancels.delete(end);
    };
    const cancel = this.#timer.after(delayMs, () => {
      this.#cancels.delete(end);
      this.#due(callback);
    });
    this.#cancels.add(end);
    return end;
  }

  every(intervalMs: number, callback: () => void): () => void {
    if (this.#ended) return () => undefined;
    const cancel = this.#timer.every(intervalMs, () => this.#due(callback));
    this.#cancels.add(cancel);
    return () => {
      cancel();
      this.#late?.delete(callback);
      this.#cancels.delete(cancel);
    };
  }

  sleep(delayMs: number, signal?: Parameters<Timer["sleep"]>[1]): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const cancel = this.after(delayMs, resolve);
      signal?.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });
  }
}
