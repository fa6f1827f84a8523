import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { JournalError } from "./journal-error.ts";

const SQLITE_BUSY = 5;

/**
 * The operating system's lock on a file of the folder: it ends with its process, however that ends. Throws
 * `journal_in_use` when another has it. Returns what releases it.
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "owner.lock");
  const database = new DatabaseSync(path);
  try {
    // SQLite is the only door to an advisory lock that Node has. Nothing is ever written into the file.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;");
  } catch (cause) {
    database.close();
    if ((cause as { readonly errcode?: unknown }).errcode !== SQLITE_BUSY) throw cause;
    throw new JournalError("journal_in_use", `${folder} is in use: one process at a time`, { path, cause });
  }
  return () => database.close();
}
