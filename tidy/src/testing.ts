import assert from "node:assert/strict";
import { describeViolations, type Violation } from "./repository.ts";

/** Fails with one line for each violation. */
export function assertNone(violations: readonly Violation[]): void {
  assert.ok(violations.length === 0, `\n${describeViolations(violations)}\n`);
}
