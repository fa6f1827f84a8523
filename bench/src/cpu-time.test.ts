import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { cpuSeconds } from "./cpu-time.ts";

const skip = existsSync("/proc/self/stat") ? false : "this system has no /proc";

test("work of a process and of a child that has ended counts", { skip }, () => {
  const before = cpuSeconds([process.pid]);
  const own = process.cpuUsage();
  while (process.cpuUsage(own).user < 100_000) Math.sqrt(2);
  const between = cpuSeconds([process.pid]);
  assert.ok(between - before >= 0.08, `${between - before} s of own work`);
  spawnSync(process.execPath, [
    "-e",
    "const b = process.cpuUsage(); while (process.cpuUsage(b).user < 100000);",
  ]);
  const after = cpuSeconds([process.pid]);
  assert.ok(after - between >= 0.08, `${after - between} s with the child's`);
  assert.equal(cpuSeconds([2 ** 30]), 0);
});
