import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and those above it that are not there; one that is there is left as it is. Throws what the system says. Node's
 * own `recursive` asks for ever where the system says "no such folder" below one that is there, as under /proc.
 */
export function makeFolder(path: string, options: { readonly mode?: number } = {}): void {
  const missing: string[] = [];
  let at = resolve(path);
  for (; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  // The folder itself, where it is there: it may be a file.
  for (const folder of missing.length > 0 ? missing.reverse() : [at]) makeOne(folder, options);
}

function makeOne(folder: string, options: { readonly mode?: number }): void {
  try {
    mkdirSync(folder, options);
  } catch (error) {
    // Another process may have been faster, and some systems say of a folder that is there that it can't be made.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}
