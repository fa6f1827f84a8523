import type { PoolConfig } from "pg";
import { schemaIdentifier } from "./identifier.ts";
import type { StoreOptions } from "./port.ts";

/** How long a caller waits for a connection of the pool, and the pool for the server. */
const CONNECT_TIMEOUT_MS = 5_000;

/** What every session is started with (R5). All of them are documented settings, sent in the startup message. */
export function poolConfig(options: StoreOptions): PoolConfig {
  return {
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.maxConnections,
    // A connection keeps its prepared statements: it is worth more than the memory of an idle one.
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    statement_timeout: 10_000,
    lock_timeout: 3_000,
    idle_in_transaction_session_timeout: 2_000,
    options: startupOptions({ search_path: schemaIdentifier(options.schema), ...SESSION }),
  };
}

const SESSION: Readonly<Record<string, string>> = {
  timezone: "UTC",
  // The statements of transactions find rows by their keys, so one plan is right for all values, and planning them anew
  // costs a fifth of their time. A plan made while a table was empty lasts: it may not be one that reads whole tables.
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  // Compiling a statement costs more than any statement of a batch takes.
  jit: "off",
  random_page_cost: "1.1",
};

export function startupOptions(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, "\\$&")}`)
    .join(" ");
}
