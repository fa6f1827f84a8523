/** A broken invariant. It stops the unit it happened in (a transaction, a partition, a process); it is never caught to go on. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** Asserts a rule, stated positively: `assert(leaves >= 0, "leaves is never negative")`. Throws {@link InvariantError}. */
export function assert(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new InvariantError(rule);
}

/** Returns `value` unless it is null or undefined. Throws {@link InvariantError} naming `what`. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new InvariantError(`${what} is present`);
  return value;
}

/** Asserts that a number is an integer that doubles hold exactly. */
export function assertSafeInteger(value: number, what: string): void {
  if (!Number.isSafeInteger(value)) throw new InvariantError(`${what} is a safe integer, got ${value}`);
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new InvariantError(`every case is handled, got ${String(value)}`);
}
