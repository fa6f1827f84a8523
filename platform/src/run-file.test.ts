import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import type { RunFile } from "./platform.ts";
import { readRunFile, writeRunFile } from "./run-file.ts";
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
