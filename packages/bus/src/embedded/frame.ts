import { crc32 } from "node:zlib";
import type { OutgoingRecord } from "../port.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { encodeRun } from "./run-codec.ts";

/**
 * A run of records as it lies in a segment. Little-endian:
 *
 * | at | bytes | |
 * | -- | ----- | - |
 * | 0  | 4 | how many bytes follow the checksum |
 * | 4  | 4 | CRC-32 of them |
 * | 8  | 4 | the partition's number |
 * | 12 | 4 | how many records |
 * | 16 | 8 | the first one's offset |
 * | 24 | 8 | their highest time |
 * | 32 | 8 | the highest time of the partition so far |
 * | 40 | 4 | up to which byte the segment had been synced when this was written |
 * | 44 |   | the body, see run-codec.ts |
 */
export interface FrameHead {
  readonly partition: number;
  readonly base: number;
  readonly count: number;
  readonly maxMs: number;
  readonly highMs: number;
}

export interface RunToStore {
  readonly partition: number;
  readonly base: number;
  readonly records: readonly OutgoingRecord[];
  readonly maxMs: number;
  readonly highMs: number;
}

export interface Frame extends FrameHead {
  readonly syncedTo: number;
  /** All of it. */
  readonly bytes: number;
}

export const FRAME_HEAD_BYTES = 44;
const CHECKED_FROM = 8;
/** More than what one run ever takes: a longer one is damage. */
const MOST_FRAME_BYTES = 2 ** 28;
const MOST_RECORDS = 2 ** 16;

/** Adds a run; how many bytes it takes. */
export function writeFrame(writer: ByteWriter, run: RunToStore, syncedTo: number): number {
  const start = writer.end;
  writer.reserve(FRAME_HEAD_BYTES);
  writer.skip(CHECKED_FROM);
  writer.uint32(run.partition);
  writer.uint32(run.records.length);
  writer.double(run.base);
  writer.double(run.maxMs);
  writer.double(run.highMs);
  writer.uint32(syncedTo);
  encodeRun(writer, run.records, run.maxMs);
  const bytes = writer.end - start;
  writer.uint32At(start, bytes - CHECKED_FROM);
  writer.uint32At(start + 4, crc32(writer.written(start + CHECKED_FROM)));
  return bytes;
}

/** The whole frame at a position, or undefined: it is damaged or not all there. */
export function readFrame(bytes: Buffer, at: number): Frame | undefined {
  if (at + FRAME_HEAD_BYTES > bytes.length) return undefined;
  const length = bytes.readUInt32LE(at) + CHECKED_FROM;
  if (length < FRAME_HEAD_BYTES || length > MOST_FRAME_BYTES || at + length > bytes.length) return undefined;
  const count = bytes.readUInt32LE(at + 12);
  // Cheap, and nearly all that is no frame fails it: so frames can be looked for byte by byte.
  if (count === 0 || count > MOST_RECORDS) return undefined;
  if (bytes.readUInt32LE(at + 4) !== crc32(bytes.subarray(at + CHECKED_FROM, at + length))) return undefined;
  return {
    partition: bytes.readUInt32LE(at + 8),
    count,
    base: bytes.readDoubleLE(at + 16),
    maxMs: bytes.readDoubleLE(at + 24),
    highMs: bytes.readDoubleLE(at + 32),
    syncedTo: bytes.readUInt32LE(at + 40),
    bytes: length,
  };
}

export function frameBody(bytes: Buffer): Buffer {
  return bytes.subarray(FRAME_HEAD_BYTES);
}
