import type { EventBus } from "../port.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { rangeOf } from "./find-records.ts";
import { fits, type RecordFilter, typeOf } from "./record-filter.ts";
import { scan } from "./scan.ts";

export const COUNTED_BY = ["topic", "key", "type"] as const;
export type CountedBy = (typeof COUNTED_BY)[number];

export interface CountOptions extends TopicPartition {
  readonly filter: RecordFilter;
  readonly by: CountedBy;
  /** Where an earlier count ended. Default: the beginning. */
  readonly from?: bigint;
  /** Where the count ends, as it was when it began. Default: the end, or the filter's last time. */
  readonly until?: bigint;
  readonly maxScanned: number;
}

export interface RecordCount {
  /** By topic, key or type; records without a key or a type are counted as null. */
  readonly counts: readonly { readonly name: string | null; readonly records: number }[];
  readonly scanned: number;
  readonly nextOffset: bigint;
  readonly until: bigint;
  readonly complete: boolean;
}

/** Keys that are told apart in one answer; a request ends before there are more. */
const MAX_NAMES = 5_000;
const GAP_MS = 500;

/** Counts a partition's records; what does not fit into one answer goes on at `nextOffset`. */
export async function countRecords(bus: EventBus, options: CountOptions): Promise<RecordCount> {
  const { topic, partition, filter, by, maxScanned } = options;
  const range = await rangeOf(bus, options);
  const from = options.from === undefined || options.from < range.from ? range.from : options.from;
  const until = options.until ?? range.until;
  const counts = new Map<string | null, number>();
  const nameOf = { topic: () => topic, key: (key: string | null) => key } as const;
  const span = { topic, partition, from, until, maxScanned, waitMs: GAP_MS };
  const scanned = await scan(bus, span, (record) => {
    if (fits(record, filter)) {
      const name = by === "type" ? typeOf(record) : nameOf[by](record.key);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts.size < MAX_NAMES;
  });
  return { ...scanned, until, counts: Array.from(counts, ([name, records]) => ({ name, records })) };
}
