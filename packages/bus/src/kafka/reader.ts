import type { BusError } from "../bus-error.ts";
import type { BusRecord, PartitionReader, ReadOptions } from "../port.ts";
import { signal } from "../signal.ts";
import type { Fetcher, FetchTarget } from "./fetcher.ts";
import { bufferBudget, bytesToAskFor, partitionBuffer } from "./partition-buffer.ts";

export interface ReaderOwner {
  /** Shared by all readers of a bus. */
  readonly fetcher: Fetcher;
  readonly closed: (reader: PartitionReader) => void;
}

/** Reads one partition by itself, outside any group. */
export function openReader(
  { topic, partition, from, bufferRecords }: ReadOptions,
  owner: ReaderOwner,
): PartitionReader {
  const budget = bufferBudget(bufferRecords);
  const buffer = partitionBuffer();
  const changed = signal();
  let closed = false;
  let failure: BusError | undefined;

  const target: FetchTarget = {
    at: { topic, partition },
    wantedBytes: () => bytesToAskFor(budget, { records: buffer.count, bytes: buffer.bytes, partitions: 1 }),
    receive: (records) => {
      if (records.length === 0) return;
      buffer.push(records);
      changed.notify();
    },
    fail: (error) => {
      failure = error;
      changed.notify();
    },
  };
  owner.fetcher.add(target, from);

  const collect = (maxRecords: number): readonly BusRecord[] => {
    const taken: BusRecord[] = [];
    if (closed) return taken;
    buffer.take(maxRecords, taken);
    // What came before it failed is handed over first.
    if (taken.length > 0) owner.fetcher.wake();
    else if (failure !== undefined) throw failure;
    return taken;
  };

  const reader: PartitionReader = {
    take: async (maxRecords) => {
      for (;;) {
        const taken = collect(maxRecords);
        if (taken.length > 0 || closed) return taken;
        await changed.wait();
      }
    },
    poll: async (maxRecords, waitMs) => {
      const taken = collect(maxRecords);
      if (taken.length > 0 || closed || !(await changed.waitFor(waitMs))) return taken;
      return collect(maxRecords);
    },
    close: async () => {
      if (closed) return;
      closed = true;
      owner.fetcher.remove(target);
      changed.notify();
      owner.closed(reader);
    },
  };
  return reader;
}
