import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunFile } from "./platform.ts";
import { identified, readPlatformFile, readRunFile, writeRunFile } from "./run-file.ts";
import { stopPlatform } from "./stop-platform.ts";

/** A process of its own, and a data folder whose run file names it. */
function running(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "bourse-run-"));
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  t.after(() => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });
  const processes = [{ name: "platform", pid: child.pid ?? 0 }];
  writeRunFile(folder, {
    version: 1,
    bus: "embedded",
    gatewayUrl: "http://127.0.0.1:1",
    startedAt: "",
    services: [],
    processes,
  });
  return { folder, child };
}

it("down stops what the run file names", async (t) => {
  const { folder, child } = running(t);
  const ended = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
  assert.deepEqual(
    (await stopPlatform(folder)).map(({ name }) => name),
    ["platform"],
  );
  assert.equal(await ended, "SIGTERM");
  assert.equal(readRunFile(folder), null);
});

it("a process that was given the pid of one of ours after a crash is left alone", async (t) => {
  const { folder, child } = running(t);
  const file = join(folder, "run.json");
  const run = JSON.parse(readFileSync(file, "utf8")) as RunFile;
  const processes = run.processes.map((each) => ({ ...each, started: "another boot/1" }));
  writeFileSync(file, JSON.stringify({ ...run, processes }));
  assert.equal(readRunFile(folder), null);
  assert.deepEqual(await stopPlatform(folder), []);
  assert.equal(child.exitCode ?? child.signalCode, null);
});

/** A process that has ended, and whose parent does not look at it: as the first process of some containers. */
async function ended(t: TestContext): Promise<number> {
  const parent = spawn("sh", ["-c", "sleep 600 & echo $!; wait"], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => parent.kill("SIGKILL"));
  const [line] = (await once(parent.stdout.setEncoding("utf8"), "data")) as [string];
  const pid = Number(line);
  parent.kill("SIGSTOP");
  process.kill(pid, "SIGKILL");
  while (!readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")) await sleep(5);
  return pid;
}

it("a process that has ended does not run, whether its parent has looked at it or not", {
  skip: existsSync("/proc/self/stat") ? false : "only /proc tells",
}, async (t) => {
  const { folder } = running(t);
  const run = readRunFile(folder) as RunFile;
  writeRunFile(folder, { ...run, processes: [{ name: "platform", pid: await ended(t) }] });
  assert.equal(readRunFile(folder), null);
  assert.deepEqual(await stopPlatform(folder), []);
});

it("a start is not refused where a crash has left PostgreSQL alone, and down still stops that", async (t) => {
  const { folder, child } = running(t);
  const run = readRunFile(folder) as RunFile;
  const gone = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await new Promise((resolve) => gone.once("exit", resolve));
  const processes = [
    { name: "platform", pid: gone.pid ?? 0 },
    { name: "postgres", pid: child.pid ?? 0 },
  ];
  writeRunFile(folder, { ...run, processes });
  assert.equal(readPlatformFile(folder), null);
  assert.deepEqual(
    (await stopPlatform(folder)).map(({ name }) => name),
    ["postgres"],
  );
  writeRunFile(folder, { ...run, processes: [{ name: "platform", pid: process.pid }] });
  assert.notEqual(readPlatformFile(folder), null);
});

it("down ends the process that has the folder as well, which the run file of a cluster does not name", async (t) => {
  const { folder, child } = running(t);
  const owner = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  t.after(() => owner.kill("SIGKILL"));
  const ended = new Promise((resolve) => owner.once("exit", (_code, signal) => resolve(signal)));
  writeFileSync(
    join(folder, "owner.json"),
    JSON.stringify(identified({ name: "platform", pid: owner.pid ?? 0 })),
  );
  const stopped = await stopPlatform(folder);
  assert.deepEqual(
    stopped.map(({ pid }) => pid),
    [owner.pid, child.pid],
  );
  assert.equal(await ended, "SIGTERM");
});
