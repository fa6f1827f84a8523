import type { SinkBatch, SinkRow, SinkRun, TradeSink } from "./trade-sink.ts";

/** What a kind of sink does by itself; that nothing is written twice is common to all. */
export interface SinkStore {
  readonly kind: TradeSink["kind"];
  /** The last offset that is durable of a partition; -1: nothing is. */
  lastOffset(topic: string, partition: number): Promise<number>;
  /** Appends rows, those of a run wholly or not at all. Resolves when they are durable. */
  append(runs: readonly SinkRun[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * R5: a sink resumes behind what it has completely. The service moves its marks after the sink: after a crash in between,
 * the same trades come again, perhaps in other batches, and those that are there are dropped.
 */
export function resumingSink(store: SinkStore): TradeSink {
  const ends = new Map<string, number>();
  const endOf = async ({ topic, partition }: SinkRun): Promise<number> => {
    const key = `${topic}/${partition}`;
    const known = ends.get(key) ?? (await store.lastOffset(topic, partition));
    ends.set(key, known);
    return known;
  };
  return {
    kind: store.kind,
    write: async ({ runs }: SinkBatch) => {
      const fresh: SinkRun[] = [];
      for (const run of runs) {
        const end = await endOf(run);
        const rows: readonly SinkRow[] = run.rows.filter(({ offset }) => offset > end);
        if (rows.length === 0) continue;
        fresh.push({ ...run, firstOffset: Math.max(run.firstOffset, end + 1), rows });
      }
      if (fresh.length === 0) return;
      try {
        await store.append(fresh);
      } catch (error) {
        // Some of it may be there.
        ends.clear();
        throw error;
      }
      for (const { topic, partition, lastOffset } of fresh) ends.set(`${topic}/${partition}`, lastOffset);
    },
    forget: () => ends.clear(),
    close: () => store.close(),
  };
}
