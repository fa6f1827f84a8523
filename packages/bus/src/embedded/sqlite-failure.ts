import { BusError } from "../bus-error.ts";

// Primary result codes of SQLite (https://www.sqlite.org/rescode.html).
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** What went wrong in the log's file, in the bus's words. */
export function busErrorOf(cause: unknown, file: string): BusError {
  if (cause instanceof BusError) return cause;
  const code = sqliteCode(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    return new BusError("bus_refused", `the event log ${file} is damaged: ${reason}`, {
      retryable: false,
      cause,
    });
  }
  return new BusError("bus_unavailable", `the event log ${file} can't be used: ${reason}`, {
    retryable: true,
    cause,
  });
}

function sqliteCode(cause: unknown): number | undefined {
  if (typeof cause !== "object" || cause === null || !("errcode" in cause)) return undefined;
  return typeof cause.errcode === "number" ? cause.errcode & 0xff : undefined;
}
