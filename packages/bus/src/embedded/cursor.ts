import type { BusRecord } from "../port.ts";
import type { EventLog } from "./event-log.ts";
import type { PartitionLog } from "./partition-log.ts";
import type { Run } from "./run-cache.ts";

/** A reading position in one partition. Keeps what it has not read in memory, within bounds, until it is closed. */
export interface Cursor {
  /** Moves up to `maxRecords` records into `taken`. */
  take(maxRecords: number, taken: BusRecord[]): void;
  seek(offset: number): void;
  close(): void;
}

export function cursor(log: EventLog, partition: PartitionLog, start: number): Cursor {
  let position = start;
  let run: Run | undefined;
  const follower = {
    get position(): number {
      return position;
    },
  };
  partition.followers.push(follower);

  return {
    take: (maxRecords, taken) => {
      if (position >= partition.next) return;
      let left = maxRecords;
      while (left > 0) {
        if (position < partition.earliest) position = partition.earliest;
        if (run === undefined || position < run.base || position >= run.base + run.records.length) {
          run = log.runAt(partition, position);
          if (run === undefined) return;
        }
        const first = position - run.base;
        const end = Math.min(run.records.length, first + left);
        for (let index = first; index < end; index++) taken.push(run.records[index] as BusRecord);
        left -= end - first;
        position = run.base + end;
        if (end < run.records.length) return;
        run = undefined;
        log.release(partition);
      }
    },
    seek: (offset) => {
      position = offset;
      run = undefined;
    },
    close: () => {
      const place = partition.followers.indexOf(follower);
      if (place >= 0) partition.followers.splice(place, 1);
      run = undefined;
      log.release(partition);
    },
  };
}
