import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { OperationalError } from "@bourse/base";
import { type JsonSchema, type SchemaVersion, VERSIONS_FOLDER } from "@bourse/contracts";

const FILE_NAME = /^(?<eventType>[A-Za-z][A-Za-z0-9_]*)\.v(?<version>[1-9][0-9]*)\.gen\.json$/;

/**
 * Every version of every event's schema that was ever written, by event and then by version. Throws `schema_unreadable`
 * naming the file.
 */
export function versionsOnRecord(folder: URL = VERSIONS_FOLDER): readonly SchemaVersion[] {
  const names = readdirSync(folder);
  return names.map((name) => readVersion(folder, name)).sort(byEventAndVersion);
}

function readVersion(folder: URL, name: string): SchemaVersion {
  const { eventType, version } = FILE_NAME.exec(name)?.groups ?? {};
  if (eventType === undefined || version === undefined)
    throw unreadable(fileURLToPath(folder), `${name} is not named <Event>.v<number>.gen.json`);
  try {
    const schema = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as JsonSchema;
    return { eventType, version: Number(version), schema };
  } catch (cause) {
    throw unreadable(fileURLToPath(folder), `${name} is no JSON`, cause);
  }
}

function byEventAndVersion(one: SchemaVersion, other: SchemaVersion): number {
  if (one.eventType !== other.eventType) return one.eventType < other.eventType ? -1 : 1;
  return one.version - other.version;
}

function unreadable(folder: string, what: string, cause?: unknown): OperationalError {
  return new OperationalError("schema_unreadable", `${folder}: ${what}`, { retryable: false, cause });
}
