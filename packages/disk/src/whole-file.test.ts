import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { makeWhole, writeOnce, writeWhole, writeWholeAsync } from "./whole-file.ts";

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "disk-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const noFullDisk = existsSync("/dev/full") ? false : "there is no /dev/full here";

for (const [name, write] of [
  ["writeWhole", async (...args: Parameters<typeof writeWhole>) => writeWhole(...args)],
  ["writeWholeAsync", writeWholeAsync],
] as const)
  describe(name, () => {
    test("replaces a file by another one, and leaves nothing else", async (t) => {
      const folder = folderOf(t);
      const path = join(folder, "a");
      await write(path, "a much longer first");
      await write(path, Buffer.from("second"));
      assert.deepEqual([readdirSync(folder), readFileSync(path, "utf8")], [["a"], "second"]);
    });

    test("leaves the file as it was where the disk is full", { skip: noFullDisk }, async (t) => {
      const folder = folderOf(t);
      const path = join(folder, "a");
      await write(path, "first");
      symlinkSync("/dev/full", join(folder, "draft"));
      await assert.rejects(write(path, "second", { draft: join(folder, "draft") }), /ENOSPC/);
      assert.deepEqual([readdirSync(folder), readFileSync(path, "utf8")], [["a"], "first"]);
    });

    test("leaves nothing where the file can't be put in its place", async (t) => {
      const folder = folderOf(t);
      mkdirSync(join(folder, "a/b"), { recursive: true });
      await assert.rejects(write(join(folder, "a"), "text"), /EISDIR|ENOTEMPTY|EEXIST/);
      assert.deepEqual(readdirSync(folder), ["a"]);
    });
  });

test("a file is given its mode before there is anything in it, also where a crash has left a draft", (t) => {
  const folder = folderOf(t);
  const path = join(folder, "a");
  writeFileSync(join(folder, "draft"), "half", { mode: 0o644 });
  writeWhole(path, "secret", { draft: join(folder, "draft"), mode: 0o600 });
  assert.deepEqual([modeOf(path), readFileSync(path, "utf8")], [0o600, "secret"]);
});

test("a file is not there before all of it is written", (t) => {
  const folder = folderOf(t);
  const path = join(folder, "a");
  makeWhole(path, `${path}.half`, (file) => {
    writeFileSync(file, "text");
    assert.deepEqual(readdirSync(folder), ["a.half"]);
  });
  assert.deepEqual([readdirSync(folder), readFileSync(path, "utf8")], [["a"], "text"]);
});

test("what is written once is the first one's", (t) => {
  const folder = folderOf(t);
  const path = join(folder, "a");
  assert.equal(writeOnce(path, "first", { mode: 0o600 }), true);
  assert.equal(writeOnce(path, "second", { mode: 0o644 }), false);
  assert.deepEqual([readdirSync(folder), readFileSync(path, "utf8"), modeOf(path)], [["a"], "first", 0o600]);
});
