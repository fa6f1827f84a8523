import { corrupt, JournalError } from "./journal-error.ts";
import {
  decodeGroup,
  decodeSegmentHeader,
  FORMAT,
  GROUP_HEADER_BYTES,
  groupBytes,
  linkedHash,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from "./layout.ts";

/** A group commit: whole commands that became durable together. */
export interface Group {
  /** Number of its first command. */
  readonly firstSequence: number;
  readonly commands: number;
  /** The commands as they were committed. Valid only until the reader returns. */
  readonly payload: Uint8Array;
}

/** Where a reader stands between two groups. */
export interface Place {
  /** Number of the last command, 0 before the first. */
  readonly sequence: number;
  /** Hash of the last group. */
  readonly hash: Uint8Array;
}

export interface SegmentEnd extends Place {
  /** Bytes in use. */
  readonly end: number;
  /** Bytes behind the end that are not zero: what a crash has left of a group that nobody was told of. */
  readonly tornBytes: number;
  /** Its last group says that the journal was closed. */
  readonly closed: boolean;
}

export type TakeGroup = (group: Group, after: Place) => void;

/** Throws `journal_corrupt` for a header that is torn or another's, `journal_version_unknown`. */
export function readSegmentHeader(
  path: string,
  bytes: Uint8Array,
  segment: number,
  knows: (version: number) => boolean,
): SegmentHeader {
  const header = decodeSegmentHeader(bytes);
  if (header === null) throw corrupt(path, 0, "no segment begins like this");
  if (header.segment !== segment) throw corrupt(path, 0, `it is segment ${header.segment} by its header`);
  if (header.format !== FORMAT) throw unknownVersion(path, `format ${header.format}`);
  if (!knows(header.semanticsVersion))
    throw unknownVersion(path, `engine version ${header.semanticsVersion}`);
  return header;
}

/**
 * Hands over the groups of a segment, each verified against its checksum and the chain. What ends the last segment may
 * be torn; a whole group behind damage, or anything behind the end of another segment, is `journal_corrupt`.
 */
export function walkSegment(
  segment: { readonly path: string; readonly bytes: Uint8Array; readonly isLast: boolean },
  start: Place,
  take: TakeGroup,
): SegmentEnd {
  const { path, bytes, isLast } = segment;
  let place = start;
  let offset = SEGMENT_HEADER_BYTES;
  let closed = false;
  for (;;) {
    const group = decodeGroup(bytes, offset);
    if (group === null) break;
    const hash = linkedHash(bytes, offset, group, place.hash);
    if (hash === null || group.firstSequence !== place.sequence + 1)
      throw corrupt(path, offset, "the group does not follow on the one before it");
    closed = group.commands === 0;
    // The word that a journal was closed is no link of the chain: a snapshot's place stays what it was.
    if (!closed) place = { sequence: place.sequence + group.commands, hash };
    const from = offset + GROUP_HEADER_BYTES;
    const payload = bytes.subarray(from, from + group.payloadBytes);
    if (!closed) take({ firstSequence: group.firstSequence, commands: group.commands, payload }, place);
    offset += groupBytes(group.payloadBytes);
  }
  const tornBytes = lastUsed(bytes) - offset;
  if (tornBytes > 0) {
    const next = nextGroup(bytes, offset + 8);
    if (next !== -1) throw corrupt(path, offset, `a whole group follows at byte ${next}`);
    if (!isLast) throw corrupt(path, offset, "another segment follows");
  }
  return { ...place, end: offset, tornBytes: Math.max(0, tornBytes), closed };
}

function unknownVersion(path: string, what: string): JournalError {
  return new JournalError(
    "journal_version_unknown",
    `${path} has ${what}, which this program does not know`,
    {
      path,
      offset: 0,
    },
  );
}

/** Behind the last byte that is not zero. Preallocated space is zero. */
function lastUsed(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

function nextGroup(bytes: Uint8Array, from: number): number {
  for (let offset = from; offset < bytes.length; offset += 8) {
    if (decodeGroup(bytes, offset) !== null) return offset;
  }
  return -1;
}
