import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "./is-running.ts";

const HEAD = `
  import { spawn } from "node:child_process";
  import { childrenEndWithUs, endsWithUs, removedWithUs } from ${JSON.stringify(join(import.meta.dirname, "index.ts"))};
  const wait = "setInterval(() => {}, 60_000);";
  const start = (program = wait) => spawn(process.execPath, ["-e", program], { detached: true, stdio: ["ignore", "inherit", "ignore"] });
  const tell = (...words) => console.log(words.join(" "));`;

interface Starter {
  readonly process: ChildProcess;
  /** The words of its next line. */
  said(): Promise<readonly string[]>;
}

/** A process that starts others. Those that it names are ended with the test, where nobody else has. */
function starter(t: TestContext, program: string): Starter {
  const process = spawn(globalThis.process.execPath, ["--input-type=module", "-e", HEAD + program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => process.kill("SIGKILL"));
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  const said = async (): Promise<readonly string[]> => {
    const { value = "" } = await lines.next();
    const words = value.split(" ");
    for (const pid of words.map(Number).filter(Number.isInteger))
      t.after(() => void (isRunning(pid) && globalThis.process.kill(pid, "SIGKILL")));
    return words;
  };
  return { process, said };
}

async function end({ process }: Starter, signal: NodeJS.Signals): Promise<void> {
  const ended = once(process, "exit");
  process.kill(signal);
  await ended;
}

async function untilGone(pid: number): Promise<void> {
  while (isRunning(pid)) await sleep(10);
}

describe("what ends with its starter", { timeout: 120_000 }, () => {
  const endings: readonly (readonly [string, string])[] = [
    ["is killed", "process.kill(process.pid, 'SIGKILL');"],
    ["is told to end", "process.kill(process.pid, 'SIGTERM');"],
    ["ends by itself", "child.unref();"],
    ["ends at once", "process.exit(1);"],
  ];
  for (const [how, last] of endings)
    it(`is gone once that ${how}`, async (t) => {
      const { said } = starter(t, `const { child } = endsWithUs("SIGKILL", start); tell(child.pid); ${last}`);
      const [pid] = await said();
      await untilGone(Number(pid));
    });

  it("takes its folder with it, and nothing that was let go", async (t) => {
    const parent = mkdtempSync(join(tmpdir(), "processes-"));
    t.after(() => rmSync(parent, { recursive: true, force: true }));
    const starting = starter(
      t,
      `import { mkdirSync } from "node:fs";
      process.chdir(${JSON.stringify(parent)});
      for (const name of ["goes", "stays"]) mkdirSync(name);
      const [ends, goesOn] = [endsWithUs("SIGKILL", start), endsWithUs("SIGKILL", start)];
      removedWithUs(${JSON.stringify(join(parent, "goes"))});
      goesOn.letGoOn();
      removedWithUs(${JSON.stringify(join(parent, "stays"))})();
      tell(ends.child.pid, goesOn.child.pid);`,
    );
    const [ends, goesOn] = (await starting.said()).map(Number);
    await end(starting, "SIGKILL");
    // Folders go last.
    while (existsSync(join(parent, "goes"))) await sleep(10);
    assert.deepEqual([isRunning(ends ?? 0), isRunning(goesOn ?? 0)], [false, true]);
    assert.equal(existsSync(join(parent, "stays")), true);
  });

  it("has no watcher where nothing is left to end", async (t) => {
    // A watcher is a child, and the only one that is not told of.
    const starting = starter(
      t,
      `import { subscribe } from "node:diagnostics_channel";
      const ended = [];
      subscribe("child_process", ({ process: child }) => child.once("exit", () => {
        ended.push(child);
        if (ended.length === 2) tell("both");
      }));
      endsWithUs("SIGKILL", () => start(""));
      setInterval(() => {}, 60_000);`,
    );
    assert.deepEqual(await starting.said(), ["both"]);
  });

  it("may end in its turn what it has started, where it is whatever its starter starts", async (t) => {
    const starting = starter(
      t,
      `childrenEndWithUs();
      const told = 'process.on("SIGTERM", () => { console.log("in order"); process.exit(); }); console.log("ready");';
      tell(start(told + wait).pid, start().pid);`,
    );
    // The child's first word and the pids come in either order.
    const words = [...(await starting.said()), ...(await starting.said())];
    const pids = words.map(Number).filter(Number.isInteger);
    assert.equal(pids.length, 2, words.join(" "));
    assert.ok(words.includes("ready"), words.join(" "));
    await end(starting, "SIGKILL");
    assert.deepEqual(await starting.said(), ["in", "order"]);
    for (const pid of pids) await untilGone(pid);
  });
});
