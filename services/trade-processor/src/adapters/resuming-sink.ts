import type { SinkBatch, SinkPlace, SinkRow, SinkRun, TradeSink } from "./trade-sink.ts";

/** What a kind of sink does by itself; that nothing is written twice is common to all. */
export interface SinkStore {
  readonly kind: TradeSink["kind"];
  /** The last offset that is durable of a partition; -1: nothing is. */
  lastOffset(place: SinkPlace): Promise<number>;
  /** Which records of a partition it has, by their offsets, both ends included. */
  offsets(of: OffsetRange): Promise<ReadonlySet<number>>;
  /** Appends rows, those of a run wholly or not at all. Resolves when they are durable. */
  append(runs: readonly SinkRun[]): Promise<void>;
  close(): Promise<void>;
}

export interface OffsetRange extends SinkPlace {
  readonly first: number;
  readonly last: number;
}

/**
 * R5: a sink resumes behind what it has completely. The service moves its marks after the sink: after a crash in between,
 * the same trades come again, perhaps in other batches, and those that are there are dropped. What comes late, since it
 * was refused at first and is redriven (R12), is asked for one by one.
 */
export function resumingSink(store: SinkStore): TradeSink {
  const ends = new Map<string, number>();
  const endOf = async (place: SinkPlace): Promise<number> => {
    const key = keyOf(place);
    const known = ends.get(key) ?? (await store.lastOffset(place));
    ends.set(key, known);
    return known;
  };
  const write = async ({ runs }: SinkBatch): Promise<void> => {
    const fresh: SinkRun[] = [];
    for (const run of runs) {
      const end = await endOf(run);
      const late = await missing(store, run, end);
      if (late !== null) fresh.push(late);
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
    for (const run of fresh) ends.set(keyOf(run), Math.max(await endOf(run), run.lastOffset));
  };
  // A redrive writes beside the consumer: one after the other.
  let last: Promise<unknown> = Promise.resolve();
  return {
    kind: store.kind,
    write: (batch) => {
      const written = last.then(() => write(batch));
      last = written.catch(() => undefined);
      return written;
    },
    forget: () => ends.clear(),
    close: () => store.close(),
  };
}

function keyOf({ topic, topicId, partition }: SinkPlace): string {
  return `${topic}/${topicId}/${partition}`;
}

/** Of the rows up to the sink's end those that it does not have, as a run of their own; null: it has them all. */
async function missing(store: SinkStore, run: SinkRun, end: number): Promise<SinkRun | null> {
  const old = run.rows.filter(({ offset }) => offset <= end);
  const [first, last] = [old[0], old.at(-1)];
  if (first === undefined || last === undefined) return null;
  const { topic, topicId, partition } = run;
  const place = { topic, topicId, partition };
  const there = await store.offsets({ ...place, first: first.offset, last: last.offset });
  const rows = old.filter(({ offset }) => !there.has(offset));
  const [firstLate, lastLate] = [rows[0], rows.at(-1)];
  if (firstLate === undefined || lastLate === undefined) return null;
  return { ...place, firstOffset: firstLate.offset, lastOffset: lastLate.offset, rows };
}
