import { closeSync, openSync, readSync } from "node:fs";
import { BusError } from "../bus-error.ts";
import { type LogDisk, writeAll } from "./log-disk.ts";
import type { RunTables } from "./run-table.ts";
import type { Segment } from "./segment-file.ts";
import { busErrorOf } from "./sqlite-failure.ts";

/** So much is at most about to be lost with the power, of what is kept elsewhere: who keeps it sends it again. */
const MOST_UNSYNCED_BYTES = 4_000_000;
/** The event loop waits for the sync of so much at the end of a segment, or more where the disk is slow. */
const LAST_SYNC_BYTES = 1_000_000;
const MOST_OVER_PART = 1 / 4;

export interface ActiveSegmentOptions {
  readonly segment: Segment;
  readonly tables: RunTables;
  /** Up to which byte it is known to be durable. */
  readonly syncedTo: number;
  /** How long it gets, and some. */
  readonly fullBytes: number;
  readonly disk: LogDisk;
}

/** The last segment of the log: the one that is written to. */
export class ActiveSegment {
  readonly segment: Segment;
  readonly tables: RunTables;
  readonly file: number;
  readonly #disk: LogDisk;
  readonly #fullBytes: number;
  #syncedTo: number;
  /** Bytes behind the end that could not be cut off yet. */
  #hasLitter = false;
  /** After a failed sync the system takes what it has not written for written: only what is written anew is synced. */
  #mustWriteAnew = false;
  /** A descriptor of its own, since a failure is told to each descriptor once. */
  #background: number | undefined;
  #syncingLater = false;
  #closed = false;

  constructor({ segment, tables, syncedTo, fullBytes, disk }: ActiveSegmentOptions) {
    this.#fullBytes = fullBytes;
    this.segment = segment;
    this.tables = tables;
    this.#syncedTo = syncedTo;
    this.#disk = disk;
    this.file = openSync(segment.path, "r+");
  }

  get syncedTo(): number {
    return this.#syncedTo;
  }

  /** It is as long as it should get, and most of it is durable already; or it is much too long. */
  get isFull(): boolean {
    const { bytes } = this.segment;
    if (bytes < this.#fullBytes) return false;
    return this.#unsyncedBytes <= LAST_SYNC_BYTES || bytes > this.#fullBytes * (1 + MOST_OVER_PART);
  }

  /**
   * Writes at the end, and syncs where that is asked for; where the bytes begin. When it throws nothing of them is in
   * the file: `bus_unavailable`, or `bus_outcome_unknown` where they were, and a loss of power might bring them back.
   */
  append(bytes: Buffer, sync: boolean): number {
    const { segment } = this;
    const start = segment.bytes;
    try {
      this.#cutLitter();
      this.#hasLitter = true;
      writeAll(this.#disk, this.file, bytes, start);
      this.#hasLitter = false;
    } catch (cause) {
      this.#tryToCutLitter();
      throw busErrorOf(cause, segment.path);
    }
    segment.bytes = start + bytes.length;
    if (!sync) {
      const most = segment.bytes < this.#fullBytes ? MOST_UNSYNCED_BYTES : LAST_SYNC_BYTES;
      if (this.#unsyncedBytes > most) this.#syncLater();
      return start;
    }
    try {
      this.sync();
      return start;
    } catch (cause) {
      segment.bytes = start;
      this.#hasLitter = true;
      this.#tryToCutLitter();
      throw new BusError("bus_outcome_unknown", `the event log ${segment.path} could not be synced`, {
        retryable: true,
        cause,
      });
    }
  }

  /** Throws what the system says. */
  sync(): void {
    this.#cutLitter();
    if (this.#mustWriteAnew) this.#writeAnew();
    this.#mustWriteAnew = true;
    this.#disk.sync(this.file);
    this.#mustWriteAnew = false;
    this.#syncedTo = this.segment.bytes;
  }

  close(): void {
    this.#closed = true;
    closeSync(this.file);
    if (!this.#syncingLater) this.#closeBackground();
  }

  get #unsyncedBytes(): number {
    return this.segment.bytes - this.#syncedTo;
  }

  #syncLater(): void {
    if (this.#syncingLater || this.#mustWriteAnew) return;
    this.#background ??= openSync(this.segment.path, "r+");
    this.#syncingLater = true;
    const upTo = this.segment.bytes;
    this.#disk.syncLater(this.#background, (failure) => {
      this.#syncingLater = false;
      if (this.#closed) this.#closeBackground();
      else if (failure !== null) this.#mustWriteAnew = true;
      else this.#syncedTo = Math.max(this.#syncedTo, upTo);
    });
  }

  #closeBackground(): void {
    if (this.#background !== undefined) closeSync(this.#background);
    this.#background = undefined;
  }

  #writeAnew(): void {
    const bytes = Buffer.allocUnsafe(this.segment.bytes - this.#syncedTo);
    const read = readSync(this.file, bytes, 0, bytes.length, this.#syncedTo);
    writeAll(this.#disk, this.file, bytes.subarray(0, read), this.#syncedTo);
  }

  #cutLitter(): void {
    if (!this.#hasLitter) return;
    this.#disk.truncate(this.file, this.segment.bytes);
    this.#hasLitter = false;
  }

  /** Where even that fails it is tried again before the next write. */
  #tryToCutLitter(): void {
    try {
      this.#cutLitter();
    } catch {}
  }
}
