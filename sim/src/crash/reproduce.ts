import type { Outcome } from "../ports/crash-gate.ts";
import { PointWorker } from "./point-worker.ts";

export interface WantedPoint {
  readonly flow: string;
  readonly at: number;
  /** All of them where it is not given. */
  readonly outcome?: Outcome;
}

/** Runs one point, or one call with all its outcomes, and tells everything that was wrong. */
export async function reproduce({ flow, at, outcome }: WantedPoint): Promise<number> {
  const worker = await PointWorker.start();
  const all = await worker.points(flow);
  const points = all.filter(
    (point) => point.at === at && (outcome === undefined || point.outcome === outcome),
  );
  let wrong = points.length === 0 ? 1 : 0;
  if (points.length === 0) console.log(`${flow} has ${all.at(-1)?.at ?? 0} calls, and none such`);
  for (const point of points) {
    const { violations, durationMs } = await worker.run(point);
    console.log(`${point.port} ${point.what}, ${point.outcome}: ${durationMs.toFixed(0)} ms`);
    for (const violation of violations) console.log(`  ${violation}`);
    if (violations.length > 0) wrong = 1;
  }
  await worker.close();
  return wrong;
}
