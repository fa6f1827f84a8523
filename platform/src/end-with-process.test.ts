import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const MODULE = join(import.meta.dirname, "end-with-process.ts");

/** What a process says that has told something to end, and then ends in the way that `last` says. */
function saidBy(last: string): string {
  const script = `
    import { writeSync } from "node:fs";
    import { endWithProcess } from ${JSON.stringify(MODULE)};
    const stopped = endWithProcess(() => writeSync(1, "told"));
    ${last}`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }).stdout;
}

const endings: readonly [string, string, string][] = [
  ["ends by itself", "", "told"],
  ["is ended at once", "process.exit(130);", "told"],
  ["ends by an error that nobody has caught", "throw new Error('not caught');", "told"],
  ["ends by a rejection that nobody has caught", "Promise.reject(new Error('not caught'));", "told"],
  ["has stopped it in order", "stopped();", ""],
  [
    "is killed",
    "process.kill(process.pid, 'SIGKILL'); await new Promise(() => setTimeout(() => {}, 60_000));",
    "",
  ],
];

for (const [how, last, said] of endings)
  test(`a process that ${how} ${said === "" ? "says nothing" : "tells what it started"}`, () => {
    assert.equal(saidBy(last), said);
  });
