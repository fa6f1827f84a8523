import type { ClientRequest } from "../world/serve-request.ts";

/** A request that a client wrote down before it sent it, and everything it was told since. */
export interface JournalEntry {
  readonly request: ClientRequest;
  /** The statuses of all answers, 0 for a cut connection, in order. */
  readonly answers: number[];
  /** The last answer that says what became of it. */
  final: { readonly status: number; readonly body: unknown } | null;
}

/** What one client knows: all that it can hold the venue to. */
export type Journal = readonly JournalEntry[];

/** An answer that decides: not one after which the same request may, or must, be sent again. */
export function isFinal(status: number): boolean {
  return status !== 0 && status !== 429 && status < 500;
}
