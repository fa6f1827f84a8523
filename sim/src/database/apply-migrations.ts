import { readdir, readFile } from "node:fs/promises";
import type { InProcessPostgres } from "./in-process-postgres.ts";

/** Makes a schema out of its folders' files, in their order. */
export async function applyMigrations(
  database: InProcessPostgres,
  schema: string,
  folders: readonly URL[],
): Promise<void> {
  database.simple(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
  database.useSchema(schema);
  for (const folder of folders) {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
    for (const name of names) database.simple(await readFile(new URL(name, folder), "utf8"));
  }
}
