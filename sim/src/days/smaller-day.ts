import type { Day } from "./day.ts";

export interface SmallerOptions {
  readonly fails: (day: Day) => Promise<boolean>;
  /** Asked before each try. */
  readonly isOver: () => boolean;
}

/**
 * A failing day with fewer steps: leaves out ever smaller parts of it, as long as it still fails without them (Zeller's
 * delta debugging). Each try is lived to its end, so that nothing of it goes on beside the next one.
 */
export async function smallerDay(day: Day, { fails, isOver }: SmallerOptions): Promise<Day> {
  let smallest = day;
  let part = Math.ceil(day.steps.length / 2);
  while (part >= 1) {
    let hasGone = false;
    for (let from = 0; from < smallest.steps.length && !isOver(); ) {
      const without = { ...smallest, steps: smallest.steps.toSpliced(from, part) };
      if (await fails(without)) {
        smallest = without;
        hasGone = true;
      } else from += part;
    }
    if (isOver()) return smallest;
    // Singly until no step is left that could go: what goes makes room for others.
    part = part > 1 ? Math.ceil(part / 2) : hasGone ? 1 : 0;
  }
  return smallest;
}
