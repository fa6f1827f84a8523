import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

interface Room {
  readonly lock: string;
  readonly journal: () => string;
  enter(): ChildProcessWithoutNullStreams;
}

function room(t: TestContext): Room {
  const folder = mkdtempSync(join(tmpdir(), "bourse-lock-"));
  const lock = join(folder, "lock");
  const journal = join(folder, "journal");
  const inside: ChildProcessWithoutNullStreams[] = [];
  t.after(() => {
    for (const child of inside) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    lock,
    journal: () => readFileSync(journal, "utf8"),
    enter() {
      const child = spawn(process.execPath, [
        join(import.meta.dirname, "hold-lock.fixture.ts"),
        lock,
        journal,
      ]);
      inside.push(child);
      return child;
    },
  };
}

async function leave(child: ChildProcessWithoutNullStreams): Promise<void> {
  const exited = once(child, "exit");
  child.stdin.write("\n");
  await exited;
}

test("two installations come one after the other", async (t) => {
  const { enter, journal, lock } = room(t);
  const first = enter();
  await once(first.stdout, "data");
  const second = enter();
  // It says so when it starts to wait.
  assert.match(String(await once(second.stderr, "data")), /waiting/);
  const entered = once(second.stdout, "data");
  await leave(first);
  await entered;
  await leave(second);
  assert.equal(journal(), "in\nout\nin\nout\n");
  assert.equal(existsSync(lock), false);
});

test("the lock of a killed installation is taken over", async (t) => {
  const { enter, journal } = room(t);
  const first = enter();
  await once(first.stdout, "data");
  const killed = once(first, "exit");
  first.kill("SIGKILL");
  await killed;
  const second = enter();
  await once(second.stdout, "data");
  await leave(second);
  assert.equal(journal(), "in\nin\nout\n");
});

test("one that was stopped for so long that its lock was taken over leaves the other's alone", async (t) => {
  const { enter, lock } = room(t);
  const first = enter();
  await once(first.stdout, "data");
  const others = readFileSync(lock, "utf8").replace(/"id":"[^"]+"/, '"id":"another"');
  writeFileSync(lock, others);
  await leave(first);
  assert.equal(readFileSync(lock, "utf8"), others);
});

test("an interrupted installation leaves no lock", async (t) => {
  const { enter, lock } = room(t);
  const child = enter();
  await once(child.stdout, "data");
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  assert.deepEqual(await exited, [143, null]);
  assert.equal(existsSync(lock), false);
});
