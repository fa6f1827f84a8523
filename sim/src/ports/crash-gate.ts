import type { Timer } from "@bourse/base";

/** What a service asks of the world outside its process (R16). */
export type PortName =
  | "begin"
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
  /** A transaction's end: it may still be under way when its answer is given up. Leaves it to be applied then. */
  readonly leave?: () => void;
  /** It may take long: nothing that others need is held meanwhile. */
  readonly mayHang?: boolean;
  /** Only to be delayed: what a crash here would do is another point's. */
  readonly onlyHangs?: boolean;
}

/**
 * What becomes of the call at a crash point. The process dies before it or after it; or it lives on and is told that
 * the call failed: truly (refused), although it was applied (answer-lost), or while it is still under way and will be
 * applied before the next transaction begins (applied-late). Or the call hangs for a long time and then happens (delayed).
 */
export type Outcome = "dies-before" | "dies-after" | "answer-lost" | "refused" | "applied-late" | "delayed";

export const OUTCOMES: readonly Outcome[] = [
  "dies-before",
  "dies-after",
  "answer-lost",
  "refused",
  "applied-late",
  "delayed",
];

/** Longer than the accept windows of order and risk and everything that waits for them (R10, R14). */
const DELAY_MS = 15_000;

export function outcomesOf(call: PortCall): readonly Outcome[] {
  const possible: Readonly<Record<Outcome, boolean>> = {
    "dies-before": true,
    "dies-after": call.writes,
    "answer-lost": call.writes && call.lost !== null,
    refused: call.refused !== null,
    "applied-late": call.leave !== undefined,
    delayed: call.mayHang === true,
  };
  return OUTCOMES.filter(
    (outcome) => possible[outcome] && (call.onlyHangs !== true || outcome === "delayed"),
  );
}

export interface CrashPoint {
  /** Counted from 1. */
  readonly at: number;
  readonly outcome: Outcome;
}

/** Says what becomes of each call. Outlives the processes it watches. */
export interface FaultPlan {
  next(call: PortCall): Outcome | null;
}

/** Counts the calls of a run, and does to one of them what the plan says. */
export class CrashPlan implements FaultPlan {
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

/**
 * Never settles: whoever waits for it belongs to a process that is gone. A new one each time, or the one would keep every
 * dead process in memory.
 */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** The gate between one process and the world. Once it is dead nothing of it passes, and no answer comes back. */
export class CrashGate {
  readonly died: Promise<void>;
  readonly #plan: FaultPlan;
  readonly #timer: Timer;
  readonly #whenDead: () => void;
  #alive = true;
  /** While its process is stopped (SIGSTOP): resolves when it goes on. */
  #stopped: PromiseWithResolvers<void> | null = null;
  #tellDeath: () => void = () => undefined;

  constructor(plan: FaultPlan, timer: Timer, whenDead: () => void) {
    this.#plan = plan;
    this.#timer = timer;
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

  get isStopped(): boolean {
    return this.#stopped !== null;
  }

  /** Nothing passes, in either direction, until {@link goOn}. */
  stop(): void {
    this.#stopped ??= Promise.withResolvers();
  }

  goOn(): void {
    const stopped = this.#stopped;
    this.#stopped = null;
    stopped?.resolve();
  }

  /** While the process is not stopped: at once. */
  async running(): Promise<void> {
    while (this.#stopped !== null) await this.#stopped.promise;
  }

  /** One port call: `apply` does it. */
  async pass<T>(call: PortCall, apply: () => T | Promise<T>): Promise<T> {
    await undefined;
    if (this.#stopped !== null) await this.running();
    if (!this.#alive) return never();
    const outcome = this.#plan.next(call);
    if (outcome === "dies-before") {
      this.die();
      return never();
    }
    if (outcome === "refused" && call.refused !== null) throw call.refused();
    if (outcome === "applied-late" && call.lost !== null) {
      call.leave?.();
      throw call.lost();
    }
    if (outcome === "delayed") await this.through(() => this.#timer.sleep(DELAY_MS));
    const result = await this.through(apply);
    if (outcome === "dies-after") {
      this.die();
      return never();
    }
    if (outcome === "answer-lost" && call.lost !== null) throw call.lost();
    return result;
  }

  /** What is no point of its own, but must not outlive the process either. */
  async through<T>(apply: () => T | Promise<T>): Promise<T> {
    if (!this.#alive) return never();
    try {
      const result = await apply();
      if (this.#stopped !== null) await this.running();
      return this.#alive ? result : never();
    } catch (error) {
      if (this.#stopped !== null) await this.running();
      if (!this.#alive) return never();
      throw error;
    }
  }
}
