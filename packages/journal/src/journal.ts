import { closeSync, openSync, truncateSync } from "node:fs";
import { assert } from "@bourse/base";
import { lockFolder } from "@bourse/disk";
import { type JournalDisk, NODE_DISK, writeAll, writeWhole } from "./journal-disk.ts";
import { JournalError } from "./journal-error.ts";
import {
  encodeGroupHeader,
  encodeSegmentHeader,
  FORMAT,
  GENESIS,
  GROUP_HEADER_BYTES,
  groupBytes,
  MAX_GROUP_BYTES,
  paddingOf,
  SEGMENT_HEADER_BYTES,
} from "./layout.ts";
import { segmentPath } from "./segment-names.ts";
import { type JournalEnd, type WalkOptions, walkJournal } from "./walk-journal.ts";
import type { Place, TakeGroup } from "./walk-segment.ts";

export const DEFAULT_SEGMENT_BYTES: number = 64 * 2 ** 20;
/**
 * Space is allocated ahead, by the write that first needs it and as much again as there is: a commit into allocated space
 * changes no metadata of the file, and so waits for one write of the disk instead of two.
 */
const LEAST_AHEAD_BYTES = 2 ** 18;
const MOST_AHEAD_BYTES = 2 ** 24;
const ZEROS = new Uint8Array(MOST_AHEAD_BYTES + 8);
const NO_BYTES = new Uint8Array(0);

export interface JournalOptions extends Omit<WalkOptions, "after"> {
  /** Restores a snapshot and says where it was taken; called once the folder is ours alone. */
  readonly after?: () => Place | undefined;
  /** The version of the semantics that new commands are for (R8). */
  readonly version: number;
  /** A segment that has so many bytes is followed by the next one. */
  readonly segmentBytes?: number;
  readonly disk?: JournalDisk;
}

/** What opening found on the disk. */
export interface OpenedJournal {
  readonly journal: Journal;
  /** Bytes of a torn tail that were cut. */
  readonly tornBytes: number;
  /** The one before us closed the journal. */
  readonly wasClosed: boolean;
}

/**
 * A log of group commits on disk for one owner. It knows nothing of what the commands mean. All calls block: a commit
 * returns once the group is durable.
 */
export class Journal {
  readonly #folder: string;
  readonly #options: JournalOptions;
  readonly #disk: JournalDisk;
  readonly #unlock: () => void;
  readonly #header = new Uint8Array(GROUP_HEADER_BYTES);
  readonly #segmentBytes: number;
  #place: Place;
  #segment: number;
  #file: number;
  #position: number;
  #allocated: number;
  #state: "open" | "failed" | "closed" = "open";

  private constructor(options: JournalOptions, unlock: () => void, end: JournalEnd | null) {
    this.#options = options;
    this.#folder = options.folder;
    this.#disk = options.disk ?? NODE_DISK;
    this.#segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES;
    this.#unlock = unlock;
    this.#place = end ?? { sequence: 0, hash: GENESIS };
    this.#segment = end?.segment ?? 0;
    this.#position = end?.end ?? 0;
    this.#allocated = this.#position;
    this.#file = end === null ? -1 : openSync(end.path, "r+");
    if (end === null || end.semanticsVersion !== options.version) this.#guard(() => this.#nextSegment());
  }

