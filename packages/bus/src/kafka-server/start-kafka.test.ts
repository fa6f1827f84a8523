import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "@bourse/processes";
import { startKafka } from "./start-kafka.ts";

/** Formats, makes no archive, and never comes so far that it answers. Its broker writes down which process it is. */
const JAVA = `#!/bin/sh
case "$*" in
  -version) echo 'openjdk version "21"';;
  *StorageTool*) ;;
  *ArchiveClassesAtExit*) exit 1;;
  *) echo $$ > pid; exec sleep 600;;
esac
`;

/** A folder with Kafka's files, and first on the path a Java whose broker takes for ever to start. */
function withSlowJava(t: TestContext): { readonly folder: string; readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), "bus-slow-"));
  const path = join(folder, "path");
  mkdirSync(join(folder, "cache", "lib"), { recursive: true });
  mkdirSync(path);
  writeFileSync(join(path, "java"), JAVA);
  chmodSync(join(path, "java"), 0o755);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, path: `${path}:${process.env.PATH}` };
}

/** Ended with the test, where nobody else has. */
async function brokerOf(t: TestContext, folder: string): Promise<number> {
  const file = join(folder, "pid");
  while (!existsSync(file) || readFileSync(file, "utf8") === "") await sleep(10);
  const pid = Number(readFileSync(file, "utf8"));
  t.after(() => void (isRunning(pid) && process.kill(pid, "SIGKILL")));
  return pid;
}

async function untilGone(pid: number): Promise<void> {
  while (isRunning(pid)) await sleep(10);
}

test("a start that is given up leaves no broker", { timeout: 60_000 }, async (t) => {
  const { folder, path } = withSlowJava(t);
  const before = process.env.PATH;
  process.env.PATH = path;
  t.after(() => {
    process.env.PATH = before;
  });
  const ending = new AbortController();
  const options = { folder, cacheFolder: join(folder, "cache"), outlivesProcess: true };
  const started = startKafka({ ...options, signal: ending.signal });
  const broker = await brokerOf(t, folder);
  ending.abort();
  await assert.rejects(started, { name: "AbortError" });
  await untilGone(broker);
});

for (const [how, signal] of [
  ["ends", "SIGINT"],
  ["is killed", "SIGKILL"],
] as const)
  test(`a process that ${how} while its broker starts leaves none`, { timeout: 60_000 }, async (t) => {
    const { folder, path } = withSlowJava(t);
    const options = { folder, cacheFolder: join(folder, "cache"), outlivesProcess: true };
    const program = `
      import { subscribe } from "node:diagnostics_channel";
      import { startKafka } from ${JSON.stringify(join(import.meta.dirname, "start-kafka.ts"))};
      subscribe("child_process", ({ process: child }) => child.once("spawn", () => console.log(child.pid)));
      process.on("SIGINT", () => process.exit(0));
      await startKafka(${JSON.stringify(options)});`;
    const env = { ...process.env, PATH: path };
    const starter = spawn(process.execPath, ["--input-type=module", "-e", program], {
      env,
      stdio: ["ignore", "pipe", "ignore"],
    });
    t.after(() => starter.kill("SIGKILL"));
    const broker = await brokerOf(t, folder);
    // A broker may run before its starter knows of it.
    for await (const pid of createInterface({ input: starter.stdout })) if (Number(pid) === broker) break;
    const ended = once(starter, "exit");
    starter.kill(signal);
    await ended;
    await untilGone(broker);
  });
