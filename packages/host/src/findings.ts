import type { InvariantReport } from "./definition.ts";

const LISTED = 20;

/** What an invariant has looked at and what was wrong; the first twenty violations are listed. */
export class Findings {
  checked = 0;
  readonly violations: string[] = [];

  add(violation: string): void {
    if (this.violations.length < LISTED) this.violations.push(violation);
  }

  /** `next`: of a check that goes on behind it. */
  report(next?: string): InvariantReport {
    return { checked: this.checked, violations: this.violations, ...(next === undefined ? {} : { next }) };
  }
}
