import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { readRunFile } from "@bourse/platform/run-file";
import { removeData } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";

const MAIN = join(import.meta.dirname, "../main.ts");

/** Where a platform of the test's own lives, gone with all that runs from it when the test ends. */
export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "bourse-up-"));
  // Hooks run in the order in which they came: what a test leaves running where it fails must end before its folder goes.
  t.after(async () => {
    if (readRunFile(path) !== null) await run(["down"], { BOURSE_DATA: path }).ended;
    await removeData(path);
  });
  return path;
}

/** A command as a person starts it. */
export function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: {
      ...process.env,
      DATABASE_URL: "",
      BOURSE_URL: "",
      BOURSE_KEY: "",
      KAFKA_BOOTSTRAP_SERVERS: undefined,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  /** Resolves when it has said all of how to go on, or at the end without that. */
  const told = new Promise<void>((resolve) => {
    child.stdout.on("data", () => {
      if (said.stdout.includes("Ctrl-C stops it")) resolve();
    });
    child.once("close", () => resolve());
  });
  return { child, said, ended, told };
}

/** `up` in a folder of its own, once it has said what to open. */
export async function upAndOpen(
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
) {
  const up = run(["up", "--no-demo", ...args], env);
  t.after(() => up.child.kill("SIGKILL"));
  await up.told;
  const open = /Open +(http:\S+)/.exec(up.said.stdout)?.[1];
  assert.ok(open !== undefined, up.said.stderr);
  return { up, open };
}

/** Resolves once it has said the word to people. Fails with what it said instead where it ends without. */
export async function heard({ child, said, ended }: ReturnType<typeof run>, word: string): Promise<void> {
  while (!said.stderr.includes(word)) {
    await Promise.race([once(child.stderr, "data"), ended]);
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    assert.ok(!hasEnded || said.stderr.includes(word), said.stderr);
  }
}

/**
 * Node's option for an `up` that is interrupted the moment it says this to people. By itself: a signal of the test's own,
 * however soon it is sent, comes too late where the test's process is held up meanwhile.
 */
export function interruptedAt(word: string): string {
  return `--import=data:text/javascript,${encodeURIComponent(`
    const { stderr } = process;
    const write = stderr.write.bind(stderr);
    // Services of a cluster say such things as well, and are given the same options.
    let isToCome = !process.argv.includes("--only");
    stderr.write = (text, ...more) => {
      if (isToCome && String(text).includes(${JSON.stringify(word)})) {
        isToCome = false;
        process.kill(process.pid, "SIGINT");
      }
      return write(text, ...more);
    };`)}`;
}

/** For an `up` that interrupts itself once it drains: that is the second one. */
export const INTERRUPTED_AGAIN: string = interruptedAt("draining");

export async function interruptTwice({ up }: Awaited<ReturnType<typeof upAndOpen>>) {
  up.child.kill("SIGINT");
  assert.equal(await up.ended, EXIT.interrupted, up.said.stderr);
}
