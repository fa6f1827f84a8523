import type { NamedPoint, PointWorker } from "../crash/point-worker.ts";
import type { Mutation } from "./mutation.ts";

/** Where a mutation was found out, and by what. */
export interface Catch {
  readonly point: NamedPoint;
  readonly violation: string;
}

/** Runs the points of a mutation's flow until one shows that a rule is broken; null: none does. */
export async function hunt(worker: PointWorker, mutation: Mutation): Promise<Catch | null> {
  const points = await worker.points(mutation.flow);
  for (const point of points) {
    if (mutation.ports?.includes(point.port) === false || !mutation.outcomes.includes(point.outcome))
      continue;
    const { violations } = await worker.run(point, mutation);
    const [violation] = violations;
    if (violation !== undefined) return { point, violation };
  }
  return null;
}
