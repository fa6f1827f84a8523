import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "@bourse/processes";
import type { FileReport } from "./run-test-file.ts";
import { countLine, fileLine, isGreen, summary } from "./test-summary.ts";

const folder = mkdtempSync(join(tmpdir(), "bourse-tidy-"));
after(() => rmSync(folder, { recursive: true, force: true }));

// Node refuses a test run inside a test run, which it knows by this variable.
const { NODE_TEST_CONTEXT: _, ...env } = process.env;

function runOf(code: string, only?: string): readonly string[] {
  writeFileSync(join(folder, "x.test.ts"), code);
  const fixture = join(import.meta.dirname, "run-one.fixture.ts");
  return [fixture, folder, "x.test.ts", ...(only === undefined ? [] : [only])];
}

function reportOf(code: string, only?: string): FileReport {
  return JSON.parse(
    execFileSync(process.execPath, runOf(code, only), { encoding: "utf8", env }),
  ) as FileReport;
}

const head = `import { describe, test } from "node:test"; import assert from "node:assert/strict";\n`;

describe("a test file", () => {
  test("counts its tests, and names a failing one with its groups and line", () => {
    const report = reportOf(
      `${head}describe("group", () => {\n  test("good", () => {});\n  test("bad", () => assert.equal(1, 2));\n});`,
    );
    assert.equal(report.passed, 1);
    assert.deepEqual(
      report.failures.map(({ name, place }) => ({ name, place })),
      [{ name: "group > bad", place: "x.test.ts:4" }],
    );
    assert.match(report.failures[0]?.report ?? "", /1 !== 2/);
  });

  test("tells what was skipped and why", () => {
    const report = reportOf(
      `${head}test("a", (t) => t.skip("no broker")); test.skip("b", () => {}); test.todo("c"); test("d", () => {});`,
    );
    assert.deepEqual(report.skips, [
      { name: "a", reason: "no broker" },
      { name: "b", reason: "skipped" },
      { name: "c", reason: "todo" },
    ]);
    assert.equal(report.passed, 1);
  });

  test("tells what its tests say of themselves, such as the seed that replays one", () => {
    const report = reportOf(`${head}test("a", (t) => { t.diagnostic("seed 42"); assert.equal(1, 2); });`);
    assert.equal(report.output, "seed 42\n");
  });

  test("fails where it holds no test", () => {
    for (const code of ["export {};", `${head}describe("group", () => {});`])
      assert.match(reportOf(code).failures[0]?.report ?? "", /^holds no test/);
  });

  test("fails where it throws while loading, with what it printed", () => {
    const report = reportOf(`${head}throw new Error("at load");`);
    assert.equal(report.failures.length, 1);
    assert.match(report.output, /at load/);
  });

  test("fails where its process ends before its tests", () => {
    const report = reportOf(`${head}test("a", () => {}); test("b", () => process.exit(3));`);
    assert.equal(report.failures.length, 1);
    assert.match(report.failures[0]?.report ?? "", /^ended with 3/);
  });

  test("fails where its process ends well, and before its tests, and tells which", () => {
    const report = reportOf(
      `${head}test("a", () => {}); test("b", () => new Promise(() => setTimeout(() => process.exit(0), 50)));`,
    );
    assert.deepEqual(
      report.failures.map(({ report: text }) => text),
      ["ended before its tests: does something call process.exit?\nnot ended: line 2: b"],
    );
  });

  test("fails where a hook around its tests fails, with what it threw", () => {
    const report = reportOf(
      `import { after } from "node:test"; ${head}after(() => { throw new Error("not closed"); }); test("a", () => {});`,
    );
    assert.match(report.failures[0]?.report ?? "", /not closed/);
  });

  const wait = "const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));";

  test("names the test that nobody caught an error of, and waits for it no longer", () => {
    const planted = [
      `setTimeout(() => { throw new Error("planted"); }, 5)`,
      `setImmediate(() => { throw new Error("planted"); })`,
      `queueMicrotask(() => { throw new Error("planted"); })`,
      `void Promise.reject(new Error("planted"))`,
      `void (async () => { await wait(5); throw new Error("planted"); })()`,
    ];
    const tests = planted.map(
      (code, nth) => `test("bad ${nth}", async () => { await wait(1); ${code}; await ever; });`,
    );
    const report = reportOf(
      `${head}${wait} const ever = new Promise(() => {}); test("good", () => wait(1)); ${tests.join("\n")}`,
    );
    assert.deepEqual(
      report.failures.map(({ name, report: text }) => [name, /planted/.exec(text)?.[0]]),
      planted.map((_, nth) => [`bad ${nth}`, "planted"]),
    );
    assert.equal(report.passed, 1);
  });

  test("fails where an error comes from a test that has ended, and says which", () => {
    const report = reportOf(
      `${head}${wait} test("stray", async () => { await wait(1); setTimeout(() => { throw new Error("late"); }, 20); });
      test("after it", () => wait(60));`,
    );
    assert.deepEqual(
      report.failures.map(({ name, report: text }) => [name, text]),
      [["(the file)", "ended with 1"]],
    );
    assert.match(report.output, /Test "stray" at .* generated asynchronous activity after .*"Error: late"/);
  });

  test("has no hook at its promises: where there is one, each has an id of its own", () => {
    const report = reportOf(
      `${head}import { executionAsyncId } from "node:async_hooks";
      test("a", async () => {
        const first = await Promise.resolve().then(executionAsyncId);
        assert.equal(await Promise.resolve().then(executionAsyncId), first);
      });`,
    );
    assert.deepEqual(report.failures, []);
  });

  test("that is interrupted is ended, whatever it makes of the request to end", () => {
    const report = reportOf(
      `${head}process.on("SIGTERM", () => {}); setInterval(() => {}, 60_000);
      test("a", () => process.kill(process.ppid, "SIGINT")); test("b", () => new Promise(() => {}));`,
    );
    assert.match(report.failures[0]?.report ?? "", /^was interrupted/);
  });

  describe("that ends before its hooks leaves nothing of what it has started", { timeout: 120_000 }, () => {
    const pids = join(folder, "pids");
    const starting = (last: string): string => `${head}
      import { spawn } from "node:child_process"; import { writeFileSync } from "node:fs";
      test("a", async (t) => {
        const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 60_000)"], { detached: true, stdio: "ignore" });
        t.after(() => child.kill("SIGKILL"));
        await new Promise((resolve) => child.once("spawn", resolve));
        writeFileSync(${JSON.stringify(pids)}, [process.pid, child.pid].join(" "));
        ${last}
        await new Promise(() => {});
      });`;
    const untilGone = async (): Promise<void> => {
      const [own = 0, child = 0] = readFileSync(pids, "utf8").split(" ").map(Number);
      rmSync(pids);
      while (isRunning(own) || isRunning(child)) await sleep(10);
    };

    test("where it is killed", async () => {
      reportOf(starting("process.kill(process.pid, 'SIGKILL');"));
      await untilGone();
    });

    test("where its run is interrupted", async () => {
      reportOf(starting("process.kill(process.ppid, 'SIGINT');"));
      await untilGone();
    });

    test("where its run is killed", async () => {
      const run = spawnSync(process.execPath, runOf(starting("process.kill(process.ppid, 'SIGKILL');")), {
        env,
      });
      assert.equal(run.signal, "SIGKILL");
      await untilGone();
    });
  });

  test("runs only what is named", () => {
    const report = reportOf(`${head}test("one", () => {}); test("other", () => {});`, "^one$");
    assert.equal(report.passed, 1);
    assert.equal(report.failures.length, 0);
  });
});

