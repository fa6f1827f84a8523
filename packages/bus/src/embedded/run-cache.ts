import type { BusRecord } from "../port.ts";

/** Consecutive records of one partition, as they were appended together. */
export interface Run {
  readonly base: number;
  readonly records: readonly BusRecord[];
  /** An estimate of what it holds in memory. */
  readonly bytes: number;
}

/** The runs that came last, up to a number of bytes and for a while; the oldest goes first. */
export interface RunCache {
  /** The run that starts at exactly this offset. */
  get(partitionNumber: number, base: number): Run | undefined;
  put(partitionNumber: number, run: Run, atMs: number): void;
  /** Forgets a deleted partition. */
  drop(partitionNumber: number): void;
}

/** What dies young costs the garbage collector nothing: who follows closely has read a run long before `maxAgeMs`. */
export function runCache(maxBytes: number, maxAgeMs: number): RunCache {
  const byPartition = new Map<number, Map<number, Run>>();
  let queue: ({ readonly partitionNumber: number; readonly run: Run; readonly atMs: number } | undefined)[] =
    [];
  let head = 0;
  let bytes = 0;

  const evictOldest = (): void => {
    const oldest = queue[head];
    // Until the queue is cut, its slots would keep what was evicted in memory.
    queue[head] = undefined;
    head += 1;
    if (oldest === undefined) return;
    bytes -= oldest.run.bytes;
    const runs = byPartition.get(oldest.partitionNumber);
    if (runs?.get(oldest.run.base) === oldest.run) runs.delete(oldest.run.base);
    if (head > 1024 && head * 2 > queue.length) {
      queue = queue.slice(head);
      head = 0;
    }
  };

  return {
    get: (partitionNumber, base) => byPartition.get(partitionNumber)?.get(base),
    put: (partitionNumber, run, atMs) => {
      const runs = byPartition.get(partitionNumber) ?? new Map<number, Run>();
      byPartition.set(partitionNumber, runs);
      runs.set(run.base, run);
      queue.push({ partitionNumber, run, atMs });
      bytes += run.bytes;
      const isOver = (): boolean => bytes > maxBytes || (queue[head]?.atMs ?? atMs) < atMs - maxAgeMs;
      while (head < queue.length && isOver()) evictOldest();
    },
    drop: (partitionNumber) => {
      byPartition.delete(partitionNumber);
    },
  };
}
