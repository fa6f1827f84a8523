import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { ROOT } from "../repository.ts";

const launcher = join(ROOT, "toolchain/launch.cjs");
const script = "tidy/src/toolchain/script.fixture.ts";

interface Started {
  readonly major: number;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly firstOnPath: string;
  readonly node: string;
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

test("a request to end reaches the script", async (t) => {
  const child = spawn(process.execPath, [launcher, script, "wait"], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.deepEqual(await exited, [7, null]);
});
