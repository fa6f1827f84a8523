import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { lockDatabase } from "@bourse/disk";
import { BusError } from "../bus-error.ts";
import { unknownFormat } from "./segment-file.ts";
import { busErrorOf } from "./sqlite-failure.ts";
import { refuseTornFile } from "./torn-file.ts";

/** Counted up when the tables or the segments change in a way that older code can't read. */
export const FORMAT_VERSION: number = 2;
/** It had the records in a table; it is converted at start. */
export const FORMAT_WITH_RUNS: number = 1;
/** "BOUS": tells our file from any other SQLite database. */
const APPLICATION_ID = 0x424f5553;

/** Up to where the segments are known to be durable: at most one row. */
export const DURABLE_PLACE: string = `
  CREATE TABLE durable_place (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    segment INTEGER NOT NULL,
    position INTEGER NOT NULL
  ) STRICT;
`;

/** Beside the format: what knows nothing of it drops by the time of day. */
const RETENTION_HOURS = `
  CREATE TABLE IF NOT EXISTS retention_hours (
    hour INTEGER PRIMARY KEY,
    minute INTEGER NOT NULL,
    earliest_ms INTEGER NOT NULL
  ) STRICT;
`;

const TABLES = `
  CREATE TABLE topics (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    id TEXT NOT NULL,
    partitions INTEGER NOT NULL,
    retention_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE partitions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    topic_number INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    earliest INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE group_offsets (
    consumer_group TEXT NOT NULL,
    partition_number INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, partition_number)
  ) STRICT, WITHOUT ROWID;
  ${DURABLE_PLACE}
`;

/** What the log knows besides its records: topics, where partitions begin, hints; and the lock. */
export interface LogFile {
  readonly database: DatabaseSync;
  readonly path: string;
  /** {@link FORMAT_VERSION}, or {@link FORMAT_WITH_RUNS}. */
  readonly format: number;
  close(): void;
}

/**
 * Opens the log of a folder for this process alone, or makes it. Ownership is the operating system's lock on the
 * file, which ends with its process however that ends; the pid file only names the owner to whoever comes second.
 * Throws `bus_refused` when another process has it or when it is damaged, `bus_format` when it is of another format.
 */
export function openLogFile(folder: string): LogFile {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "log.sqlite");
  const pidPath = join(folder, "owner.pid");
  let database: DatabaseSync | undefined;
  try {
    refuseTornFile(path);
    database = new DatabaseSync(path);
    const opened = database;
    lock(opened, path, pidPath);
    const format = checkFormat(opened, path);
    opened.exec(RETENTION_HOURS);
    writeFileSync(pidPath, `${process.pid}\n`);
    return {
      database: opened,
      path,
      format,
      close: () => {
        // The pid file goes while the lock is still held: afterwards it could be the next owner's.
        rmSync(pidPath, { force: true });
        opened.close();
      },
    };
  } catch (cause) {
    database?.close();
    throw busErrorOf(cause, path);
  }
}

function lock(database: DatabaseSync, path: string, pidPath: string): void {
  lockDatabase(database, {
    // WAL has one sync a commit; measured three times as fast as a rollback journal for small appends (R9).
    settings: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;",
    refused: (cause) =>
      new BusError(
        "bus_refused",
        `the event log ${path} is in use by ${ownerOf(pidPath)}: one process owns it`,
        { retryable: true, cause },
      ),
  });
  database.exec("COMMIT");
}

function ownerOf(pidPath: string): string {
  try {
    return `process ${readFileSync(pidPath, "utf8").trim()}`;
  } catch {
    return "another process";
  }
}

function checkFormat(database: DatabaseSync, path: string): number {
  const application = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  if (application === 0 && version === 0 && isEmpty(database)) {
    database.exec(
      `BEGIN; ${TABLES} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}; COMMIT;`,
    );
    return FORMAT_VERSION;
  }
  if (application !== APPLICATION_ID) {
    throw new BusError("bus_refused", `${path} is not an event log of Bourse`, { retryable: false });
  }
  if (version !== FORMAT_VERSION && version !== FORMAT_WITH_RUNS) {
    throw unknownFormat(`the event log ${path} has format ${version}`, FORMAT_VERSION);
  }
  return version;
}

function pragma(database: DatabaseSync, name: "application_id" | "user_version"): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
}
