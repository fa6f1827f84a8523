import { assert } from "@bourse/base";

/** Of ids of 128 bits in hex: those above `after`, up to `to` and with it. */
export interface IdRange {
  readonly after: string;
  readonly to: string;
  /** For whoever goes on; none where the range has the last of all ids. */
  readonly next?: string;
}

const BITS = 128;
const DIGITS = BITS / 4;

/**
 * The range behind `after`, which has about `most` of `count` ids: ids are hashes or random, and so lie evenly. For checks that
 * hold something of each in memory: they read their sources once a range, and what they hold is bounded. Ranges that follow each
 * other have every id once, also where `count` has changed between them.
 */
export function idRange(
  after: string | undefined,
  { count, most }: { readonly count: number; readonly most: number },
): IdRange {
  assert(most >= 1, "a range has room for an id");
  const ranges = BigInt(Math.max(1, Math.ceil(count / most)));
  const ids = 1n << BigInt(BITS);
  const begin = after === undefined ? 0n : BigInt(`0x${after}`) + 1n;
  // A range ends where one of equal parts does, so that the last of them is as large as the others.
  const within = (begin * ranges) / ids + 1n;
  const part = within < ranges ? within : ranges;
  const to = hexOf((ids * part + ranges - 1n) / ranges - 1n);
  return { after: after ?? hexOf(0n), to, ...(part < ranges ? { next: to } : {}) };
}

export function isInRange({ after, to }: IdRange, id: string): boolean {
  return id > after && id <= to;
}

function hexOf(id: bigint): string {
  return id.toString(16).padStart(DIGITS, "0");
}
