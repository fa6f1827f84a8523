import { readdirSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { BusError } from "../bus-error.ts";
import type { RunTables } from "./run-table.ts";
import { type Extent, extentOf } from "./run-table.ts";

const NAME = /^(\d{10})\.segment$/;
const MAGIC = "BOURSLOG";
const FORMAT = 1;
const CHECKED_BYTES = 20;
/** Magic (8 bytes), format, number, number of the first segment that is in it, CRC-32 of these; little-endian. */
export const SEGMENT_HEADER_BYTES = 24;

/** A file of the log with frames behind a header. */
export interface Segment {
  /** They rise along the log, with gaps where all was dropped. */
  readonly number: number;
  /** Below its number where others were merged into it: those from here on are in it. */
  readonly from: number;
  readonly path: string;
  /** How long it is. */
  bytes: number;
  /** What it has of each partition that is retained. */
  readonly extents: Map<number, Extent>;
}

export function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(10, "0")}.segment`);
}

/** The runs of a segment that is no longer written to, so that nobody need read it to find them. */
export function indexPath(segment: string): string {
  return segment.replace(/\.segment$/, ".index");
}

/** What is being put together beside a segment and not there yet. */
export const UNFINISHED = ".tmp";

/** Ascending. */
export function segmentNumbers(folder: string): readonly number[] {
  return readdirSync(folder)
    .map((name) => NAME.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((left, right) => left - right);
}

export function extentsOf(tables: RunTables): Map<number, Extent> {
  return new Map(Array.from(tables, ([partition, table]) => [partition, extentOf(table)]));
}

export function segmentHeader({ number, from }: Pick<Segment, "number" | "from">): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  header.write(MAGIC, 0, "latin1");
  header.writeUInt32LE(FORMAT, 8);
  header.writeUInt32LE(number, 12);
  header.writeUInt32LE(from, 16);
  header.writeUInt32LE(crc32(header.subarray(0, CHECKED_BYTES)), CHECKED_BYTES);
  return header;
}

/** The first segment that is in it; undefined: the header is not all there. */
export function readSegmentHeader(
  path: string,
  bytes: Buffer,
  number: number,
): Pick<Segment, "number" | "from"> | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES) return undefined;
  if (bytes.readUInt32LE(CHECKED_BYTES) !== crc32(bytes.subarray(0, CHECKED_BYTES))) return undefined;
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined;
  const format = bytes.readUInt32LE(8);
  if (format !== FORMAT) {
    throw unknownFormat(`the event log's segment ${path} has format ${format}`, FORMAT);
  }
  if (bytes.readUInt32LE(12) !== number)
    throw damaged(path, `it is segment ${bytes.readUInt32LE(12)} by its header`);
  return { number, from: bytes.readUInt32LE(16) };
}

export function damaged(path: string, what: string): BusError {
  return new BusError("bus_refused", `the event log ${path} is damaged: ${what}`, { retryable: false });
}

/** `found` says what has which format. */
export function unknownFormat(found: string, known: number): BusError {
  return new BusError(
    "bus_format",
    `${found}, this version of Bourse reads format ${known}. Run the version that wrote it, or a later one`,
    { retryable: false },
  );
}
