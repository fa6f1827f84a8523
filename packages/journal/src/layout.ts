import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { assertSafeInteger } from "@bourse/base";

/**
 * A segment is a header and groups; a group is a header and the bytes of its commands, padded to 8. Numbers are
 * little-endian.
 *
 * | segment header, 128 bytes | | group header, 64 bytes | |
 * |---|---|---|---|
 * | 0 | "BRSJ" | 0 | "BRSG" |
 * | 4 | CRC-32 of all behind it | 4 | CRC-32 of all behind it, commands included |
 * | 8 | format | 8 | bytes of commands, without padding |
 * | 12 | semantics version | 12 | commands; 0 says that the journal was closed |
 * | 16 | number of the first command | 16 | number of the first command |
 * | 24 | number of the segment | 24 | hash: SHA-256 of the hash before, bytes 8 to 23, and the commands |
 * | 32 | hash of the group before | 56 | 0 |
 */
export const FORMAT = 1;
export const SEGMENT_HEADER_BYTES = 128;
export const GROUP_HEADER_BYTES = 64;
export const HASH_BYTES = 32;
/** A longer one is damage, whatever its header says. */
export const MAX_GROUP_BYTES = 16 * 2 ** 20;

const SEGMENT_MAGIC = 0x4a_53_52_42;
const GROUP_MAGIC = 0x47_53_52_42;
const CHECKED_FROM = 8;
const HASHED_TO = 24;
const HASH_AT = 24;

/** The hash before the first group. */
export const GENESIS: Uint8Array = new Uint8Array(HASH_BYTES);

export interface SegmentHeader {
  readonly format: number;
  readonly semanticsVersion: number;
  readonly firstSequence: number;
  readonly segment: number;
  readonly previousHash: Uint8Array;
}

export interface GroupHeader {
  readonly payloadBytes: number;
  readonly commands: number;
  readonly firstSequence: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, SEGMENT_MAGIC, true);
  view.setUint32(8, header.format, true);
  view.setUint32(12, header.semanticsVersion, true);
  setSafe(view, 16, header.firstSequence);
  setSafe(view, 24, header.segment);
  bytes.set(header.previousHash, 32);
  view.setUint32(4, crc32(bytes.subarray(CHECKED_FROM)), true);
  return bytes;
}

/** null: it is none, or it is damaged. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | null {
  if (bytes.length < SEGMENT_HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEADER_BYTES);
  if (view.getUint32(0, true) !== SEGMENT_MAGIC) return null;
  if (view.getUint32(4, true) !== crc32(bytes.subarray(CHECKED_FROM, SEGMENT_HEADER_BYTES))) return null;
  return {
    format: view.getUint32(8, true),
    semanticsVersion: view.getUint32(12, true),
    firstSequence: getSafe(view, 16),
    segment: getSafe(view, 24),
    previousHash: bytes.slice(32, 32 + HASH_BYTES),
  };
}

/** Writes the header of the group with these commands into `header`, and says the group's hash. */
export function encodeGroupHeader(
  header: Uint8Array,
  { payload, commands, firstSequence }: { payload: Uint8Array; commands: number; firstSequence: number },
  previousHash: Uint8Array,
): Uint8Array {
  const view = new DataView(header.buffer, header.byteOffset, GROUP_HEADER_BYTES);
  view.setUint32(0, GROUP_MAGIC, true);
  view.setUint32(8, payload.length, true);
  view.setUint32(12, commands, true);
  setSafe(view, 16, firstSequence);
  const hash = chain(previousHash, header, payload);
  header.set(hash, HASH_AT);
  view.setUint32(4, crc32(payload, crc32(header.subarray(CHECKED_FROM))), true);
  return hash;
}

/** The header at `offset`; null where no whole and undamaged group is. */
export function decodeGroup(bytes: Uint8Array, offset: number): GroupHeader | null {
  if (offset + GROUP_HEADER_BYTES > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, GROUP_HEADER_BYTES);
  if (view.getUint32(0, true) !== GROUP_MAGIC) return null;
  const payloadBytes = view.getUint32(8, true);
  if (payloadBytes > MAX_GROUP_BYTES) return null;
  const end = offset + GROUP_HEADER_BYTES + payloadBytes;
  if (end > bytes.length) return null;
  if (view.getUint32(4, true) !== crc32(bytes.subarray(offset + CHECKED_FROM, end))) return null;
  return { payloadBytes, commands: view.getUint32(12, true), firstSequence: getSafe(view, 16) };
}

/** The hash of the group at `offset` if it stands in the chain behind `previousHash`; else null. */
export function linkedHash(
  bytes: Uint8Array,
  offset: number,
  { payloadBytes }: GroupHeader,
  previousHash: Uint8Array,
): Uint8Array | null {
  const header = bytes.subarray(offset, offset + GROUP_HEADER_BYTES);
  const from = offset + GROUP_HEADER_BYTES;
  const hash = chain(previousHash, header, bytes.subarray(from, from + payloadBytes));
  return sameBytes(hash, header.subarray(HASH_AT, HASH_AT + HASH_BYTES)) ? hash : null;
}

/** How long a group is in its file. */
export function groupBytes(payloadBytes: number): number {
  return GROUP_HEADER_BYTES + payloadBytes + paddingOf(payloadBytes);
}

export function paddingOf(payloadBytes: number): number {
  return -payloadBytes & 7;
}

export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function chain(previousHash: Uint8Array, header: Uint8Array, payload: Uint8Array): Uint8Array {
  return createHash("sha256")
    .update(previousHash)
    .update(header.subarray(CHECKED_FROM, HASHED_TO))
    .update(payload)
    .digest();
}

function setSafe(view: DataView, at: number, value: number): void {
  assertSafeInteger(value, "a number in a journal");
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function getSafe(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}
