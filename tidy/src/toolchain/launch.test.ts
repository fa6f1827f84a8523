import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { isRunning } from "@bourse/processes";
import { ROOT } from "../repository.ts";

const launcher = join(ROOT, "toolchain/launch.cjs");
const script = "tidy/src/toolchain/script.fixture.ts";

interface Started {
  readonly major: number;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly firstOnPath: string;
  readonly node: string;
  readonly pid: number;
}

async function launched(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<[Started, unknown[]]> {
  const child = spawn(process.execPath, [launcher, script, ...args], {
    cwd,
    env: { ...process.env, INIT_CWD: undefined, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const said = JSON.parse(await text(child.stdout)) as Started;
  return [said, await exited];
}

test("a script gets its arguments, the caller's folder, Node 26, and gives its exit code", async () => {
  const folder = join(ROOT, "docs");
  const [said, end] = await launched(["exit", "5", "--flag", "with space"], folder);
  assert.deepEqual(said.args, ["exit", "5", "--flag", "with space"]);
  assert.equal(said.cwd, folder);
  assert.ok(said.major >= 26);
  assert.equal(said.firstOnPath, said.node);
  assert.deepEqual(end, [5, null]);
});

test("started by npm, which moves to the root, a script stands where the person stood", async () => {
  const folder = join(ROOT, "docs");
  const [said] = await launched(["exit", "0"], ROOT, { INIT_CWD: folder });
  assert.equal(said.cwd, folder);
});

test("a script that is killed by a signal ends the launcher the same way", async () => {
  const [, end] = await launched(["die"], ROOT);
  assert.deepEqual(end, [null, "SIGKILL"]);
});

test("a script of npm's is asked to end where the shell between the two is ended", {
  timeout: 120_000,
}, async (t) => {
  // The shell is not replaced by its only command.
  const line = `"${process.execPath}" "${launcher}" ${script} wait; exit`;
  const env = { ...process.env, npm_lifecycle_event: "start" };
  const shell = spawn("sh", ["-c", line], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [started] = (await once(shell.stdout, "data")) as [Buffer];
  const { pid } = JSON.parse(started.toString()) as Started;
  t.after(() => void (isRunning(pid) && process.kill(pid, "SIGKILL")));
  shell.kill("SIGTERM");
  assert.equal(await text(shell.stdout), "asked to end\n");
});

test("a request to end reaches the script", async (t) => {
  const child = spawn(process.execPath, [launcher, script, "wait"], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.deepEqual(await exited, [7, null]);
});
