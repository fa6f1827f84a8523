import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listFiles } from "./repository.ts";

/** Git's own tests take every folder for another user's by it. */
const ANOTHERS = "GIT_TEST_ASSUME_DIFFERENT_OWNER";

test("files of a clone that belongs to another user are listed", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-clone-"));
  t.after(() => {
    delete process.env[ANOTHERS];
    rmSync(folder, { recursive: true, force: true });
  });
  execFileSync("git", ["init", "--quiet"], { cwd: folder });
  writeFileSync(join(folder, "a.ts"), "");
  process.env[ANOTHERS] = "1";
  assert.throws(() => execFileSync("git", ["ls-files"], { cwd: folder, stdio: "pipe" }), /dubious ownership/);
  assert.deepEqual(listFiles(folder), ["a.ts"]);
});
