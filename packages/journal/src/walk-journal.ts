import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { corrupt, JournalError } from "./journal-error.ts";
import { GENESIS, SEGMENT_HEADER_BYTES, type SegmentHeader, sameBytes } from "./layout.ts";
import { type SegmentName, segmentsOf } from "./segment-names.ts";
import {
  type Place,
  readSegmentHeader,
  type SegmentEnd,
  type TakeGroup,
  walkSegment,
} from "./walk-segment.ts";

export interface WalkOptions {
  readonly folder: string;
  /** Whether this binary knows a version of the semantics (R8). */
  readonly knows: (version: number) => boolean;
  /** Where to begin: after the snapshot that was restored. */
  readonly after?: Place;
}

/** What was found. */
export interface JournalEnd extends SegmentEnd {
  readonly segment: number;
  readonly path: string;
  readonly semanticsVersion: number;
}

const NOTHING: Place = { sequence: 0, hash: GENESIS };

/**
 * Reads a journal from its start, or from behind a snapshot, to its end, and changes nothing. null: there is none.
 * Throws `JournalError` at the first byte that is not as it was written.
 */
export function walkJournal(
  { folder, knows, after = NOTHING }: WalkOptions,
  take: TakeGroup,
): JournalEnd | null {
  const segments = segmentsOf(folder);
  const buffer = new SegmentBuffer();
  const first = firstOf(segments, after, buffer, knows);
  if (first === -1) {
    if (after.sequence > 0) throw behind(folder, 0, after.sequence);
    return null;
  }
  let end: JournalEnd | null = null;
  for (const { path, segment } of segments.slice(first)) {
    const bytes = buffer.read(path);
    const header = readSegmentHeader(path, bytes, segment, knows);
    const start = { sequence: header.firstSequence - 1, hash: header.previousHash };
    checkStart(path, header, end ?? (segment === 1 ? NOTHING : start), end?.path);
    const isLast = segment === segments.at(-1)?.segment;
    const checked = fromSnapshot(path, start, after, take);
    const found = walkSegment({ path, bytes, isLast }, start, checked.take);
    end = { ...found, segment, path, semanticsVersion: header.semanticsVersion };
  }
  if (end === null || end.sequence < after.sequence) throw behind(folder, end?.sequence ?? 0, after.sequence);
  return end;
}

/** Index of the segment that holds the first command to be read. */
function firstOf(
  segments: readonly SegmentName[],
  after: Place,
  buffer: SegmentBuffer,
  knows: (version: number) => boolean,
): number {
  for (let index = segments.length - 1; index >= 0; index--) {
    const { path, segment } = segments[index] as SegmentName;
    const header = readSegmentHeader(path, buffer.read(path, SEGMENT_HEADER_BYTES), segment, knows);
    if (header.firstSequence <= after.sequence + 1) return firstOfEqual(segments, index, after);
  }
  const [oldest] = segments;
  if (oldest === undefined) return -1;
  const { path } = oldest;
  throw new JournalError(
    "journal_segment_missing",
    `${path} is the oldest segment, and begins behind number ${after.sequence + 1}`,
    { path },
  );
}

/** From the very start, every segment counts, those too that hold nothing but the word that the journal was closed. */
function firstOfEqual(segments: readonly SegmentName[], index: number, after: Place): number {
  return after.sequence === 0 && segments[0]?.segment === 1 ? 0 : index;
}

function checkStart(path: string, header: SegmentHeader, due: Place, before: string | undefined): void {
  if (header.firstSequence === due.sequence + 1 && sameBytes(header.previousHash, due.hash)) return;
  const what = before === undefined ? "the start of a journal" : `the end of ${before}`;
  throw corrupt(path, 0, `the segment does not follow on ${what}, number ${due.sequence}`);
}

/** Passes on what comes after the snapshot, and compares the chain where the snapshot was taken. */
function fromSnapshot(
  path: string,
  start: Place,
  after: Place,
  take: TakeGroup,
): { readonly take: TakeGroup } {
  const compare = ({ sequence, hash }: Place, commands: number): void => {
    const isThere = sequence === after.sequence;
    const isWithin = sequence > after.sequence && sequence - commands < after.sequence;
    if (isWithin || (isThere && !sameBytes(hash, after.hash)))
      throw corrupt(path, 0, `the snapshot of number ${after.sequence} was taken of another journal`);
  };
  compare(start, 0);
  return {
    take: (group, place) => {
      compare(place, group.commands);
      if (place.sequence > after.sequence) take(group, place);
    },
  };
}

function behind(folder: string, sequence: number, snapshot: number): JournalError {
  return new JournalError(
    "journal_corrupt",
    `${folder} ends at number ${sequence}, a snapshot was taken of number ${snapshot}: commands are lost`,
    { path: folder },
  );
}

/** Segments are read one after the other into the same memory. */
class SegmentBuffer {
  #bytes = new Uint8Array(0);

  /** The file, or its first bytes. Valid until the next call. */
  read(path: string, most = Number.POSITIVE_INFINITY): Uint8Array {
    const file = openSync(path, "r");
    try {
      const size = Math.min(fstatSync(file).size, most);
      if (this.#bytes.length < size) this.#bytes = new Uint8Array(size);
      let length = 0;
      while (length < size) {
        const read = readSync(file, this.#bytes, length, size - length, length);
        if (read === 0) break;
        length += read;
      }
      return this.#bytes.subarray(0, length);
    } finally {
      closeSync(file);
    }
  }
}
