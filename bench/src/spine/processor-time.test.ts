import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { microsAnOrder, processorSeconds, secondsBetween } from "./processor-time.ts";

const skip = existsSync("/proc/self/stat") ? false : "this system has no /proc";

test("time between moments is shared among all orders of these times", () => {
  const at = (node: number, postgres: number, kafka: number | null) => ({ node, postgres, kafka });
  const first = secondsBetween(at(10, 4, null), at(10.5, 4.25, null));
  assert.deepEqual(first, at(0.5, 0.25, null));
  const micros = { node: 500, postgres: 250, kafka: null };
  assert.deepEqual(microsAnOrder([first], 1_000), micros);
  assert.deepEqual(microsAnOrder([first, first], 2_000), micros);
  assert.equal(microsAnOrder([secondsBetween(at(1, 1, 1), at(2, 2, 3))], 1_000).kafka, 2_000);
  const unknown = { node: null, postgres: null, kafka: null };
  assert.deepEqual(microsAnOrder([first], 0), unknown);
  assert.deepEqual(microsAnOrder([at(0, 0, null)], 10), unknown, "the system does not tell");
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
