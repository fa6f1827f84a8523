import {
  closeSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

export interface WholeFileOptions {
  /** What the file is called until it is whole: a name of its own for each who may write it at the same time. */
  readonly draft?: string;
  /** Who may read and write it. Default: whoever the system's mask lets. */
  readonly mode?: number;
}

/** Durable when it returns. Where it throws the file is as it was, and nothing of the new one takes room. */
export function writeWhole(path: string, content: string | Uint8Array, options: WholeFileOptions = {}): void {
  const { draft = draftOf(path), mode } = options;
  makeWhole(path, draft, (file) => writeAndSync(file, content, mode));
}

/** The same where `write` writes and syncs what is in it. */
export function makeWhole(path: string, draft: string, write: (file: number) => void): void {
  makeDraft(draft, write);
  try {
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** The same beside whatever else is to be done. */
export async function writeWholeAsync(
  path: string,
  content: string | Uint8Array,
  { draft = draftOf(path) }: Pick<WholeFileOptions, "draft"> = {},
): Promise<void> {
  try {
    const file = await open(draft, "w");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    // A full disk is not to be filled with what nobody reads.
    await rm(draft, { force: true });
    throw error;
  }
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Several processes may be at it: what the first one writes stays. False where that was another one. Durable as the others. */
export function writeOnce(path: string, content: string, { mode }: { readonly mode: number }): boolean {
  const draft = draftOf(path);
  makeDraft(draft, (file) => writeAndSync(file, content, mode));
  try {
    // Unlike a rename, a link replaces nothing.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(dirname(path));
  return true;
}

/** Makes what was made, renamed and removed in a folder durable. */
export function syncFolder(folder: string): void {
  const file = openSync(folder, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function draftOf(path: string): string {
  return `${path}.${process.pid}.tmp`;
}

function writeAndSync(file: number, content: string | Uint8Array, mode: number | undefined): void {
  // Before there is anything to read in it.
  if (mode !== undefined) fchmodSync(file, mode);
  writeFileSync(file, content);
  fsyncSync(file);
}

function makeDraft(draft: string, write: (file: number) => void): void {
  const file = openSync(draft, "w");
  try {
    write(file);
  } catch (error) {
    // A full disk is not to be filled with what nobody reads.
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}
