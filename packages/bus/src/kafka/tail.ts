import type { BusRecord } from "../port.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { Cluster } from "./cluster.ts";
import { unavailable } from "./failure.ts";
import type { Fetcher, FetchTarget } from "./fetcher.ts";
import { EARLIEST_TIME, LATEST_TIME, listOffsets } from "./offsets.ts";

export interface TailOptions {
  readonly cluster: Cluster;
  readonly at: TopicPartition;
  readonly count: number;
  readonly fetcher: Pick<Fetcher, "add" | "remove">;
  readonly signal: AbortSignal;
}

const REQUEST_BYTES = 1_000_000;

/**
 * The last records of a partition. A log may have gaps (control records, retention), so that counting offsets back may
 * find too few: then it goes back twice as far, up to the beginning.
 */
export async function readTail(options: TailOptions): Promise<readonly BusRecord[]> {
  const { cluster, at, count } = options;
  const topic = await cluster.partition(at);
  if (count <= 0) return [];
  const offsetOf = async (timestampMs: bigint): Promise<bigint> => {
    const found = (await listOffsets(cluster, topic, timestampMs)).find(
      ({ partition }) => partition === at.partition,
    );
    if (found === undefined)
      throw unavailable(`the offsets of ${at.topic}/${at.partition} are not in the answer`);
    return found.offset;
  };
  const end = await offsetOf(LATEST_TIME);
  const earliest = await offsetOf(EARLIEST_TIME);
  for (let span = BigInt(count); ; span *= 2n) {
    const from = end - span > earliest ? end - span : earliest;
    const records = from < end ? await readPiece(options, from, end) : [];
    if (records.length >= count || from === earliest) return records.slice(-count);
  }
}

/** All records from an offset up to an end. */
function readPiece(
  { fetcher, at, signal }: TailOptions,
  from: bigint,
  end: bigint,
): Promise<readonly BusRecord[]> {
  const found: BusRecord[] = [];
  return new Promise<readonly BusRecord[]>((resolve, reject) => {
    let done = false;
    const finish = (settle: () => void): void => {
      if (done) return;
      done = true;
      fetcher.remove(target);
      signal.removeEventListener("abort", tooLate);
      settle();
    };
    const tooLate = (): void =>
      finish(() => reject(unavailable(`the tail of ${at.topic}/${at.partition} did not come`)));
    const target: FetchTarget = {
      at,
      wantedBytes: () => (done ? 0 : REQUEST_BYTES),
      receive: (records, nextOffset) => {
        for (const record of records) if (record.offset < end) found.push(record);
        if (nextOffset >= end) finish(() => resolve(found));
      },
      fail: (error) => finish(() => reject(error)),
    };
    // It may have been given up between two pieces, or before the first.
    if (signal.aborted) return tooLate();
    signal.addEventListener("abort", tooLate);
    fetcher.add(target, from);
  });
}
