import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { postgresStore, type Rows, type Store, sql } from "@bourse/store";
import Table from "cli-table3";

/** PostgreSQL counts statements only where this is loaded as it starts. */
export const STATEMENT_SETTINGS: Readonly<Record<string, string>> = {
  shared_preload_libraries: "pg_stat_statements",
};
/** A session that is idle tells what it has counted after ten seconds. */
const TELLS_AFTER_MS = 10_500;
const SHOWN_STATEMENTS = 40;
const SHOWN_CHARACTERS = 110;

/** What a load had PostgreSQL do. */
export interface DatabaseWork {
  /** The dearest first. */
  readonly statements: readonly StatementWork[];
  readonly tables: readonly TableWork[];
}

export interface StatementWork {
  /** A service's. */
  readonly role: string;
  readonly text: string;
  readonly calls: number;
  /** From its start to its end: on busy cores more than the processor's time. */
  readonly milliseconds: number;
  readonly rows: number;
  readonly walBytes: number;
}

export interface TableWork {
  /** With its schema. */
  readonly name: string;
  readonly inserted: number;
  readonly updated: number;
  /** Of the updated: on their page, no index touched (heap-only tuples). */
  readonly inPlace: number;
  readonly deleted: number;
}

export interface WatchOptions {
  /** How long an idle session may keep what it has counted to itself. */
  readonly tellsAfterMs?: number;
  /** Ends a wait for that early; it throws then. */
  readonly signal?: AbortSignal;
}

/**
 * Writes what each load had PostgreSQL do to a file of its own: statements out of `pg_stat_statements`, rows out of
 * `pg_stat_user_tables`. Prepared COPYs are counted by their rows alone: PostgreSQL tells of the first one only.
 */
export class StatementWatch {
  readonly #store: Store;
  readonly #folder: string;
  readonly #tellsAfterMs: number;
  readonly #signal: AbortSignal | undefined;
  #tables: readonly TableWork[] = [];

  private constructor(store: Store, folder: string, { tellsAfterMs = TELLS_AFTER_MS, signal }: WatchOptions) {
    this.#store = store;
    this.#folder = folder;
    this.#tellsAfterMs = tellsAfterMs;
    this.#signal = signal;
  }

  /** Of a server that was started with {@link STATEMENT_SETTINGS}. */
  static async start(adminUrl: string, folder: string, options: WatchOptions = {}): Promise<StatementWatch> {
    const store = postgresStore({
      url: adminUrl,
      schema: "public",
      applicationName: "bourse-bench-statements",
      maxConnections: 1,
    });
    try {
      await store.transaction("statements", (tx) =>
        tx.commit([sql`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`]),
      );
    } catch (error) {
      await store.close();
      throw error;
    }
    mkdirSync(folder, { recursive: true });
    return new StatementWatch(store, folder, options);
  }

  /** What came before does not count. */
  async begin(): Promise<void> {
    await this.#untilTold();
    this.#tables = await this.#tablesNow();
    await this.#store.transaction("statements", (tx) => tx.commit([sql`SELECT pg_stat_statements_reset()`]));
  }

  /** Of a load that is over. Answers with the file. */
  async end(load: string, orders: number): Promise<string> {
    const statements = statementsOf(
      await this.#store.query(sql`
        SELECT rolname AS role, query AS text, calls, total_exec_time AS milliseconds, rows, wal_bytes::bigint AS wal_bytes
        FROM pg_stat_statements JOIN pg_roles ON pg_roles.oid = userid
        WHERE query NOT LIKE '%pg_stat_%' ORDER BY total_exec_time DESC`),
    );
    await this.#untilTold();
    const work = { statements, tables: tablesBetween(this.#tables, await this.#tablesNow()) };
    const file = join(this.#folder, `${load}-statements.txt`);
    writeFileSync(file, `${databaseWorkText(work, orders)}\n`);
    return file;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #untilTold(): Promise<void> {
    await sleep(this.#tellsAfterMs, undefined, { signal: this.#signal });
  }

  async #tablesNow(): Promise<readonly TableWork[]> {
    const rows = await this.#store.query(sql`
      SELECT schemaname || '.' || relname AS name, n_tup_ins AS inserted, n_tup_upd AS updated,
        n_tup_hot_upd AS in_place, n_tup_del AS deleted
      FROM pg_stat_user_tables`);
    return rows.map((row) => ({
      name: String(row.name),
      inserted: Number(row.inserted),
      updated: Number(row.updated),
      inPlace: Number(row.in_place),
      deleted: Number(row.deleted),
    }));
  }
}

function statementsOf(rows: Rows): readonly StatementWork[] {
  return rows.map((row) => ({
    role: String(row.role),
    text: String(row.text),
    calls: Number(row.calls),
    milliseconds: Number(row.milliseconds),
    rows: Number(row.rows),
    walBytes: Number(row.wal_bytes),
  }));
}

/** What was written between two looks; tables of which nothing was are left out. */
export function tablesBetween(
  before: readonly TableWork[],
  after: readonly TableWork[],
): readonly TableWork[] {
  const known = new Map(before.map((table) => [table.name, table]));
  return after
    .map((table) => {
      const old = known.get(table.name);
      return {
        name: table.name,
        inserted: table.inserted - (old?.inserted ?? 0),
        updated: table.updated - (old?.updated ?? 0),
        inPlace: table.inPlace - (old?.inPlace ?? 0),
        deleted: table.deleted - (old?.deleted ?? 0),
      };
    })
    .filter((table) => writtenRows(table) > 0)
    .toSorted((one, other) => writtenRows(other) - writtenRows(one));
}

function writtenRows({ inserted, updated, deleted }: TableWork): number {
  return inserted + updated + deleted;
}

/** Each figure for one of the load's orders, but for the calls. */
export function databaseWorkText({ statements, tables }: DatabaseWork, orders: number): string {
  const each = (value: number): string => (value / orders).toFixed(3);
  const ofStatements = new Table({
    head: ["µs", "calls", "µs a call", "rows", "WAL bytes", "role", "statement"],
    colAligns: ["right", "right", "right", "right", "right", "left", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const { milliseconds, calls, rows, walBytes, role, text } of statements.slice(0, SHOWN_STATEMENTS))
    ofStatements.push([
      ((1_000 * milliseconds) / orders).toFixed(2),
      String(calls),
      ((1_000 * milliseconds) / calls).toFixed(0),
      each(rows),
      (walBytes / orders).toFixed(0),
      role,
      text.replace(/\s+/g, " ").trim().slice(0, SHOWN_CHARACTERS),
    ]);
  const ofTables = new Table({
    head: ["table", "inserted", "updated", "of these in place", "deleted"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, inserted, updated, inPlace, deleted } of tables)
    ofTables.push([name, each(inserted), each(updated), each(inPlace), each(deleted)]);
  const total = statements.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const rows = tables.reduce((sum, table) => sum + writtenRows(table), 0);
  return [
    `${orders} orders; for each of them:`,
    `${((1_000 * total) / orders).toFixed(0)} µs in statements, from their start to their end (COPY is not among them)`,
    ofStatements.toString(),
    "",
    `${each(rows)} rows written`,
    ofTables.toString(),
  ].join("\n");
}
