import type { Random } from "@bourse/base";
import type { Fault, Stage } from "../faults/fault.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { LoadClient } from "../load/load-client.ts";
import type { Seen } from "../load/seen.ts";
import { SYMBOLS } from "../load/venue.ts";

/** A liveness bound, no measure of speed. */
const HEAL_LIMIT_MS = 60_000;
const WORK_LIMIT_MS = 60_000;
/** New acknowledgements that show that the platform works, spread over all symbols. */
const WORK_AFTER = 40;
const WORK_BEFORE = 50;
const POLL_MS = 20;

/** What a round has seen of its fault. */
export interface Sighting {
  /** When it fired; null where it never did. */
  readonly firedAt: Date | null;
  readonly evidence: readonly string[];
  /** Acknowledged orders before it fired, until the first repair was done, and once all was well. */
  readonly before: number;
  readonly during: number;
  readonly after: number;
  readonly inFlightWhenFired: number;
  /** The longest of the times from the beginning of a repair until all was well. */
  readonly healedMs: number | null;
}

/** A fault's stage on a platform with a load. */
export class LiveStage implements Stage {
  readonly fleet: Fleet;
  readonly random: Random;
  readonly seen: Seen;
  readonly #fault: Fault;
  readonly #load: LoadClient;
  readonly #beganMs = performance.now();
  readonly #evidence: string[] = [];
  #fired: { readonly date: Date; readonly ms: number; readonly inFlight: number } | null = null;
  #firstRepairedMs: number | null = null;
  #firstHealedMs: number | null = null;
  #longestHealMs: number | null = null;

  constructor(options: {
    readonly fleet: Fleet;
    readonly random: Random;
    readonly fault: Fault;
    readonly load: LoadClient;
  }) {
    this.fleet = options.fleet;
    this.random = options.random;
    this.#fault = options.fault;
    this.#load = options.load;
    this.seen = options.load.seen;
  }

  /** Work before, the fault, work after. Rejects with what is not as it must be. */
  async run(): Promise<void> {
    await this.acknowledgements(WORK_BEFORE);
    // Not always in the same beat of the load.
    await this.hold(this.random.below(500));
    await this.#fault.run(this);
    await this.acknowledgements(WORK_AFTER);
    const { firedAt, during, healedMs } = this.sighting();
    if (firedAt === null) throw new Error("the fault has not fired");
    if (healedMs === null) throw new Error("nobody has looked whether it healed");
    if (this.#fault.worksDuring === true && during === 0)
      throw new Error("no order was acknowledged while the fault was there");
  }

  fired = (evidence: string): void => {
    this.#fired ??= { date: new Date(), ms: performance.now(), inFlight: this.#load.inFlight };
    this.#evidence.push(evidence);
  };

  note = (evidence: string): void => {
    this.#evidence.push(evidence);
  };

  hold = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  acknowledgements = (count: number): Promise<void> => {
    const fromMs = performance.now();
    return this.#until(
      () => this.seen.acknowledgedSince(fromMs) >= count && this.seen.symbolsSince(fromMs) === SYMBOLS.length,
      WORK_LIMIT_MS,
      () => {
        const { length } = SYMBOLS;
        const symbols = this.seen.symbolsSince(fromMs);
        return `only ${this.seen.acknowledgedSince(fromMs)} of ${count} orders were acknowledged, in ${symbols} of ${length} symbols`;
      },
    );
  };

  healed = async (repair: () => Promise<void> | void): Promise<void> => {
    const fromMs = performance.now();
    let failure: unknown;
    let repaired = false;
    void Promise.resolve()
      .then(repair)
      .then(
        () => {
          repaired = true;
          this.#firstRepairedMs ??= performance.now();
        },
        (error: unknown) => {
          failure = error;
        },
      );
    const left = (): number => HEAL_LIMIT_MS - (performance.now() - fromMs);
    const check = (): boolean => {
      if (failure !== undefined) throw failure;
      return repaired;
    };
    await this.#until(check, left(), () => "the repair itself did not end");
    await this.#untilReady(left);
    const readyMs = performance.now();
    await this.#until(
      () =>
        this.seen.acknowledgedSince(readyMs) >= WORK_AFTER &&
        this.seen.symbolsSince(readyMs) === SYMBOLS.length,
      left(),
      () =>
        `ready, and only ${this.seen.acknowledgedSince(readyMs)} orders were acknowledged in ${this.seen.symbolsSince(readyMs)} symbols`,
    );
    const tookMs = performance.now() - fromMs;
    this.#firstHealedMs ??= performance.now();
    this.#longestHealMs = Math.max(this.#longestHealMs ?? 0, tookMs);
  };

  sighting(): Sighting {
    const nowMs = performance.now();
    const firedMs = this.#fired?.ms ?? nowMs;
    const repairedMs = this.#firstRepairedMs ?? nowMs;
    const healedMs = this.#firstHealedMs ?? nowMs;
    return {
      firedAt: this.#fired?.date ?? null,
      evidence: this.#evidence,
      before: this.seen.acknowledgedSince(this.#beganMs, firedMs),
      during: this.seen.acknowledgedSince(firedMs, repairedMs),
      after: this.seen.acknowledgedSince(healedMs),
      inFlightWhenFired: this.#fired?.inFlight ?? 0,
      healedMs: this.#longestHealMs,
    };
  }

  async #untilReady(left: () => number): Promise<void> {
    while (!(await this.fleet.isReady())) {
      if (left() <= 0) throw notHealed(await this.fleet.whyUnready());
      await this.hold(POLL_MS);
    }
  }

  async #until(done: () => boolean, limitMs: number, why: () => string): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (!done()) {
      if (performance.now() > deadline) throw notHealed(why());
      await this.hold(POLL_MS);
    }
  }
}

function notHealed(why: string): Error {
  return new Error(`not healed within ${HEAL_LIMIT_MS / 1_000} s: ${why}`);
}
