import type pg from "pg";
import { escapeLiteral } from "pg";
import { schemaOfService } from "./identifier.ts";
import { lockSession, withSession } from "./session.ts";
import { StoreError } from "./store-error.ts";

export interface ServiceSchemaOptions {
  /** The service's name, `market-data`; its schema is `market_data`. */
  readonly service: string;
  readonly password: string;
  /** The login role; default: named like the schema. Roles are shared by all databases of a server. */
  readonly role?: string;
}

/**
 * Gives a service its schema and the one role that owns it and can reach nothing else (R13). Idempotent; safe for
 * several instances at once. `adminUrl` is of a role that may create roles. Resolves to the service's own url. Rejects with
 * `StoreError` `server_misconfigured` for a role that others are connected as by another password, or that may do more.
 */
export async function ensureServiceSchema(adminUrl: string, options: ServiceSchemaOptions): Promise<string> {
  const schema = schemaOfService(options.service);
  const role = schemaOfService(options.role ?? schema);
  const url = new URL(adminUrl);
  url.username = role;
  url.password = encodeURIComponent(options.password);
  await withSession(adminUrl, {}, async (client) => {
    await lockSession(client, "bourse roles");
    await ensureRole(client, { role, password: options.password, url: url.href });
    const database = await currentDatabase(client);
    await client.query(`
      REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
      REVOKE ALL ON SCHEMA public FROM PUBLIC;
      GRANT CONNECT ON DATABASE ${database} TO "${role}";
      CREATE SCHEMA IF NOT EXISTS "${schema}" AUTHORIZATION "${role}";
      ALTER SCHEMA "${schema}" OWNER TO "${role}";
      REVOKE ALL ON SCHEMA "${schema}" FROM PUBLIC;
      ${rebuildSchemas(schema, role)}`);
  });
  return url.href;
}

/** Where a projection is built anew and where its old tables go (R5). The role may not make schemas itself. */
function rebuildSchemas(schema: string, role: string): string {
  return ["rebuild", "retired"]
    .map(
      (part) => `CREATE SCHEMA IF NOT EXISTS "${schema}_${part}" AUTHORIZATION "${role}";
      REVOKE ALL ON SCHEMA "${schema}_${part}" FROM PUBLIC;`,
    )
    .join("\n      ");
}

interface Login {
  readonly role: string;
  readonly password: string;
  /** Of the service, by the two. */
  readonly url: string;
}

async function ensureRole(client: pg.Client, { role, password, url }: Login): Promise<void> {
  const { rows } = await client.query<{ powers: boolean; memberships: string; connections: string }>(
    `SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls AS powers,
            (SELECT count(*) FROM pg_auth_members WHERE member = pg_roles.oid) AS memberships,
            (SELECT count(*) FROM pg_stat_activity WHERE usesysid = pg_roles.oid) AS connections
     FROM pg_roles WHERE rolname = $1`,
    [role],
  );
  const found = rows[0];
  if (found !== undefined && (found.powers || found.memberships !== "0")) {
    throw new StoreError(
      "server_misconfigured",
      `role ${role} can do more than a service's role may: it is a superuser, creates roles or databases, or is a member of another role`,
      { retryable: false },
    );
  }
  if (found !== undefined && found.connections !== "0" && !(await opens(url)))
    throw new StoreError(
      "server_misconfigured",
      `role ${role} has another password, and others are connected as it (${found.connections}): the data folder of this ` +
        "process is of another installation; give it data.json and operator.key of theirs, or end those processes first",
      { retryable: false },
    );
  // A new role has none of these powers unless they are named, and naming them needs a superuser.
  const verb = found === undefined ? "CREATE" : "ALTER";
  await client.query(`${verb} ROLE "${role}" LOGIN NOINHERIT PASSWORD ${escapeLiteral(password)}`);
}

/** Whether the server takes the password; it may have no connection to spare for the question. */
async function opens(url: string): Promise<boolean> {
  try {
    await withSession(url, {}, async () => {});
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.sqlState === INVALID_PASSWORD) return false;
    throw error;
  }
}

const INVALID_PASSWORD = "28P01";

async function currentDatabase(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>("SELECT quote_ident(current_database()) AS name");
  return rows[0]?.name ?? "";
}

/**
 * Checks that all pools together fit the server, less the connections it reserves for its operators (R13).
 * Rejects with `StoreError` `server_misconfigured` naming both sums.
 */
export async function checkPoolSizes(url: string, pools: Readonly<Record<string, number>>): Promise<void> {
  const available = await withSession(url, {}, async (client) => {
    const { rows } = await client.query<{ available: number }>(
      `SELECT current_setting('max_connections')::int4
              - current_setting('superuser_reserved_connections')::int4
              - coalesce(current_setting('reserved_connections', true), '0')::int4 AS available`,
    );
    return rows[0]?.available ?? 0;
  });
  const wanted = Object.values(pools).reduce((sum, size) => sum + size, 0);
  if (wanted < available) return;
  const list = Object.entries(pools).map(([name, size]) => `${name} ${size}`);
  throw new StoreError(
    "server_misconfigured",
    `the pools want ${wanted} connections (${list.join(", ")}) and the server has ${available}: raise max_connections or lower the pools`,
    { retryable: false },
  );
}
