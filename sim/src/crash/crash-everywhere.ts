import type { NamedPoint, PointResult } from "./point-worker.ts";
import { summaryOf } from "./summary.ts";
import { WorkerHandle } from "./worker-pool.ts";

/** Points of one flow that a worker takes at once: it prepares the flow for them. */
const CHUNK = 100;

/** Crashes each flow at each of its calls with each outcome; prints counts and what is wrong. 0: nothing is. */
export async function crashEverywhere(flows: readonly string[], workers: number): Promise<number> {
  const started = performance.now();
  const handles = await Promise.all(Array.from({ length: workers }, () => WorkerHandle.start()));
  const results: PointResult[] = [];
  try {
    const chunks = await pointsOf(flows, handles);
    const waiting = chunks.values();
    const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const done = (): void => console.log(`${results.length} of ${total}`);
    await Promise.all(handles.map((handle) => runChunks(handle, waiting, { results, done })));
  } finally {
    for (const handle of handles) handle.stop();
  }
  const failed = results.filter(({ violations }) => violations.length > 0);
  for (const line of summaryOf(results, performance.now() - started)) console.log(line);
  return failed.length === 0 && results.length > 0 ? 0 : 1;
}

async function pointsOf(
  flows: readonly string[],
  handles: readonly WorkerHandle[],
): Promise<readonly (readonly NamedPoint[])[]> {
  const chunks: (readonly NamedPoint[])[] = [];
  const waiting = flows.values();
  await Promise.all(
    handles.map(async (handle) => {
      for (const flow of waiting) {
        const points = await handle.points(flow);
        for (let first = 0; first < points.length; first += CHUNK)
          chunks.push(points.slice(first, first + CHUNK));
      }
    }),
  );
  return chunks;
}

/** The iterator is shared: each worker takes the next chunk that nobody has. */
async function runChunks(
  handle: WorkerHandle,
  waiting: IterableIterator<readonly NamedPoint[]>,
  { results, done }: { readonly results: PointResult[]; readonly done: () => void },
): Promise<void> {
  for (const chunk of waiting) {
    for (const point of chunk) {
      const result = await handle.run(point);
      results.push(result);
      if (result.violations.length > 0) console.log(failureOf(result));
    }
    done();
  }
}

/** One line that reproduces it, and what was wrong. */
function failureOf({ point, violations }: PointResult): string {
  const { flow, at, outcome, port, what } = point;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  return `FAILED --flow ${flow} --at ${at} --outcome ${outcome}   # ${port} ${what}: ${violations[0]}${more}`;
}
