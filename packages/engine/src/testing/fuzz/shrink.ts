import { compareSteps, Difference, ENGINE, type EngineMaker, type FuzzStep } from "../compare-engines.ts";

export interface Shrunk {
  readonly steps: readonly FuzzStep[];
  /** What the last of them shows. */
  readonly message: string;
}

/**
 * The smallest steps found that still show a difference, or break an invariant: first the failing prefix, then parts are
 * left out, from halves down to single commands, as long as it fails. `tries` bounds the work.
 */
export function shrink(
  seed: number,
  steps: readonly FuzzStep[],
  maker: EngineMaker = ENGINE,
  tries = 3_000,
): Shrunk | undefined {
  let best = failure(seed, steps, maker);
  let left = tries;
  for (let size = best?.steps.length ?? 0; size >= 1 && best !== undefined; size = Math.floor(size / 2)) {
    for (let from = 0; from < best.steps.length && left > 0; left--) {
      const shorter: readonly FuzzStep[] = [...best.steps.slice(0, from), ...best.steps.slice(from + size)];
      const found: Shrunk | undefined = shorter.length === 0 ? undefined : failure(seed, shorter, maker);
      if (found === undefined) from += size;
      else best = found;
    }
  }
  return best;
}

/** The failing prefix, or undefined where nothing fails. */
function failure(seed: number, steps: readonly FuzzStep[], maker: EngineMaker): Shrunk | undefined {
  let reached = 0;
  const counted = steps.map((step, index) => ({
    ...step,
    get command() {
      reached = index + 1;
      return step.command;
    },
  }));
  try {
    compareSteps(seed, counted, maker);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { steps: steps.slice(0, error instanceof Difference ? error.steps : reached), message };
  }
}
