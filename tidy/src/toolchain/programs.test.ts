import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ROOT } from "../repository.ts";

/**
 * Every program that package.json names says how it is used. `bourse` has tests of its own, in `apps/cli`, and
 * what starts and ends with fixed options is another one's.
 */
const NOT_HERE = ["start", "bourse", "up:kafka", "down", "test:crash", "test:secure", "fix"];

const { scripts }: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(ROOT, "package.json"), "utf8"),
);
const programs = Object.entries(scripts).filter(([name]) => !NOT_HERE.includes(name));

describe("every program of package.json", { concurrency: 2 }, () => {
  for (const [name, script] of programs) {
    test(`${name} prints its usage for --help and does nothing else`, async () => {
      const { status, stdout } = await run(script, "--help");
      assert.equal(status, 0);
      assert.match(stdout, new RegExp(`^npm (run )?${name}( |$)`, "m"));
    });

    test(`${name} names an option that there is not, and prints its usage without a stack`, async () => {
      const { status, stdout, stderr } = await run(script, "--nonsense");
      assert.equal(status, name === "test" ? 1 : 2);
      assert.match(stderr, /^Unknown option '--nonsense'/);
      assert.doesNotMatch(stdout + stderr, /^ +at /m);
    });
  }
});

interface Ended {
  readonly status: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function run(script: string, option: string): Promise<Ended> {
  const [command, ...args] = script.split(" ");
  assert.equal(command, "node");
  return new Promise((resolve) =>
    execFile(process.execPath, [...args, option], { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : error.code, stdout, stderr }),
    ),
  );
}
