import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeFolder } from "./make-folder.ts";

// Primary result codes (https://www.sqlite.org/rescode.html).
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

/** The lock's file, and what SQLite said. */
export interface HeldLock {
  readonly path: string;
  readonly cause: unknown;
}

// A database that nothing refers to is closed by the garbage collector, and its lock goes with it: a process that forgot
// what releases its folder would lose the folder at some moment.
const held = new Set<DatabaseSync>();

/**
 * Takes a folder for this process alone, and makes it where there is none. Throws what `refused` makes of it where another
 * process has it. Returns what releases it; a second time it does nothing.
 */
export function lockFolder(folder: string, refused: (held: HeldLock) => Error): () => void {
  makeFolder(folder);
  const path = join(folder, "owner.lock");
  const database = new DatabaseSync(path);
  try {
    // Nothing is ever written into the file.
    lockDatabase(database, {
      settings: "PRAGMA journal_mode = MEMORY;",
      refused: (cause) => refused({ path, cause }),
    });
  } catch (error) {
    database.close();
    throw error;
  }
  held.add(database);
  return () => {
    if (held.delete(database)) database.close();
  };
}

/**
 * The operating system's lock on a database, until it is closed or its process ends, however that ends: SQLite is the only
 * door to an advisory lock that Node has. It is in a transaction then. Throws what `refused` makes of it where another process
 * has it.
 */
export function lockDatabase(
  database: DatabaseSync,
  { settings, refused }: { readonly settings: string; readonly refused: (cause: unknown) => Error },
): void {
  try {
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; ${settings} BEGIN EXCLUSIVE;`);
  } catch (cause) {
    throw isLocked(cause) ? refused(cause) : cause;
  }
}

function isLocked(cause: unknown): boolean {
  const { errcode } = cause as { readonly errcode?: unknown };
  // The higher bits say more of the same.
  const primary = typeof errcode === "number" ? errcode & 0xff : null;
  return primary === SQLITE_BUSY || primary === SQLITE_LOCKED;
}
