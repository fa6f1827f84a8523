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
  const byPartition = new Map<number, Run[]>();
  /** Runs in the order in which they came, by place alone: it must not keep what was forgotten in memory. */
  let queue: { readonly partitionNumber: number; readonly base: number; readonly atMs: number }[] = [];
  let head = 0;
  let bytes = 0;

  const forget = (runs: Run[] | undefined, base: number): void => {
    if (runs === undefined) return;
    const place = placeOf(runs, base);
    const run = runs[place];
    if (run?.base !== base) return;
    bytes -= run.bytes;
    if (place === 0) runs.shift();
    else runs.splice(place, 1);
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
    get: (partitionNumber, base) => {
      const runs = byPartition.get(partitionNumber);
      if (runs === undefined) return undefined;
      const run = runs[placeOf(runs, base)];
      return run?.base === base ? run : undefined;
    },
    put: (partitionNumber, run, atMs) => {
      let runs = byPartition.get(partitionNumber);
      if (runs === undefined) {
        runs = [];
        byPartition.set(partitionNumber, runs);
      }
      forget(runs, run.base);
      const place = placeOf(runs, run.base);
      if (place === runs.length) runs.push(run);
      else runs.splice(place, 0, run);
      queue.push({ partitionNumber, base: run.base, atMs });
      bytes += run.bytes;
      while (head < queue.length && (bytes > maxBytes || (queue[head]?.atMs ?? atMs) < atMs - maxAgeMs))
        evictOldest();
    },
    release: (partitionNumber, before) => {
      const runs = byPartition.get(partitionNumber);
      for (let first = runs?.[0]; first !== undefined; first = runs?.[0]) {
        if (first.base + first.records.length > before) return;
        bytes -= first.bytes;
        runs?.shift();
      }
    },
    drop: (partitionNumber) => {
      for (const run of byPartition.get(partitionNumber) ?? []) bytes -= run.bytes;
      byPartition.delete(partitionNumber);
    },
  };
}

/** Where the run that begins at `base` is, or belongs. Who follows closely reads the first or the last one. */
function placeOf(runs: readonly Run[], base: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((runs[middle]?.base ?? 0) < base) low = middle + 1;
    else high = middle;
  }
  return low;
}
