import { StepCount, type Steps } from "@bourse/base";

/** Items that one step sorts, and items that one step merges. */
const SORTED_IN_A_STEP = 2_000;
const MERGED_IN_A_STEP = 10_000;

type Compare<T> = (left: T, right: T) => number;

/** Sorts the items in steps: pieces are sorted, and then merged two by two. */
export function* sortSteps<T>(items: readonly T[], compare: Compare<T>): Steps<readonly T[]> {
  let pieces: (readonly T[])[] = [];
  for (let from = 0; from < items.length; from += SORTED_IN_A_STEP) {
    if (from > 0) yield;
    pieces.push(items.slice(from, from + SORTED_IN_A_STEP).sort(compare));
  }
  const count = new StepCount(MERGED_IN_A_STEP);
  while (pieces.length > 1) {
    const merged: (readonly T[])[] = [];
    for (let index = 0; index < pieces.length; index += 2)
      merged.push(yield* mergeSteps(pieces[index] ?? [], pieces[index + 1] ?? [], compare, count));
    pieces = merged;
  }
  return pieces[0] ?? [];
}

function* mergeSteps<T>(
  left: readonly T[],
  right: readonly T[],
  compare: Compare<T>,
  count: StepCount,
): Steps<readonly T[]> {
  const merged: T[] = [];
  let [leftAt, rightAt] = [0, 0];
  while (leftAt < left.length && rightAt < right.length) {
    if (count.isFull()) yield;
    const isLeft = compare(left[leftAt] as T, right[rightAt] as T) <= 0;
    merged.push((isLeft ? left[leftAt++] : right[rightAt++]) as T);
  }
  return [...merged, ...left.slice(leftAt), ...right.slice(rightAt)];
}
