import type { BusRecord, PartitionReader, ReadOptions } from "../port.ts";
import { signal } from "../signal.ts";
import { Cursor } from "./cursor.ts";
import type { EventLog } from "./event-log.ts";
import { nextTurn } from "./next-turn.ts";

export interface ReaderOwner {
  readonly log: EventLog;
  readonly closed: (reader: PartitionReader) => void;
}

/** Reads one partition by itself. Fetches nothing ahead: the log is in this process. */
export function openReader({ topic, partition, from }: ReadOptions, owner: ReaderOwner): PartitionReader {
  const { log } = owner;
  const partitionLog = log.partition({ topic, partition });
  const reading = new Cursor(log, partitionLog, log.resolve(partitionLog, from));
  const arrived = signal();
  let closed = false;
  partitionLog.listeners.add(arrived.notify);

  let readFile = false;
  const collect = (maxRecords: number): readonly BusRecord[] => {
    const taken: BusRecord[] = [];
    const before = log.diskReads;
    if (!closed) reading.take(maxRecords, taken);
    readFile = log.diskReads !== before;
    return taken;
  };

  const reader: PartitionReader = {
    take: async (maxRecords) => {
      if (readFile) await nextTurn();
      for (;;) {
        const taken = collect(maxRecords);
        if (taken.length > 0 || closed) return taken;
        await arrived.wait();
      }
    },
    poll: async (maxRecords, waitMs) => {
      if (readFile) await nextTurn();
      const taken = collect(maxRecords);
      if (taken.length > 0 || closed || !(await arrived.waitFor(waitMs))) return taken;
      return collect(maxRecords);
    },
    close: async () => {
      if (closed) return;
      closed = true;
      partitionLog.listeners.delete(arrived.notify);
      reading.close();
      arrived.notify();
      owner.closed(reader);
    },
  };
  return reader;
}
