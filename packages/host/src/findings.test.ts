import assert from "node:assert/strict";
import { it } from "node:test";
import { Findings } from "./findings.ts";

it("lists the first twenty violations, and counts what was looked at", () => {
  const findings = new Findings();
  for (let n = 1; n <= 25; n++) {
    findings.checked++;
    findings.add(`order ${n}`);
  }
  const { checked, violations } = findings.report();
  assert.deepEqual([checked, violations.length, violations.at(-1)], [25, 20, "order 20"]);
});
