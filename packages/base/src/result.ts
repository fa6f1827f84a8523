/** The outcome of a decision that may be refused. A refusal is a value, never an exception. */
export type Result<T, E> = Ok<T> | Refused<E>;

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Refused<E> {
  readonly ok: false;
  readonly error: E;
}

export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

export function refused<E>(error: E): Refused<E> {
  return { ok: false, error };
}
