import { readFrame } from "./frame.ts";
import { addRun, type RunTables } from "./run-table.ts";
import { SEGMENT_HEADER_BYTES } from "./segment-file.ts";

export interface ScannedSegment {
  readonly tables: RunTables;
  /** Behind the last whole frame. What is there is damaged, where it is not the end of the file. */
  readonly end: number;
  /** Up to where the segment had been synced when its last frame was written. */
  readonly syncedTo: number;
}

/** Reads and verifies the frames of a segment up to the first that is not whole. */
export function scanSegment(bytes: Buffer): ScannedSegment {
  const tables: RunTables = new Map();
  let at = SEGMENT_HEADER_BYTES;
  let syncedTo = 0;
  for (;;) {
    const frame = readFrame(bytes, at);
    if (frame === undefined) return { tables, end: at, syncedTo };
    addRun(tables, frame.partition, { ...frame, position: at });
    syncedTo = frame.syncedTo;
    at += frame.bytes;
  }
}

/**
 * The first whole frame from a position on that was written when the segment had been synced beyond it: then what is
 * there was durable once, and is damaged rather than torn. Undefined: there is none.
 */
export function frameSyncedBeyond(bytes: Buffer, position: number): number | undefined {
  for (let at = position; at < bytes.length; at++) {
    const frame = readFrame(bytes, at);
    if (frame === undefined) continue;
    if (frame.syncedTo > position) return at;
    at += frame.bytes - 1;
  }
  return undefined;
}
