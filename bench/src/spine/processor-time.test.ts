import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { microsAnOrder, processorSeconds } from "./processor-time.ts";

const skip = existsSync("/proc/self/stat") ? false : "this system has no /proc";

test("time of two moments is shared among the orders between them", () => {
  const before = { node: 10, postgres: 4, kafka: null };
  const after = { node: 10.5, postgres: 4.2, kafka: null };
  const micros = microsAnOrder(before, after, 1_000);
  assert.deepEqual(
    [Math.round(micros.node ?? 0), Math.round(micros.postgres ?? 0), micros.kafka],
    [500, 200, null],
  );
  assert.deepEqual(microsAnOrder(before, after, 0), { node: null, postgres: null, kafka: null });
  const untold = { node: 0, postgres: 0, kafka: 0 };
  assert.deepEqual(microsAnOrder(untold, untold, 10), { node: null, postgres: null, kafka: null });
});

test("children count for PostgreSQL alone", { skip }, () => {
  const processes = { nodes: [{ pid: process.pid }], postgresPid: process.pid, kafkaPid: null };
  const before = processorSeconds(processes);
  spawnSync(process.execPath, [
    "-e",
    "const b = process.cpuUsage(); while (process.cpuUsage(b).user < 200000);",
  ]);
  const after = processorSeconds(processes);
  const [node, postgres] = [after.node - before.node, after.postgres - before.postgres];
  assert.ok(postgres - node >= 0.18, `${postgres} s with the child, ${node} s without it`);
  assert.equal(after.kafka, null);
});
