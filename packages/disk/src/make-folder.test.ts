import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { makeFolder } from "./make-folder.ts";

const noProc = existsSync("/proc/self") ? false : "there is no /proc here";

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "disk-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a folder is made with those above it, by its mode, and one that is there is left", (t) => {
  const above = folderOf(t);
  const folder = join(above, "one/two");
  makeFolder(folder, { mode: 0o700 });
  for (const made of [folder, join(above, "one")]) assert.equal(statSync(made).mode & 0o777, 0o700);
  makeFolder(folder, { mode: 0o755 });
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

test("a file in its place, or above it, is told", (t) => {
  const file = join(folderOf(t), "file");
  writeFileSync(file, "");
  assert.throws(() => makeFolder(file), { code: "EEXIST" });
  assert.throws(() => makeFolder(join(file, "below/deeper")), /^Error: ENOTDIR: .*file.below.$/);
});

test("where the system makes no folders it comes back and says so", { skip: noProc }, () => {
  // In a process of its own: what does not come back could not be ended otherwise.
  const module = JSON.stringify(join(import.meta.dirname, "make-folder.ts"));
  const script = `const { makeFolder } = await import(${module}); makeFolder("/proc/bourse/data");`;
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    timeout: 30_000,
    encoding: "utf8",
  });
  assert.equal(ended.signal, null);
  assert.match(ended.stderr, /ENOENT: no such file or directory, mkdir '\/proc\/bourse'/);
});
