import type { PointResult } from "./point-worker.ts";

/** The points that were covered, by flow and by port, and how long they took. */
export function summaryOf(results: readonly PointResult[], wallMs: number): readonly string[] {
  const failed = results.filter(({ violations }) => violations.length > 0);
  const mean = (of: (result: PointResult) => number): string =>
    (results.reduce((sum, result) => sum + of(result), 0) / Math.max(1, results.length)).toFixed(0);
  const each = `${mean(({ durationMs }) => durationMs)} ms a point, ${mean(({ processorMs }) => processorMs)} of processor`;
  return [
    "",
    "crash points by flow",
    ...counted(results, ({ point }) => point.flow),
    "by port",
    ...counted(results, ({ point }) => point.port),
    "by outcome",
    ...counted(results, ({ point }) => point.outcome),
    "",
    `${results.length} crash points, ${failed.length} violated, ${(wallMs / 1_000).toFixed(0)} s, ${each}`,
  ];
}

function counted(results: readonly PointResult[], keyOf: (result: PointResult) => string): readonly string[] {
  const counts = new Map<string, { points: number; failed: number }>();
  for (const result of results) {
    const key = keyOf(result);
    const count = counts.get(key) ?? { points: 0, failed: 0 };
    count.points += 1;
    if (result.violations.length > 0) count.failed += 1;
    counts.set(key, count);
  }
  return [...counts].map(
    ([key, { points, failed }]) =>
      `  ${key.padEnd(20)} ${String(points).padStart(6)}${failed === 0 ? "" : `  ${failed} violated`}`,
  );
}
