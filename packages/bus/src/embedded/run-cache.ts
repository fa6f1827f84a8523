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
  /** Forgets the runs of a partition that end at or before an offset: whoever follows it has read them. */
  release(partitionNumber: number, before: number): void;
  /** Forgets a deleted partition. */
  drop(partitionNumber: number): void;
}

/** What dies young costs the garbage collector nothing: who follows closely has read a run long before `maxAgeMs`. */
export function runCache(maxBytes: number, maxAgeMs: number): RunCache {
  /** Of each partition in the order of their offsets. */
  const byPartition = new Map<number, Map<number, Run>>();
  /** Runs in the order in which they came, by place alone: it must not keep what was forgotten in memory. */
  let queue: { readonly partitionNumber: number; readonly base: number; readonly atMs: number }[] = [];
  let head = 0;
  let bytes = 0;

  const forget = (runs: Map<number, Run> | undefined, base: number): void => {
    const run = runs?.get(base);
    if (run === undefined) return;
    runs?.delete(base);
    bytes -= run.bytes;
  };

  const evictOldest = (): void => {
    const oldest = queue[head];
    head += 1;
    if (oldest !== undefined) forget(byPartition.get(oldest.partitionNumber), oldest.base);
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
      forget(runs, run.base);
      runs.set(run.base, run);
      queue.push({ partitionNumber, base: run.base, atMs });
      bytes += run.bytes;
      const isOver = (): boolean => bytes > maxBytes || (queue[head]?.atMs ?? atMs) < atMs - maxAgeMs;
      while (head < queue.length && isOver()) evictOldest();
    },
    release: (partitionNumber, before) => {
      const runs = byPartition.get(partitionNumber);
      if (runs === undefined) return;
      for (const [base, { records }] of runs) {
        if (base + records.length > before) return;
        forget(runs, base);
      }
    },
    drop: (partitionNumber) => {
      const runs = byPartition.get(partitionNumber);
      for (const base of [...(runs?.keys() ?? [])]) forget(runs, base);
      byPartition.delete(partitionNumber);
    },
  };
}
