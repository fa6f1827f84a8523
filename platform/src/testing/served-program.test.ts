import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { choosePorts } from "@bourse/ports";
import { isRunning } from "@bourse/processes";

test("a process that is killed leaves no program that it serves", { timeout: 120_000 }, async (t) => {
  const [port = 0] = await choosePorts(1);
  const server = `require("node:http").createServer((_, answer) => answer.end(String(process.pid))).listen(${port}, "127.0.0.1")`;
  const options = {
    title: "a server",
    program: process.execPath,
    arguments: ["-e", server],
    folder: import.meta.dirname,
    readyUrl: `http://127.0.0.1:${port}/`,
  };
  const program = `
    import { serveProgram } from ${JSON.stringify(join(import.meta.dirname, "served-program.ts"))};
    const options = ${JSON.stringify(options)};
    await serveProgram(options);
    process.stdout.write(await (await fetch(options.readyUrl)).text());`;
  const starter = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => starter.kill("SIGKILL"));
  const [told] = (await once(starter.stdout, "data")) as [Buffer];
  const pid = Number(told);
  t.after(() => void (isRunning(pid) && process.kill(pid, "SIGKILL")));
  assert.ok(isRunning(pid));
  starter.kill("SIGKILL");
  while (isRunning(pid)) await sleep(20);
});
