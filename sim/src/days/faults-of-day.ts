import { type FaultPlan, type Outcome, outcomesOf, type PortCall } from "../ports/crash-gate.ts";

/** Faults that a day asks for, each at a call that is so many calls away when it is asked for. */
export class FaultsOfDay implements FaultPlan {
  /** What happened: which call had which outcome. */
  readonly happened: string[] = [];
  readonly #waiting = new Map<number, number>();
  #calls = 0;
  #over = false;

  add(inCalls: number, outcome: number): void {
    this.#waiting.set(this.#calls + inCalls, outcome);
  }

  /** Nothing more goes wrong. */
  end(): void {
    this.#over = true;
  }

  next(call: PortCall): Outcome | null {
    this.#calls += 1;
    const choice = this.#waiting.get(this.#calls);
    if (choice === undefined || this.#over) return null;
    const possible = outcomesOf(call);
    const outcome = possible[choice % possible.length];
    if (outcome === undefined) return null;
    this.happened.push(`${outcome} ${call.port} ${call.what}`);
    return outcome;
  }
}
