import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listFiles } from "./repository.ts";

test("files of a clone that belongs to another user are listed", {
  skip: process.getuid?.() === 0 ? false : "only root can give a folder to another user",
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-clone-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync("git", ["init", "--quiet"], { cwd: folder });
  writeFileSync(join(folder, "a.ts"), "");
  chownSync(folder, 1, 1);
  assert.deepEqual(listFiles(folder), ["a.ts"]);
});
