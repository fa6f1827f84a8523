/**
 * The store as services see it: PostgreSQL behind two functions.
 * Statements of one `run` travel as Bind/Execute with one Sync: one round trip however many they are.
 */
export interface Store {
  /**
   * One transaction. `work` reads and locks with `tx.run`, decides in memory, and ends with `tx.commit(statements)`,
   * whose statements travel together with COMMIT; a `work` that returns without it is committed after it.
   * A thrown error rolls back. Deadlocks and serialization failures (40P01, 40001) run `work` again, so `work` must
   * not keep anything from an earlier try.
   *
   * Rejects with `StoreError`: `store_unavailable` (nothing was applied), `commit_unknown` (it may have been: read
   * back before answering, R5), `constraint_violated` (with the constraint's name), `statement_failed`.
   */
  transaction<T>(name: string, work: (tx: Transaction) => Promise<T>): Promise<T>;

  /** Statements without an order to keep between them and the caller's other work: reads. One round trip, read-only. */
  query(statement: Statement): Promise<Rows>;

  /** Reads in one round trip, one after the other; each sees what is committed when it runs. The rows of each. */
  queries(statements: readonly Statement[]): Promise<readonly Rows[]>;

  /** A read of whole tables, such as a check's: as `query`, and may take ten minutes where a statement has ten seconds. */
  scan(statement: Statement): Promise<Rows>;

  /** Resolves when the database answers. */
  ping(): Promise<void>;

  /** How busy its connections are; absent where there is no pool. */
  load?(): PoolLoad;

  /** Resolves when the server has ended the sessions; one that says nothing is not waited for. */
  close(): Promise<void>;
}

export interface PoolLoad {
  /** Open now, at work or idle. */
  readonly connections: number;
  readonly limit: number;
  /** Calls that wait because all connections are at work. */
  readonly waiting: number;
}

export interface Transaction {
  /** Runs the statements in order in one round trip; the rows of each. May be called several times. */
  run(statements: readonly Statement[]): Promise<readonly Rows[]>;
  /** Runs the statements and COMMIT in one round trip. Nothing may follow. */
  commit(statements?: readonly Statement[]): Promise<readonly Rows[]>;
}

export interface Statement {
  /** Prepared once a connection under a name derived from the text. */
  readonly text: string;
  readonly values: readonly SqlValue[];
  /**
   * For `COPY ... FROM STDIN` alone: its data, in pieces, in the format that the text names. It travels with the others
   * and counts as one statement of the transaction, without rows.
   */
  readonly copy?: readonly Uint8Array[];
}

/**
 * Amounts travel as text (R9); arrays as `{1,2}` literals built by `sqlArray`, or in PostgreSQL's binary form by
 * `int8Array`: bytes are sent as the binary form of whatever type the parameter has.
 */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array;

/** Columns are strings as PostgreSQL prints them, except int2/int4/float8 (number), bool (boolean), json (parsed), bytea (Uint8Array). int8 and numeric come as bigint where whole. */
export type Row = Readonly<Record<string, unknown>>;
export type Rows = readonly Row[];

export interface StoreOptions {
  /** postgres://role:password@host:port/database, or a socket folder as `host`. */
  readonly url: string;
  /** The schema this service owns; it is the whole search_path. */
  readonly schema: string;
  readonly applicationName: string;
  readonly maxConnections: number;
  /** Told of every rerun of a transaction that lost a race (40P01, 40001), for a counter. */
  readonly onRerun?: (transaction: string, sqlState: string) => void;
}
