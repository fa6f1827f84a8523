import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type HeldLock, lockFolder } from "./folder-lock.ts";

const inUse = ({ path, cause }: HeldLock): Error => new Error(`${path} is in use`, { cause });

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "disk-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "made/by the lock");
}

test("a folder has one owner, and another one once it was released", (t) => {
  const folder = folderOf(t);
  const release = lockFolder(folder, inUse);
  assert.throws(() => lockFolder(folder, inUse), /owner\.lock is in use/);
  release();
  const again = lockFolder(folder, inUse);
  release();
  assert.throws(() => lockFolder(folder, inUse), /in use/, "a second release is not the next owner's");
  again();
});

test("a process has it until it is killed, and no longer, whether it keeps what releases it or not", async (t) => {
  const folder = folderOf(t);
  const child = fork(join(import.meta.dirname, "folder-lock.fixture.ts"), [folder], {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  t.after(() => child.kill("SIGKILL"));
  await once(child, "message");
  assert.throws(() => lockFolder(folder, inUse), /in use/);
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  lockFolder(folder, inUse)();
});

test("what is no lock of another's is told as it is", (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, "owner.lock"), { recursive: true });
  assert.throws(
    () => lockFolder(folder, inUse),
    (error: Error) => !/in use/.test(error.message),
  );
});
