import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { it } from "node:test";
import { makeWorkload } from "../engine/workload.ts";
import { commitGroups, recoverIntoCount, recoverIntoEngine, submitAll, temporaryFolder } from "./figures.ts";

it("every command that is counted as durable comes back, or the run fails", (t) => {
  const mix = { name: "test", restingOrders: 500, levels: 50, passivePercent: 50, cancelPercent: 41 };
  const { words } = makeWorkload({ ...mix, operations: 4_499 }, 3);
  const folder = temporaryFolder(tmpdir());
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  assert.ok(commitGroups(tmpdir(), words, 5_000).commandsPerSecond > 0);
  assert.ok(submitAll(folder, words, 5_000) > 0);
  assert.ok(recoverIntoCount(folder, 5_000) > 0);
  assert.ok(recoverIntoEngine(folder, 5_000) > 0);
  assert.throws(() => recoverIntoCount(folder, 5_001), /5000 commands came back of 5001/);
});
