/** What a service asks of the world outside its process (R16). */
export type PortName =
  | "transaction"
  | "statement"
  | "query"
  | "bus"
  | "take"
  | "http"
  | "snapshot"
  | "client";

export interface PortCall {
  readonly port: PortName;
  /** What exactly: two calls with one name do the same kind of work. */
  readonly what: string;
  /** Whether it leaves something behind. A crash before or after a read is the same crash. */
  readonly writes: boolean;
  /** What the caller is told where it was applied and the answer is lost; null: such a call always ends with one. */
  readonly lost: (() => Error) | null;
  /** What the caller is told where it was not applied; null: the port never says so. */
  readonly refused: (() => Error) | null;
}

/**
 * What becomes of the call at a crash point. The process dies before it or after it, or it lives on and is told
 * that the call failed: truly, or although it was applied.
 */
export type Outcome = "dies-before" | "dies-after" | "answer-lost" | "refused";

export const OUTCOMES: readonly Outcome[] = ["dies-before", "dies-after", "answer-lost", "refused"];

export function outcomesOf(call: PortCall): readonly Outcome[] {
  return OUTCOMES.filter(
    (outcome) =>
      outcome === "dies-before" ||
      (outcome === "dies-after" && call.writes) ||
      (outcome === "answer-lost" && call.writes && call.lost !== null) ||
      (outcome === "refused" && call.refused !== null),
  );
}

export interface CrashPoint {
  /** Counted from 1. */
  readonly at: number;
  readonly outcome: Outcome;
}

/** Counts the calls of a run, and does to one of them what the plan says. Outlives the processes it watches. */
export class CrashPlan {
  readonly #point: CrashPoint | null;
  /** The calls that were counted, in order. */
  readonly calls: PortCall[] = [];
  #armed = false;

  constructor(point: CrashPoint | null) {
    this.#point = point;
  }

  arm(): void {
    this.#armed = true;
  }

  disarm(): void {
    this.#armed = false;
  }

  /** The call that the point is at; undefined as long as it has not come. */
  get hit(): PortCall | undefined {
    return this.#point === null ? undefined : this.calls[this.#point.at - 1];
  }

  next(call: PortCall): Outcome | null {
    if (!this.#armed) return null;
    this.calls.push(call);
    return this.#point !== null && this.calls.length === this.#point.at ? this.#point.outcome : null;
  }
}

/** Never settles: whoever waits for it belongs to a process that is gone. */
const NEVER: Promise<never> = new Promise(() => undefined);

/** The gate between one process and the world. Once it is dead nothing of it passes, and no answer comes back. */
export class CrashGate {
  readonly died: Promise<void>;
  readonly #plan: CrashPlan;
  readonly #whenDead: () => void;
  #alive = true;
  #tellDeath: () => void = () => undefined;

  constructor(plan: CrashPlan, whenDead: () => void) {
    this.#plan = plan;
    this.#whenDead = whenDead;
    this.died = new Promise((resolve) => {
      this.#tellDeath = resolve;
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  die(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#whenDead();
    this.#tellDeath();
  }

  /** One port call: `apply` does it. */
  async pass<T>(call: PortCall, apply: () => T | Promise<T>): Promise<T> {
    await undefined;
    if (!this.#alive) return NEVER;
    const outcome = this.#plan.next(call);
    if (outcome === "dies-before") {
      this.die();
      return NEVER;
    }
    if (outcome === "refused" && call.refused !== null) throw call.refused();
    const result = await this.through(apply);
    if (outcome === "dies-after") {
      this.die();
      return NEVER;
    }
    if (outcome === "answer-lost" && call.lost !== null) throw call.lost();
    return result;
  }

  /** What is no point of its own, but must not outlive the process either. */
  async through<T>(apply: () => T | Promise<T>): Promise<T> {
    if (!this.#alive) return NEVER;
    try {
      const result = await apply();
      return this.#alive ? result : NEVER;
    } catch (error) {
      if (!this.#alive) return NEVER;
      throw error;
    }
  }
}
