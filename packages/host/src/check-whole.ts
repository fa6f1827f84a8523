import type { InvariantReport } from "./definition.ts";

/** All parts of a check, one after the other, in one report. */
export async function checkWhole(
  check: (after: string | undefined) => Promise<InvariantReport>,
): Promise<InvariantReport> {
  let [checked, unchecked] = [0, 0];
  const violations: string[] = [];
  for (let after: string | undefined; ; ) {
    const part = await check(after);
    checked += part.checked;
    unchecked += part.unchecked ?? 0;
    violations.push(...part.violations);
    after = part.next;
    if (after === undefined) return { checked, violations, ...(unchecked > 0 ? { unchecked } : {}) };
  }
}
