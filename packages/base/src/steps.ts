import type { Timer } from "./ports.ts";

/**
 * Work that takes long, in parts that don't: whoever runs it may let others go on between two of them. Ends with what it
 * has made.
 */
export type Steps<T> = Generator<undefined, T>;

/** Does all of it at once. */
export function inOneTurn<T>(steps: Steps<T>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

/** Lets others go on between the steps. */
export async function inTurns<T>(timer: Pick<Timer, "sleep">, steps: Steps<T>): Promise<T> {
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) await timer.sleep(0);
  return step.value;
}

/** Counts what is done, and says when it has been enough for one step. Shared by the parts of one work. */
export class StepCount {
  readonly #most: number;
  #done = 0;

  /** `most`: things in a step. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Asked before each thing. */
  isFull(): boolean {
    if (this.#done < this.#most) {
      this.#done++;
      return false;
    }
    this.#done = 1;
    return true;
  }
}
