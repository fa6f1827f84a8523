/** A request that did not get what it asked for, for no fault of its own. */
export interface Failure {
  readonly atMs: number;
  /** The status and the problem's code, or why there was no answer. */
  readonly what: string;
  /** Whether its client may send it again as it is (R10): after 503, after 429, and where no answer came. */
  readonly retryable: boolean;
}

/** An acknowledgement: when, and of an order in which symbol. */
interface Acknowledgement {
  readonly atMs: number;
  readonly symbol: string;
}

/** What a client has seen of its requests, by moments of `performance.now()`, in their order. */
export class Seen {
  readonly #acknowledged: Acknowledgement[] = [];
  readonly #failures: Failure[] = [];

  acknowledged(atMs: number, symbol: string): void {
    this.#acknowledged.push({ atMs, symbol });
  }

  failed(failure: Failure): void {
    this.#failures.push(failure);
  }

  /** Orders acknowledged between two moments; the second is now by default. */
  acknowledgedSince(fromMs: number, toMs: number = Number.POSITIVE_INFINITY): number {
    return this.#acknowledged.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).length;
  }

  /** In how many symbols orders were acknowledged since. */
  symbolsSince(fromMs: number): number {
    return new Set(this.#acknowledged.filter(({ atMs }) => atMs >= fromMs).map(({ symbol }) => symbol)).size;
  }

  failuresSince(fromMs: number): readonly Failure[] {
    return this.#failures.filter(({ atMs }) => atMs >= fromMs);
  }

  /** The longest time between two moments in which no order was acknowledged. */
  longestGapMs(fromMs: number, toMs: number): number {
    const between = this.#acknowledged.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
    const moments = [fromMs, ...between.map(({ atMs }) => atMs), toMs];
    return Math.max(...moments.slice(1).map((atMs, nth) => atMs - (moments[nth] ?? atMs)));
  }
}
