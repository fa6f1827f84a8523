import { partitionOf } from "../partition-of.ts";
import type { BusRecord, EventBus } from "../port.ts";
import { scan } from "./scan.ts";

/** What to look for: a time, an event's number, or a key's first record. */
export type Sought = { readonly timeMs: number } | { readonly event: EventNumber } | { readonly key: string };

/** `topic/partition/epoch/sequence` of R3; `producer` where a topic has several. */
export interface EventNumber {
  readonly partition: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly producer?: string;
}

export interface FoundPosition {
  readonly partition: number;
  /** The end of the partition where nothing was found. */
  readonly offset: bigint;
  /** The record there; null: none (yet). */
  readonly record: BusRecord | null;
  /** false: so many records were looked at that the search ended; it goes on from `offset`. */
  readonly complete: boolean;
}

const GAP_MS = 500;

/**
 * The positions of what is sought: of a time in every partition, of a number or a key in its own. Numbers and keys are
 * found by looking at the records, `maxScanned` at most, from `from` on.
 */
export async function findPosition(
  bus: EventBus,
  options: {
    readonly topic: string;
    readonly sought: Sought;
    readonly maxScanned: number;
    readonly from?: bigint;
  },
): Promise<readonly FoundPosition[]> {
  const { topic, sought, maxScanned } = options;
  if ("timeMs" in sought) {
    const found = await bus.offsetsAt(topic, sought.timeMs);
    return Promise.all(found.map((at) => recordAt(bus, topic, at)));
  }
  const ends = await bus.offsets(topic);
  const partition = "key" in sought ? partitionOf(sought.key, ends.length) : sought.event.partition;
  const end = ends.find((each) => each.partition === partition);
  if (end === undefined) return [];
  const isSought =
    "key" in sought
      ? (record: BusRecord) => record.key === sought.key
      : (record: BusRecord) => hasNumber(record, sought.event);
  const from = options.from === undefined || options.from < end.earliest ? end.earliest : options.from;
  let found: BusRecord | null = null;
  const span = { topic, partition, from, until: end.latest, maxScanned, waitMs: GAP_MS };
  const { nextOffset, complete } = await scan(bus, span, (record) => {
    if (!isSought(record)) return true;
    found = record;
    return false;
  });
  const at = found as BusRecord | null;
  if (at !== null) return [{ partition, offset: at.offset, record: at, complete: true }];
  return [{ partition, offset: complete ? end.latest : nextOffset, record: null, complete }];
}

async function recordAt(
  bus: EventBus,
  topic: string,
  { partition, offset }: { readonly partition: number; readonly offset: bigint },
): Promise<FoundPosition> {
  const reader = await bus.read({ topic, partition, from: offset, bufferRecords: 1 });
  try {
    const end = (await bus.offsets(topic)).find((each) => each.partition === partition)?.latest ?? offset;
    const [record = null] = offset >= end ? [] : await reader.poll(1, GAP_MS);
    return { partition, offset, record, complete: true };
  } finally {
    await reader.close();
  }
}

function hasNumber({ headers }: BusRecord, { epoch, sequence, producer }: EventNumber): boolean {
  if (headers.sequence !== String(sequence) || headers.epoch !== String(epoch)) return false;
  return producer === undefined || headers.producer === producer;
}