describe("a run", () => {
  const file = { file: "x.test.ts", passed: 2, failures: [], skips: [], durationMs: 1, output: "" };
  const failing = { ...file, failures: [{ name: "bad", place: "x.test.ts:1", report: "1 !== 2" }] };
  const skipping = { ...file, skips: [{ name: "far", reason: "no broker" }] };

  test("ends with its count", () => {
    assert.equal(countLine([file, failing, skipping]), "6 passed, 1 failed, 1 skipped");
    assert.equal(
      summary([file, failing, skipping], false).split("\n").at(-1),
      "6 passed, 1 failed, 1 skipped",
    );
  });
  test("repeats its failures", () => {
    assert.match(summary([failing], false), /✖ bad\n {2}at x\.test\.ts:1\n {2}1 !== 2/);
  });
  test("tells in short before its count what failed, however long the reports are", () => {
    const report = `${["one", "two", ...Array(500).fill("between"), "", "the reason"].join("\n")}\n    at x (file:///y.ts:1:1)`;
    const long = { ...failing, failures: [{ name: "bad", place: "x.test.ts:1", report }] };
    const many = {
      ...file,
      failures: Array(40).fill({ name: "worse", place: "y.test.ts:2", report: "1 !== 3" }),
    };
    const end = summary([long, skipping, many], false).split("In short:")[1] ?? "";
    assert.match(end, /^\n✖ bad\n {2}at x\.test\.ts:1\n {2}one\n {2}two\n(.+\n)+ {2}the reason\n✖ worse\n/);
    assert.match(end, /\nand 26 more failed\n\n6 passed, 41 failed, 1 skipped$/);
    assert.ok(end.split("\n").length < 70, end);
    assert.match(fileLine(long), /^FAIL x\.test\.ts .*\n✖ bad\n(.+\n)+ {2}the reason$/);
    assert.doesNotMatch(summary([file], false), /In short/);
  });
  test("is green only where something ran and nothing failed", () => {
    assert.equal(isGreen([file], true), true);
    assert.equal(isGreen([file, failing], false), false);
    assert.equal(isGreen([], false), false);
    assert.equal(isGreen([{ ...skipping, passed: 0 }], false), false);
  });
  test("may skip, but not in continuous integration", () => {
    assert.equal(isGreen([skipping], false), true);
    assert.equal(isGreen([skipping], true), false);
    assert.match(summary([skipping], true), /fails the run here:\n {2}x\.test\.ts: far \(no broker\)/);
  });
});
