import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { BusError } from "../bus-error.ts";
import { busErrorOf, isLocked } from "./sqlite-failure.ts";

/** Counted up when the tables change in a way that older code can't read. */
const FORMAT_VERSION = 1;
/** "BOUS": tells our file from any other SQLite database. */
const APPLICATION_ID = 0x424f5553;

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
  CREATE TABLE runs (
    partition_number INTEGER NOT NULL,
    base INTEGER NOT NULL,
    count INTEGER NOT NULL,
    max_ms INTEGER NOT NULL,
    high_ms INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX runs_by_offset ON runs (partition_number, base);
  CREATE TABLE group_offsets (
    consumer_group TEXT NOT NULL,
    partition_number INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, partition_number)
  ) STRICT, WITHOUT ROWID;
`;

export interface LogFile {
  readonly database: DatabaseSync;
  readonly path: string;
  close(): void;
}

/**
 * Opens the log of a folder for this process alone, or makes it. Ownership is the operating system's lock on the
 * file, which ends with its process however that ends; the pid file only names the owner to whoever comes second.
 * Throws `bus_refused` when another process has it, when it is damaged, or when it is of another format.
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
    checkFormat(opened, path);
    writeFileSync(pidPath, `${process.pid}\n`);
    return {
      database: opened,
      path,
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
  try {
    // WAL has one sync a commit; measured three times as fast as a rollback journal for small appends (R9).
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      BEGIN EXCLUSIVE;
      COMMIT;
    `);
  } catch (cause) {
    if (!isLocked(cause)) throw cause;
    throw new BusError(
      "bus_refused",
      `the event log ${path} is in use by ${ownerOf(pidPath)}: one process owns it`,
      {
        retryable: true,
        cause,
      },
    );
  }
}

function ownerOf(pidPath: string): string {
  try {
    return `process ${readFileSync(pidPath, "utf8").trim()}`;
  } catch {
    return "another process";
  }
}

function checkFormat(database: DatabaseSync, path: string): void {
  const application = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  if (application === 0 && version === 0 && isEmpty(database)) {
    database.exec(
      `BEGIN; ${TABLES} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}; COMMIT;`,
    );
    return;
  }
  if (application !== APPLICATION_ID) {
    throw new BusError("bus_refused", `${path} is not an event log of Bourse`, { retryable: false });
  }
  if (version !== FORMAT_VERSION) {
    throw new BusError(
      "bus_refused",
      `the event log ${path} has format ${version}, this version of Bourse reads format ${FORMAT_VERSION}`,
      { retryable: false },
    );
  }
}

function pragma(database: DatabaseSync, name: "application_id" | "user_version"): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
}

/** A file shorter than its header says lost its end; with a write-ahead log beside it SQLite decides itself. */
function refuseTornFile(path: string): void {
  const size = sizeOf(path);
  if (size === 0 || sizeOf(`${path}-wal`) > 0) return;
  const header = Buffer.alloc(100);
  const file = openSync(path, "r");
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  if (!header.toString("latin1").startsWith("SQLite format 3\0")) {
    throw new BusError("bus_refused", `${path} is not an event log, or its beginning is damaged`, {
      retryable: false,
    });
  }
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const expected = header.readUInt32BE(28) * pageBytes;
  if (size < expected) {
    throw new BusError(
      "bus_refused",
      `the event log ${path} is damaged: ${size} bytes of ${expected} are there`,
      {
        retryable: false,
      },
    );
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
