import { StoreError } from "./store-error.ts";

/** What PostgreSQL's ErrorResponse carries, as far as it is used here; a lost connection's error has none of it. */
interface ServerError {
  readonly code?: string;
  readonly severity?: string;
  readonly constraint?: string;
  readonly detail?: string;
}

/** Errors after which the whole transaction is run again: it lost against another one, or its plan is out of date. */
export function mayRunAgain(error: unknown): boolean {
  return error instanceof StoreError && (LOST_RACES.has(error.sqlState ?? "") || isStalePlan(error));
}

const LOST_RACES: ReadonlySet<string> = new Set(["40P01", "40001"]);

/** A migration changed a prepared statement's columns, or a pooler between took its name away. */
export function isStalePlan(error: StoreError): boolean {
  return error.sqlState === "26000" || (error.sqlState === "0A000" && error.message.includes("cached plan"));
}

/**
 * Names a failure of the driver in the store's words. `commitSent` says whether the COMMIT had been written to the
 * connection: with it a lost connection leaves the outcome unknown (R5), without it nothing was applied.
 */
export function storeError(cause: unknown, doing: string, commitSent: boolean): StoreError {
  if (cause instanceof StoreError) return cause;
  const server = serverError(cause);
  const sqlState = server.code;
  const message = `${doing}: ${cause instanceof Error ? cause.message : String(cause)}`;
  if (sqlState === undefined || endsSession(sqlState, server.severity)) {
    return commitSent
      ? new StoreError("commit_unknown", message, { retryable: false, cause, sqlState })
      : new StoreError("store_unavailable", message, { retryable: true, cause, sqlState });
  }
  if (sqlState.startsWith("23")) {
    const { constraint } = server;
    return new StoreError("constraint_violated", message, { retryable: false, cause, constraint, sqlState });
  }
  return passesByItself(sqlState)
    ? new StoreError("store_unavailable", message, { retryable: true, cause, sqlState })
    : new StoreError("statement_failed", message, { retryable: false, cause, sqlState });
}

/** A `query` that writes is the caller's mistake; in a transaction the same SQLSTATE says that the server is a standby. */
export function queryError(cause: unknown): StoreError {
  const failure = storeError(cause, "query", false);
  const { sqlState } = failure;
  return sqlState === "25006"
    ? new StoreError("statement_failed", failure.message, { retryable: false, cause, sqlState })
    : failure;
}

/** The driver's own errors carry codes such as ECONNRESET; a SQLSTATE has five capitals or digits. */
function serverError(cause: unknown): ServerError {
  const error = (typeof cause === "object" && cause !== null ? cause : {}) as ServerError;
  return typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code) && error.severity !== undefined
    ? error
    : {};
}

/** The server closed the connection with this: class 08 connection, 57P operator, 25P03 and 57P05 its own timeouts. */
function endsSession(sqlState: string, severity: string | undefined): boolean {
  return (
    severity === "FATAL" ||
    severity === "PANIC" ||
    sqlState.startsWith("08") ||
    sqlState.startsWith("57P") ||
    sqlState.startsWith("25P03")
  );
}

/**
 * Lost races that were rerun in vain, timeouts of locks and statements (R5), resources (disk, memory, connections),
 * a server that is a standby now: nothing was applied, and the same call may succeed later.
 */
function passesByItself(sqlState: string): boolean {
  return (
    LOST_RACES.has(sqlState) ||
    sqlState === "55P03" ||
    sqlState === "57014" ||
    sqlState === "25006" ||
    sqlState.startsWith("53") ||
    sqlState.startsWith("58")
  );
}
