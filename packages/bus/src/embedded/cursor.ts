import type { BusRecord } from "../port.ts";
import type { EventLog } from "./event-log.ts";
import type { Follower, PartitionLog } from "./partition-log.ts";
import type { Run } from "./run-cache.ts";

/** A reading position in one partition. Keeps what it has not read in memory, within bounds, until it is closed. */
export class Cursor implements Follower {
  position: number;
  readonly #log: EventLog;
  readonly #partition: PartitionLog;
  #run: Run | undefined;

  constructor(log: EventLog, partition: PartitionLog, start: number) {
    this.position = start;
    this.#log = log;
    this.#partition = partition;
    partition.followers.push(this);
  }

  /** Moves up to `maxRecords` records into `taken`. */
  take(maxRecords: number, taken: BusRecord[]): void {
    const partition = this.#partition;
    if (this.position >= partition.next) return;
    let left = maxRecords;
    while (left > 0) {
      if (this.position < partition.earliest) this.position = partition.earliest;
      const run = this.#runHere();
      if (run === undefined) return;
      const { base, records } = run;
      const first = this.position - base;
      const end = Math.min(records.length, first + left);
      for (let index = first; index < end; index++) taken.push(records[index] as BusRecord);
      left -= end - first;
      this.position = base + end;
      if (end < records.length) return;
      this.#run = undefined;
      this.#log.release(partition);
    }
  }

  seek(offset: number): void {
    this.position = offset;
    this.#run = undefined;
  }

  close(): void {
    const { followers } = this.#partition;
    const place = followers.indexOf(this);
    if (place >= 0) followers.splice(place, 1);
    this.#run = undefined;
    this.#log.release(this.#partition);
  }

  #runHere(): Run | undefined {
    const run = this.#run;
    if (run === undefined || this.position < run.base || this.position >= run.base + run.records.length)
      this.#run = this.#log.runAt(this.#partition, this.position);
    return this.#run;
  }
}
