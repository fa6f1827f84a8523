import pg from "pg";
import { startupOptions } from "./connection-options.ts";
import { storeError } from "./failure.ts";

/** How long such work waits for another instance that does the same. */
const LOCK_TIMEOUT_MS = 60_000;
/** A migration may rewrite a table. */
const STATEMENT_TIMEOUT_MS = 30 * 60_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** Runs `work` on a connection of its own, outside any pool: set-up and migrations. Rejects with `StoreError`. */
export async function withSession<T>(
  url: string,
  settings: Readonly<Record<string, string>>,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "bourse set-up",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    options: startupOptions({ timezone: "UTC", client_min_messages: "warning", ...settings }),
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw isDriverError(error) ? storeError(error, "set-up", false) : error;
  } finally {
    await client.end().catch(() => {});
  }
}

function isDriverError(error: unknown): boolean {
  return (
    error instanceof Error &&
    ("severity" in error || "syscall" in error || /connect|terminated|timeout/i.test(error.message))
  );
}

/** Held until the session ends; two instances that start at once go one after the other. */
export async function lockSession(client: pg.Client, purpose: string): Promise<void> {
  await client.query("SELECT pg_advisory_lock($1, hashtext($2))", [LOCK_SPACE, purpose]);
}

/** Any number that is ours: apart from the locks of others in the same database. */
const LOCK_SPACE = 0x626f_7572;
