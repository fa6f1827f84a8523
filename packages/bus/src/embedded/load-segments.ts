import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { syncFolder } from "@bourse/disk";
import { ActiveSegment } from "./active-segment.ts";
import { type LogDisk, writeAll } from "./log-disk.ts";
import type { RunTables } from "./run-table.ts";
import { frameSyncedBeyond, type ScannedSegment, scanSegment } from "./scan-segment.ts";
import {
  damaged,
  extentsOf,
  indexPath,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type Segment,
  segmentHeader,
  segmentNumbers,
  segmentPath,
  UNFINISHED,
} from "./segment-file.ts";
import { readExtents, readTables, writeIndex } from "./segment-index.ts";

/** A place in the log: all before it is durable. */
export interface LogPlace {
  readonly segment: number;
  readonly position: number;
}

export interface LoadOptions {
  readonly folder: string;
  readonly disk: LogDisk;
  /** A segment that has so many bytes is followed by the next one. */
  readonly segmentBytes: number;
  /** Told in a sentence what a start had to cut away. */
  readonly notice: (line: string) => void;
  /** What was known to be durable when this was last written down. */
  readonly durable: LogPlace | undefined;
}

export interface LoadedSegments {
  /** No longer written to, ascending. */
  readonly sealed: Segment[];
  readonly active: ActiveSegment;
}

/**
 * The segments of a folder; the first is made where there is none. All but the last were synced before the next was
 * begun, so their indexes are believed; the last is read and verified. What is not whole at its end and was never synced
 * is cut away. Any other damage is `bus_refused`.
 */
export function loadSegments(options: LoadOptions): LoadedSegments {
  const { folder, durable } = options;
  removeUnfinished(folder);
  const numbers = segmentNumbers(folder);
  const last = numbers.at(-1);
  if (durable !== undefined && (last === undefined || durable.segment > last))
    throw damaged(segmentPath(folder, durable.segment), "it is missing");
  const sealed = withoutMerged(numbers.slice(0, -1).map((number) => loadSealed(folder, number)));
  const active = last === undefined ? createSegment(options, 1) : loadLast(options, last);
  return { sealed, active };
}

/** Makes a segment, which is there durably when this returns. Throws what the system says. */
export function createSegment(
  { folder, disk, segmentBytes }: Pick<LoadOptions, "folder" | "disk" | "segmentBytes">,
  number: number,
): ActiveSegment {
  const path = segmentPath(folder, number);
  const header = segmentHeader({ number, from: number });
  const file = openSync(path, "w");
  try {
    writeAll(disk, file, header, 0);
    disk.sync(file);
    syncFolder(folder);
  } catch (cause) {
    rmSync(path, { force: true });
    throw cause;
  } finally {
    closeSync(file);
  }
  const segment = { number, from: number, path, bytes: header.length, extents: new Map() };
  return new ActiveSegment({
    segment,
    tables: new Map(),
    syncedTo: header.length,
    fullBytes: segmentBytes,
    disk,
  });
}

/** The runs of a segment that is no longer written to. */
export function tablesOfSealed(segment: Omit<Segment, "extents">): RunTables {
  const known = readTables(segment);
  if (known !== undefined) return known;
  const { tables, end } = scanSegment(readFileSync(segment.path));
  if (end !== segment.bytes) throw notWhole(segment.path, end);
  writeIndex({ ...segment, extents: extentsOf(tables) }, tables);
  return tables;
}

/** What a stop in the middle of a merge has left. */
function removeUnfinished(folder: string): void {
  for (const name of readdirSync(folder))
    if (name.endsWith(UNFINISHED)) rmSync(join(folder, name), { force: true });
}

/** Segments that were merged into a later one, and not removed before a stop, go. */
function withoutMerged(segments: readonly Segment[]): Segment[] {
  let lowest = Number.POSITIVE_INFINITY;
  const kept = segments.toReversed().filter((segment) => {
    const isMerged = segment.number >= lowest;
    lowest = Math.min(lowest, segment.from);
    if (isMerged) removeSegment(segment);
    return !isMerged;
  });
  return kept.reverse();
}

export function removeSegment({ path }: Pick<Segment, "path">): void {
  rmSync(indexPath(path), { force: true });
  rmSync(path, { force: true });
}

function loadSealed(folder: string, number: number): Segment {
  const path = segmentPath(folder, number);
  const header = readSegmentHeader(path, beginningOf(path), number);
  if (header === undefined) throw damaged(path, "its beginning is not a segment's");
  const segment = { ...header, path, bytes: statSync(path).size };
  return { ...segment, extents: readExtents(segment) ?? extentsOf(tablesOfSealed(segment)) };
}

function beginningOf(path: string): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  const file = openSync(path, "r");
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}

function loadLast(options: LoadOptions, number: number): ActiveSegment {
  const { folder, disk, durable, segmentBytes } = options;
  const path = segmentPath(folder, number);
  const bytes = readFileSync(path);
  const durableBytes = durable?.segment === number ? durable.position : 0;
  if (readSegmentHeader(path, bytes, number) === undefined) {
    // It was being made. Nothing is in a segment before its header is durable.
    if (durableBytes > 0 || frameSyncedBeyond(bytes, 0) !== undefined)
      throw damaged(path, "its beginning is not a segment's");
    return createSegment(options, number);
  }
  const scanned = scanSegment(bytes);
  if (scanned.end < durableBytes || scanned.end < bytes.length)
    cutTornTail(options, { path, bytes, scanned, durableBytes });
  const segment = { number, from: number, path, bytes: scanned.end, extents: extentsOf(scanned.tables) };
  const syncedTo = Math.max(SEGMENT_HEADER_BYTES, durableBytes, scanned.syncedTo);
  return new ActiveSegment({ segment, tables: scanned.tables, syncedTo, fullBytes: segmentBytes, disk });
}

interface TornSegment {
  readonly path: string;
  readonly bytes: Buffer;
  readonly scanned: ScannedSegment;
  readonly durableBytes: number;
}

function cutTornTail(
  { notice }: LoadOptions,
  { path, bytes, scanned: { end }, durableBytes }: TornSegment,
): void {
  if (bytes.length < durableBytes) throw damaged(path, `${bytes.length} bytes of ${durableBytes} are there`);
  if (end < durableBytes) throw notWhole(path, end);
  const later = frameSyncedBeyond(bytes, end + 1);
  if (later !== undefined)
    throw damaged(
      path,
      `what begins at byte ${end} is not whole, and was durable before byte ${later} was written`,
    );
  truncateSync(path, end);
  notice(
    `the event log ${path} is torn at byte ${end}: the ${bytes.length - end} bytes from there on, which were never synced, are cut away`,
  );
}

function notWhole(path: string, position: number): Error {
  return damaged(path, `what begins at byte ${position} is not whole (checksum)`);
}
