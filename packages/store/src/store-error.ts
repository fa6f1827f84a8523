import { OperationalError } from "@bourse/base";

export type StoreErrorCode =
  | "store_unavailable"
  | "commit_unknown"
  | "constraint_violated"
  | "statement_failed"
  | "store_closed"
  /** The tables are of another version of the code than this one. */
  | "schema_mismatch"
  /** The server's limits or roles are not as the configuration needs them. */
  | "server_misconfigured"
  /** The local PostgreSQL can't be had or does not start. */
  | "local_server_failed";

export class StoreError extends OperationalError {
  override readonly name = "StoreError";
  declare readonly code: StoreErrorCode;
  /** The constraint of `constraint_violated`. */
  readonly constraint: string | undefined;
  /** PostgreSQL's SQLSTATE, where it gave one. */
  readonly sqlState: string | undefined;

  constructor(
    code: StoreErrorCode,
    message: string,
    options: {
      readonly retryable: boolean;
      readonly cause?: unknown;
      readonly constraint?: string | undefined;
      readonly sqlState?: string | undefined;
    },
  ) {
    super(code, message, options);
    this.constraint = options.constraint;
    this.sqlState = options.sqlState;
  }
}
