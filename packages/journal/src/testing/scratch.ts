import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for one test. */
export function scratchFolder(t: { after(work: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "bourse-journal-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
