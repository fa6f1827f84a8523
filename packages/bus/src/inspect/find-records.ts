import type { BusRecord, EventBus, PartitionOffsets } from "../port.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { fits, type RecordFilter } from "./record-filter.ts";
import { scan } from "./scan.ts";

export interface FindOptions extends TopicPartition {
  readonly filter: RecordFilter;
  /** At most so many are answered. */
  readonly limit: number;
  /** At most so many are looked at. */
  readonly maxScanned: number;
  /** How long to wait for the first record where there is none yet. */
  readonly waitMs?: number;
}

/** A piece of a partition, in its order. */
export interface FoundRecords {
  readonly records: readonly BusRecord[];
  /** Where to go on forwards. */
  readonly nextOffset: bigint;
  /** Where to go on backwards: the first offset that was looked at. */
  readonly previousOffset: bigint;
  readonly scanned: number;
  /** false: a bound was reached before the end (forwards) or the beginning (backwards). */
  readonly complete: boolean;
}

/**
 * From an offset (or from the filter's first time, if that is later) on. `nextOffset` is before that where the log ends
 * before it: one that has lost its end goes on there.
 */
export async function findForwards(
  bus: EventBus,
  options: FindOptions & { readonly from: bigint },
): Promise<FoundRecords> {
  const { topic, partition, filter, limit, maxScanned, waitMs = 0 } = options;
  const range = await rangeOf(bus, options);
  const from = later(options.from, range.from);
  if (from > range.until && range.isOpen) return nothingYet(range.until);
  if (from === range.until && range.isOpen && waitMs > 0) return whatComes(bus, { ...options, from, waitMs });
  const records: BusRecord[] = [];
  const span = { topic, partition, from, until: range.until, maxScanned, waitMs: GAP_MS };
  const looked = await scan(bus, span, (record) => {
    if (fits(record, filter)) records.push(record);
    return records.length < limit;
  });
  return { records, previousOffset: from, ...looked };
}

function nothingYet(at: bigint): FoundRecords {
  return { records: [], nextOffset: at, previousOffset: at, scanned: 0, complete: true };
}

/** Waits at the end of the log. */
async function whatComes(
  bus: EventBus,
  options: FindOptions & { readonly from: bigint; readonly waitMs: number },
): Promise<FoundRecords> {
  const { topic, partition, filter, limit, from, waitMs } = options;
  const reader = await bus.read({ topic, partition, from, bufferRecords: limit });
  try {
    const came = await reader.poll(limit, waitMs);
    // A reader whose place is lost while it waits begins at the beginning (R5).
    if ((came[0]?.offset ?? from) < from)
      return nothingYet(earlier(from, (await rangeOf(bus, options)).until));
    const last = came.at(-1);
    return {
      records: came.filter((record) => fits(record, filter)),
      nextOffset: last === undefined ? from : last.offset + 1n,
      previousOffset: from,
      scanned: came.length,
      complete: true,
    };
  } finally {
    await reader.close();
  }
}

/** The last ones before an offset (or before the end, or before the filter's last time). */
export async function findBackwards(
  bus: EventBus,
  options: FindOptions & { readonly before?: bigint },
): Promise<FoundRecords> {
  const { topic, partition, filter, limit, maxScanned } = options;
  const range = await rangeOf(bus, options);
  const end = options.before === undefined ? range.until : earlier(options.before, range.until);
  let records: BusRecord[] = [];
  let scanned = 0;
  let until = end;
  for (let span = BigInt(limit); until > range.from && records.length < limit; span *= PIECES_GROW) {
    const left = BigInt(maxScanned - scanned);
    if (left <= 0n) break;
    const from = later(until - earlier(span, left), range.from);
    const piece: BusRecord[] = [];
    const all = { topic, partition, from, until, maxScanned, waitMs: GAP_MS };
    const looked = await scan(bus, all, (record) => {
      if (fits(record, filter)) piece.push(record);
      return true;
    });
    // A log with gaps gives fewer: what it lacks was looked at too.
    scanned += Math.max(looked.scanned, 1);
    records = [...piece, ...records];
    until = from;
  }
  const isCut = records.length > limit;
  if (isCut) records = records.slice(-limit);
  const previousOffset = isCut ? (records[0]?.offset ?? until) : until;
  return { records, nextOffset: end, previousOffset, scanned, complete: previousOffset <= range.from };
}

const PIECES_GROW = 4n;
/** A log may lack numbers at its end: after so long without a record it is asked whether there is one. */
const GAP_MS = 500;

/** The offsets between which the filter's times lie. */
export async function rangeOf(
  bus: EventBus,
  { topic, partition, filter }: TopicPartition & { readonly filter: RecordFilter },
): Promise<{ readonly from: bigint; readonly until: bigint; readonly isOpen: boolean }> {
  const ends = present(await bus.offsets(topic), partition);
  const [from, until] = await Promise.all([
    filter.fromMs === undefined ? ends.earliest : offsetAt(bus, { topic, partition }, filter.fromMs),
    filter.toMs === undefined ? ends.latest : offsetAt(bus, { topic, partition }, filter.toMs + 1),
  ]);
  return { from: later(from, ends.earliest), until, isOpen: filter.toMs === undefined };
}

async function offsetAt(
  bus: EventBus,
  { topic, partition }: TopicPartition,
  timeMs: number,
): Promise<bigint> {
  const found = (await bus.offsetsAt(topic, timeMs)).find((each) => each.partition === partition);
  return found?.offset ?? 0n;
}

function present(offsets: readonly PartitionOffsets[], partition: number): PartitionOffsets {
  return offsets.find((each) => each.partition === partition) ?? { partition, earliest: 0n, latest: 0n };
}

function later(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

function earlier(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
