import type { Random, Timer } from "@bourse/base";
import {
  CircuitState,
  ConsecutiveBreaker,
  CountBreaker,
  ExponentialBackoff,
  type IBackoff,
  type IBackoffFactory,
} from "cockatiel";

export type BreakerState = "closed" | "half_open" | "open";

/** Whether a call may go out. Who was admitted reports how it went, once. */
export type Admission =
  | { readonly admitted: true; report(succeeded: boolean): void }
  | { readonly admitted: false; readonly retryAfterMs: number };

/** So many failures without a success between them. */
const CONSECUTIVE_FAILURES = 5;
/** More than this share of the last calls, of at least so many. */
const FAILED_SHARE = { threshold: 0.5, size: 40, minimumNumberOfCalls: 20 };
const FIRST_OPEN_MS = 500;
const LONGEST_OPEN_MS = 10_000;
/** A probe that is not answered by then counts as failed, however long its own caller still waits for it. */
const PROBE_MS = 2_000;

/**
 * A circuit breaker before one upstream (R12): while it is open no call goes out, so that an upstream that hangs takes
 * no connections and no time of the callers, and is not held down by them when it comes back.
 *
 * When it opens and how long it stays so are cockatiel's; its state machine is not, since that reads the machine's clock
 * and randomness (R16).
 *
 * ```mermaid
 * stateDiagram-v2
 *   closed --> open: 5 failures in a row, or more than half of the last 20 to 40 calls
 *   open --> half_open: after 0.5 s, doubled each time up to 10 s, the half of it random
 *   half_open --> closed: one probing call succeeds
 *   half_open --> open: it fails, or is not answered within 2 s
 * ```
 */
export class CircuitBreaker {
  readonly #timer: Timer;
  readonly #changed: (state: BreakerState) => void;
  readonly #backoffs: IBackoffFactory<unknown>;
  #state: BreakerState = "closed";
  /** Calls that were admitted before the last change of state say nothing about this one. */
  #generation = 0;
  #inRow = new ConsecutiveBreaker(CONSECUTIVE_FAILURES);
  #share = new CountBreaker(FAILED_SHARE);
  #backoff: IBackoff<unknown> | null = null;
  #probing = false;
  #cancelTimer: () => void = () => undefined;

  constructor(options: {
    readonly timer: Timer;
    readonly random: Random;
    readonly changed: (state: BreakerState) => void;
  }) {
    this.#timer = options.timer;
    this.#changed = options.changed;
    this.#backoffs = new ExponentialBackoff<number>({
      initialDelay: FIRST_OPEN_MS,
      maxDelay: LONGEST_OPEN_MS,
      exponent: 2,
      // Half of it random: breakers of many callers don't probe together, and none probes at once.
      generator: (times = 0, { initialDelay, maxDelay, exponent }) => {
        const delayMs = Math.min(maxDelay, initialDelay * exponent ** times);
        return [(delayMs + options.random.next() * delayMs) / 2, times + 1];
      },
    });
  }

  get state(): BreakerState {
    return this.#state;
  }

  admit(): Admission {
    if (this.#state === "closed") return this.#admitted(this.#generation, false);
    if (this.#state === "open")
      return { admitted: false, retryAfterMs: this.#backoff?.duration ?? FIRST_OPEN_MS };
    if (this.#probing) return { admitted: false, retryAfterMs: PROBE_MS };
    this.#probing = true;
    const generation = this.#generation;
    this.#cancelTimer = this.#timer.after(PROBE_MS, () => this.#report(generation, true, false));
    return this.#admitted(generation, true);
  }

  /** Nothing is waited for any more. */
  close(): void {
    this.#cancelTimer();
  }

  #admitted(generation: number, probe: boolean): Admission {
    return { admitted: true, report: (succeeded) => this.#report(generation, probe, succeeded) };
  }

  #report(generation: number, probe: boolean, succeeded: boolean): void {
    if (generation !== this.#generation) return;
    if (probe) {
      if (succeeded) this.#reset();
      else this.#open();
    } else if (succeeded) {
      this.#inRow.success();
      this.#share.success(CircuitState.Closed);
    } else {
      const inRow = this.#inRow.failure();
      if (this.#share.failure(CircuitState.Closed) || inRow) this.#open();
    }
  }

  #open(): void {
    this.#backoff = (this.#backoff ?? this.#backoffs).next(undefined);
    this.#enter("open");
    this.#cancelTimer = this.#timer.after(this.#backoff.duration, () => this.#enter("half_open"));
  }

  #reset(): void {
    this.#inRow = new ConsecutiveBreaker(CONSECUTIVE_FAILURES);
    this.#share = new CountBreaker(FAILED_SHARE);
    this.#backoff = null;
    this.#enter("closed");
  }

  #enter(state: BreakerState): void {
    this.#cancelTimer();
    this.#generation += 1;
    this.#probing = false;
    this.#state = state;
    this.#changed(state);
  }
}
