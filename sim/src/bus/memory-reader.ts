import type { Timer } from "@bourse/base";
import type { BusRecord, PartitionReader, ReadOptions } from "@bourse/bus";
import { arrival } from "./arrival.ts";
import { hasLost, placeOf } from "./memory-consumer.ts";
import type { MemoryPartition } from "./memory-log.ts";

export interface ReaderOwner {
  readonly partition: () => MemoryPartition;
  readonly timer: Timer;
  readonly closed: (reader: PartitionReader) => void;
}

/** Reads one partition by itself. */
export function openMemoryReader({ from }: ReadOptions, owner: ReaderOwner): PartitionReader {
  const log = owner.partition();
  const arrived = arrival();
  let next = placeOf(from, log);
  let heardOf = log.cuts.length;
  let closed = false;
  log.listeners.add(arrived.notify);

  const collect = (maxRecords: number): readonly BusRecord[] => {
    if (closed) return [];
    if (hasLost(log, next, heardOf)) next = 0;
    heardOf = log.cuts.length;
    const taken = log.records.slice(next, next + maxRecords);
    next += taken.length;
    return taken;
  };

  const reader: PartitionReader = {
    take: async (maxRecords) => {
      for (;;) {
        const taken = collect(maxRecords);
        if (taken.length > 0 || closed) return taken;
        await arrived.wait();
      }
    },
    poll: async (maxRecords, waitMs) => {
      const taken = collect(maxRecords);
      if (taken.length > 0 || closed) return taken;
      const cancel = owner.timer.after(waitMs, arrived.notify);
      await arrived.wait();
      cancel();
      return collect(maxRecords);
    },
    close: async () => {
      if (closed) return;
      closed = true;
      log.listeners.delete(arrived.notify);
      arrived.notify();
      owner.closed(reader);
    },
  };
  return reader;
}
