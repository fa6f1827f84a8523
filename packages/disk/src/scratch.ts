import { mkdtempSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "./make-folder.ts";

/**
 * A new folder beside where something that is fetched is to be kept; the folders above are made. Throws what `refused`
 * makes of the reason where nothing can be written there.
 */
export function scratchBeside(path: string, refused: (reason: string) => Error): string {
  const folder = dirname(path);
  try {
    makeFolder(folder);
    return mkdtempSync(`${path}-`);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw refused(
      `it is kept in ${folder}, where nothing can be written (${code}): XDG_CACHE_HOME names another place`,
    );
  }
}
