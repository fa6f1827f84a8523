import { randomBytes } from "node:crypto";
import { accessSync, constants, mkdtempSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { removedWithUs } from "@bourse/processes";
import { escapeIdentifier } from "pg";
import { foldersOf, startPostgres } from "./local-postgres/index.ts";
import { type MigrationFolder, migrate } from "./migrations.ts";
import type { Statement, Store } from "./port.ts";
import { postgresStore } from "./postgres-store.ts";
import { ensureServiceSchema } from "./roles.ts";
import { withSession } from "./session.ts";
import { sql } from "./sql.ts";

export { mayRunAgain, storeError } from "./failure.ts";
export { columnReader, type WireValue, wireValue } from "./sql-value.ts";
export type { WireProxy } from "./wire-proxy.ts";
export { wireProxy } from "./wire-proxy.ts";

/**
 * For a transaction that a test holds open, and for one that waits for it: a machine that stands still for some seconds
 * neither loses it its session nor ends its wait.
 */
export const UNHURRIED: Statement = sql`SELECT set_config('idle_in_transaction_session_timeout', '0', true),
  set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true)`;

export interface TestDatabaseOptions {
  /** Default `test`. */
  readonly schema?: string;
  readonly migrations?: readonly MigrationFolder[];
  /** Default 4. */
  readonly maxConnections?: number;
}

export interface TestDatabase {
  readonly store: Store;
  /** Of the role that owns the schema. */
  readonly url: string;
  /** Of the superuser, in this database. */
  readonly adminUrl: string;
  readonly schema: string;
  /** A test that makes roles starts their names with this and `_`; they are dropped with the database. */
  readonly database: string;
}

/** What `node:test` gives to a test. */
interface TestEnd {
  after(fn: () => Promise<void>): void;
}

/**
 * A database of its own for one test, dropped after it, on the server of BOURSE_TEST_DATABASE_URL (a superuser's url)
 * or else on a private PostgreSQL of this process. Never skips: without any server the test fails.
 */
export async function testDatabase(t: TestEnd, options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const serverUrl = await testServer();
  const schema = options.schema ?? "test";
  const database = `t_${randomBytes(8).toString("hex")}`;
  // The other strategy writes every page into the log as well: a third more of the server's time.
  await withSession(serverUrl, {}, (client) =>
    client.query(`CREATE DATABASE ${database} TEMPLATE template0 STRATEGY FILE_COPY`),
  );
  const adminUrl = inDatabase(serverUrl, database);
  let store: Store | undefined;
  t.after(async () => {
    await store?.close();
    await withSession(serverUrl, {}, async (client) => {
      await client.query(`DROP DATABASE ${database} WITH (FORCE)`);
      const { rows } = await client.query<{ rolname: string }>(
        "SELECT rolname FROM pg_roles WHERE rolname = $1 OR starts_with(rolname, $1 || '_') ORDER BY rolname",
        [database],
      );
      for (const { rolname } of rows) await client.query(`DROP ROLE ${escapeIdentifier(rolname)}`);
    });
  });
  const url = await ensureServiceSchema(adminUrl, { service: schema, password: database, role: database });
  if (options.migrations !== undefined) await migrate(url, { schema, folders: options.migrations });
  store = postgresStore({
    url,
    schema,
    applicationName: "test",
    maxConnections: options.maxConnections ?? 4,
  });
  return { store, url, adminUrl, schema, database };
}

/** The admin url of the server that tests of this process use. */
export function testServer(): Promise<string> {
  const given = process.env.BOURSE_TEST_DATABASE_URL;
  if (given !== undefined && given !== "") return Promise.resolve(given);
  privateServer ??= startPrivateServer();
  return privateServer;
}

let privateServer: Promise<string> | undefined;

/** Without what a crash of the machine asks for: nothing of it outlives the process. Tests of durability start their own. */
const PRIVATE_SETTINGS = {
  fsync: "off",
  full_page_writes: "off",
  shared_buffers: "64MB",
  min_wal_size: "32MB",
  max_wal_size: "256MB",
};

async function startPrivateServer(): Promise<string> {
  const folder = mkdtempSync(`${scratchFolder("/tmp")}/bourse-test-`);
  const server = await startPostgres({ folder, settings: PRIVATE_SETTINGS, endsWithProcess: true });
  for (const each of foldersOf(folder)) removedWithUs(each);
  return server.adminUrl;
}

const SHARED_MEMORY = "/dev/shm";
/** Several times what tests have there at once: a server's log, a few databases of 8 MB and more, logs of a bus. */
const ROOM_BYTES = 2 ** 30;

/**
 * Where tests make their folders: in memory where Linux has room there. A database of a test's own is 300 small files, and
 * a disk's file system takes as much of the processor to make them as PostgreSQL takes for all else, with all migrations of
 * a service; each of the embedded log's commits waits for the disk, and its process with it.
 */
export function scratchFolder(otherwise: string = tmpdir()): string {
  try {
    const { bavail, bsize } = statfsSync(SHARED_MEMORY);
    accessSync(SHARED_MEMORY, constants.W_OK);
    return bavail * bsize >= ROOM_BYTES ? SHARED_MEMORY : otherwise;
  } catch {
    return otherwise;
  }
}

function inDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
