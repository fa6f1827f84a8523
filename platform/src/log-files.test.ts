import assert from "node:assert/strict";
import { once } from "node:events";
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pino } from "pino";
import { logEnd, turnLogs } from "./log-files.ts";

function logFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bourse-logs-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a log that is too long is emptied, the last ones are kept, and nothing is lost on the way", async (t) => {
  const folder = logFolder(t);
  const file = join(folder, "risk.log");
  // As a service by itself has it: a descriptor that its parent has opened.
  const descriptor = openSync(file, "a");
  t.after(() => closeSync(descriptor));
  for (let turn = 1; turn <= 5; turn++) {
    writeSync(descriptor, `${"x".repeat(100)} ${turn}\n`);
    await turnLogs(folder, 100);
  }
  writeSync(descriptor, "and on\n");
  assert.deepEqual(readdirSync(folder).sort(), ["risk.log", "risk.log.1", "risk.log.2", "risk.log.3"]);
  assert.equal(readFileSync(file, "utf8"), "and on\n", "not behind a hole");
  const numbers = [3, 2, 1].map((each) => readFileSync(`${file}.${each}`, "utf8").trimEnd().at(-1));
  assert.deepEqual(numbers, ["3", "4", "5"]);
});

test("what is short, and what is no log, is left alone", async (t) => {
  const folder = logFolder(t);
  writeFileSync(join(folder, "order.log"), "short\n");
  writeFileSync(join(folder, "notes.txt"), "x".repeat(1_000));
  await turnLogs(folder, 100);
  assert.deepEqual(readdirSync(folder).sort(), ["notes.txt", "order.log"]);
});

test("of a log that has grown for years the end is kept", async (t) => {
  const folder = logFolder(t);
  const file = join(folder, "platform.log");
  writeFileSync(file, `${"x".repeat(10_000)}\nthe end\n`);
  await turnLogs(folder, 100);
  const kept = readFileSync(`${file}.1`, "utf8");
  assert.deepEqual([kept.length, kept.endsWith("\nthe end\n")], [200, true]);
});

test("the end of a log is found on both sides of a turn; of none it is nothing", async (t) => {
  const folder = logFolder(t);
  const file = join(folder, "platform.log");
  appendFileSync(file, `${"x".repeat(200)}\none\ntwo\n`);
  await turnLogs(folder, 100);
  assert.equal(logEnd(file, 2), "one\ntwo");
  appendFileSync(file, "three\n");
  assert.equal(logEnd(file, 2), "two\nthree");
  assert.equal(logEnd(join(folder, "none.log"), 2), "");
});

test("of a log that an earlier start has written to, the end is this start's alone", async (t) => {
  const folder = logFolder(t);
  const file = join(folder, "wallet.log");
  appendFileSync(file, "earlier\nits end\n");
  const start = statSync(file).size;
  assert.equal(logEnd(file, 3, start), "");
  appendFileSync(file, "this one\n");
  assert.equal(logEnd(file, 3, start), "this one");
  appendFileSync(file, `${"x".repeat(100)}\n`);
  await turnLogs(folder, 100);
  appendFileSync(file, "behind\n");
  assert.equal(logEnd(file, 2, start), `${"x".repeat(100)}\nbehind`);
});

test("the logger of a platform writes on behind a turn, each line once", async (t) => {
  const folder = logFolder(t);
  const file = join(folder, "platform.log");
  const destination = pino.destination({ dest: file, sync: false });
  t.after(() => destination.destroy());
  const log = pino(destination);
  for (let line = 0; line < 3; line++) {
    log.info({ line }, "x");
    await once(destination, "drain");
    await turnLogs(folder, 50);
  }
  log.info({ line: 3 }, "x");
  await once(destination, "drain");
  const lines = [3, 2, 1]
    .map((each) => readFileSync(`${file}.${each}`, "utf8"))
    .concat(readFileSync(file, "utf8"));
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).line),
    [0, 1, 2, 3],
  );
});
