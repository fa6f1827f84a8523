import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { commandProcess } from "./command-process.ts";

/** What a heap may grow to counts its young generation: three semi-spaces. */
function heapLimitMb(args: readonly string[]): number {
  const { flags } = commandProcess(args);
  const code = "require('node:v8').getHeapStatistics().heap_size_limit";
  return Number(execFileSync(process.execPath, [...flags, "-p", code], { encoding: "utf8" })) / 1_048_576;
}

test("the platform has a large young generation, a stream a small one", () => {
  const plain = heapLimitMb(["status"]);
  assert.ok(heapLimitMb(["up", "--no-demo"]) > plain);
  assert.equal(heapLimitMb(["up", "--only", "wallet"]), plain);
  assert.equal(heapLimitMb(["up", "--only=wallet"]), plain);
  for (const command of ["process", "produce"]) assert.ok(heapLimitMb([command]) < plain);
  assert.deepEqual(commandProcess([]), { flags: [], env: {} });
});
