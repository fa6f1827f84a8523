import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type pg from "pg";
import { storeError } from "./failure.ts";
import { schemaIdentifier } from "./identifier.ts";
import { lockSession, withSession } from "./session.ts";
import { StoreError } from "./store-error.ts";

/*
 * Own code, because of what the kept libraries lack: several folders in one schema, a lock against two instances,
 * and a refusal of tables that a later version made.
 */

export interface MigrationFolder {
  /** Tells the folders of one schema apart, `delivery`; kept with each applied file's name. */
  readonly prefix: string;
  /** Holds `0001-name.sql`, `0002-name.sql`, ... without gaps. Files never change once released. */
  readonly folder: URL;
}

export interface MigrateOptions {
  /** The service's schema; the whole search_path of the files. Made where the role may and it is missing. */
  readonly schema: string;
  /** Applied in this order, each folder by number. */
  readonly folders: readonly MigrationFolder[];
}

export interface MigrationsApplied {
  /** `delivery/0001-outbox`, in the order applied now. Empty where everything was there. */
  readonly applied: readonly string[];
}

/**
 * Brings a schema to the state of the code: each file in one transaction with its own record, under a lock.
 * Rejects with `StoreError`: `schema_mismatch` where an applied file changed or the tables are of a later version,
 * `statement_failed` naming the file.
 */
export async function migrate(url: string, options: MigrateOptions): Promise<MigrationsApplied> {
  const schema = schemaIdentifier(options.schema);
  const files = (await Promise.all(options.folders.map(readFolder))).flat();
  return await withSession(url, { search_path: schema }, async (client) => {
    await lockSession(client, `bourse migrations ${schema}`);
    const recorded = await readRecord(client, schema);
    const missing = unapplied(files, recorded, schema);
    for (const file of missing) await apply(client, file);
    return { applied: missing.map((file) => file.name) };
  });
}

interface MigrationFile {
  /** `prefix/0001-name`. */
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

async function readFolder({ prefix, folder }: MigrationFolder): Promise<readonly MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return await Promise.all(
    names.map(async (fileName, index) => {
      const expected = `${String(index + 1).padStart(4, "0")}-`;
      if (!fileName.startsWith(expected)) {
        throw mismatch(`migration ${prefix}/${fileName} should be numbered ${expected.slice(0, 4)}`);
      }
      const text = (await readFile(new URL(fileName, folderUrl(folder)), "utf8")).replaceAll("\r\n", "\n");
      const checksum = createHash("sha256").update(text).digest("hex");
      return { name: `${prefix}/${fileName.slice(0, -".sql".length)}`, text, checksum };
    }),
  );
}

function folderUrl(folder: URL): string {
  return folder.href.endsWith("/") ? folder.href : `${folder.href}/`;
}

/** By name, the checksum of what was applied. */
async function readRecord(client: pg.Client, schema: string): Promise<ReadonlyMap<string, string>> {
  const { rows: found } = await client.query<{ here: boolean }>(
    "SELECT to_regnamespace($1) IS NOT NULL AS here",
    [schema],
  );
  if (found[0]?.here !== true) await client.query(`CREATE SCHEMA "${schema}"`);
  await client.query("CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, checksum text NOT NULL)");
  const { rows } = await client.query<{ name: string; checksum: string }>(
    "SELECT name, checksum FROM migrations ORDER BY name",
  );
  return new Map(rows.map((row) => [row.name, row.checksum]));
}

function unapplied(
  files: readonly MigrationFile[],
  recorded: ReadonlyMap<string, string>,
  schema: string,
): readonly MigrationFile[] {
  const known = new Set(files.map((file) => file.name));
  const later = [...recorded.keys()].filter((name) => !known.has(name));
  if (later.length > 0) {
    throw mismatch(
      `the data in schema ${schema} is from another version of the code: it has ${later.join(", ")}, which this version lacks. Run the version that made it, or a later one`,
    );
  }
  const changed = files.find((file) => recorded.has(file.name) && recorded.get(file.name) !== file.checksum);
  if (changed !== undefined) {
    throw mismatch(
      `the data in schema ${schema} is from another version of the code: migration ${changed.name} was applied with other contents; a released file never changes, a new one follows it`,
    );
  }
  return files.filter((file) => !recorded.has(file.name));
}

async function apply(client: pg.Client, file: MigrationFile): Promise<void> {
  try {
    await client.query("BEGIN");
    await client.query(file.text);
    if (client.getTransactionStatus() !== "T")
      throw mismatch(`migration ${file.name} ends its own transaction`);
    await client.query("INSERT INTO migrations (name, checksum) VALUES ($1, $2)", [file.name, file.checksum]);
    await client.query("COMMIT");
  } catch (error) {
    // The session ends with this error, and the transaction with it.
    throw storeError(error, `migration ${file.name}`, false);
  }
}

function mismatch(message: string): StoreError {
  return new StoreError("schema_mismatch", message, { retryable: false });
}
