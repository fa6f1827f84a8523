import { assert } from "@bourse/base";

/** Of ids of 128 bits in hex: those above `after`, up to `to` and with it. */
export interface IdRange {
  readonly after: string;
  readonly to: string;
}

const IDS = 1n << 128n;

/**
 * Ranges that have about `most` of `count` ids each, in order: ids are hashes or random, and so lie evenly. For checks that hold
 * something of each in memory: they read their sources once a range, and what they hold is bounded.
 */
export function idRanges(count: number, most: number): readonly IdRange[] {
  assert(most >= 1, "a range has room for an id");
  const ranges = BigInt(Math.max(1, Math.ceil(count / most)));
  const bounds = Array.from({ length: Number(ranges) + 1 }, (_, index) => {
    const bound = (IDS * BigInt(index)) / ranges;
    return (index === 0 ? 0n : bound - 1n).toString(16).padStart(32, "0");
  });
  return bounds.slice(1).map((to, index) => ({ after: bounds[index] as string, to }));
}

export function isInRange({ after, to }: IdRange, id: string): boolean {
  return id > after && id <= to;
}