  /**
   * Takes the folder over, hands every group behind `after` to `take`, cuts a torn tail. Throws `JournalError`; what is
   * damaged is left as it is.
   */
  static open(options: JournalOptions, take: TakeGroup): OpenedJournal {
    const unlock = lockFolder(options.folder, ({ path, cause }) => {
      const words = `${options.folder} is in use: one process at a time`;
      return new JournalError("journal_in_use", words, { path, cause });
    });
    try {
      const { folder, knows } = options;
      const after = options.after?.();
      const end = walkJournal({ folder, knows, ...(after === undefined ? {} : { after }) }, take);
      if (end !== null) cut(options.disk ?? NODE_DISK, end);
      const journal = new Journal(options, unlock, end);
      return {
        journal,
        tornBytes: end?.tornBytes ?? 0,
        wasClosed: end === null || (end.closed && end.tornBytes === 0),
      };
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /** Number of the last durable command, and the hash of its group. */
  get place(): Place {
    return this.#place;
  }

  /**
   * Makes `commands` whole commands durable as one group. Throws `journal_write_failed`: then nothing of the group may be
   * acknowledged, and the journal is to be opened again, because what the disk has of it is unknown.
   */
  commit(payload: Uint8Array, commands: number): void {
    assert(commands > 0, "a group holds at least one command");
    this.#write(payload, commands);
  }

  /** Says that all is whole, so that the next owner takes no damage for a torn tail. A failed journal is only let go. */
  close(): void {
    if (this.#state === "closed") return;
    try {
      if (this.#state === "open") {
        this.#write(NO_BYTES, 0);
        this.#guard(() => this.#trim());
      }
    } finally {
      this.#state = "closed";
      if (this.#file !== -1) closeSync(this.#file);
      this.#unlock();
    }
  }

  /** Lets go without a word, as a crash does. */
  abandon(): void {
    if (this.#state === "closed") return;
    this.#state = "failed";
    this.close();
  }

  #write(payload: Uint8Array, commands: number): void {
    assert(this.#state === "open", `a journal that takes commands is open, this one is ${this.#state}`);
    assert(payload.length <= MAX_GROUP_BYTES, `a group has at most ${MAX_GROUP_BYTES} bytes`);
    const length = groupBytes(payload.length);
    const firstSequence = this.#place.sequence + 1;
    this.#guard(() => {
      if (this.#position > SEGMENT_HEADER_BYTES && this.#position + length > this.#segmentBytes)
        this.#nextSegment();
      const group = { payload, commands, firstSequence };
      const hash = encodeGroupHeader(this.#header, group, this.#place.hash);
      const buffers = [
        this.#header,
        payload,
        ZEROS.subarray(0, paddingOf(payload.length) + this.#ahead(length)),
      ];
      // A disk that has room for the group and not for what is allocated behind it has taken the group.
      const written = writeAll(this.#disk, this.#file, buffers, { position: this.#position, needed: length });
      this.#allocated = Math.max(this.#allocated, this.#position + written);
      this.#disk.sync(this.#file);
      this.#position += length;
      if (commands > 0) this.#place = { sequence: this.#place.sequence + commands, hash };
    });
  }

  /** Zeros to write behind a group of `length` bytes. */
  #ahead(length: number): number {
    const end = this.#position + length;
    if (end <= this.#allocated) return 0;
    const wanted = Math.min(MOST_AHEAD_BYTES, Math.max(LEAST_AHEAD_BYTES, end));
    return Math.max(0, Math.min(wanted, this.#segmentBytes - end));
  }

  /** Ends the segment in hand where its last group ends, and begins another. */
  #nextSegment(): void {
    if (this.#file !== -1) {
      this.#trim();
      closeSync(this.#file);
      this.#file = -1;
    }
    const segment = this.#segment + 1;
    const path = segmentPath(this.#folder, segment);
    const header = encodeSegmentHeader({
      format: FORMAT,
      semanticsVersion: this.#options.version,
      firstSequence: this.#place.sequence + 1,
      segment,
      previousHash: this.#place.hash,
    });
    writeWhole(this.#disk, path, [header]);
    this.#file = openSync(path, "r+");
    this.#segment = segment;
    this.#position = SEGMENT_HEADER_BYTES;
    this.#allocated = this.#position;
  }

  #trim(): void {
    truncateSync(segmentPath(this.#folder, this.#segment), this.#position);
    this.#disk.sync(this.#file);
  }

  #guard(write: () => void): void {
    try {
      write();
    } catch (cause) {
      // A disk that has failed a sync may have dropped the bytes and say yes to the next one: never tried again.
      this.#state = "failed";
      const path = segmentPath(this.#folder, this.#segment);
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new JournalError("journal_write_failed", `${path} can not be written: ${reason}`, {
        path,
        cause,
      });
    }
  }
}

/** A torn tail goes before anything is written, so that no byte of it can ever follow a group. */
function cut(disk: JournalDisk, { path, end }: JournalEnd): void {
  const file = openSync(path, "r+");
  try {
    truncateSync(path, end);
    disk.sync(file);
  } finally {
    closeSync(file);
  }
}
