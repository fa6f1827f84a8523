import type { BusRecord, OutgoingRecord } from "../port.ts";
import { readValue } from "../record-value.ts";
import { FRAME_BYTES, writeFrame } from "../schema-frame.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { compressionsAlgorithmsByBitmask, crc32c, Writer } from "./client.ts";
import { readHeaders, readKey } from "./record-parts.ts";
import { RecordReader, varIntSize, writeVarInt } from "./varint.ts";

/**
 * Kafka's record batches, version 2 (https://kafka.apache.org/documentation/#recordbatch), from and to our records.
 * Our own, because the client library 2.12.1 writes and reads times wrongly that differ by more than 24 days in one
 * batch (its 64-bit zigzag keeps 32 bits), and because this needs one buffer a batch instead of several a record.
 */
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_DELTA_AT = 23;
const BASE_TIME_AT = 27;
const MAX_TIME_AT = 35;
const COUNT_AT = 57;
export const BATCH_HEADER_BYTES = 61;
const LEADER_EPOCH_AT = 12;
/** Base offset and length come before what the length counts. */
const UNCOUNTED_BYTES = 12;
const MAGIC = 2;
const NONE = -1;

const COMPRESSION = 0b111;
const LOG_APPEND_TIME = 1 << 3;
const CONTROL = 1 << 5;

/** One batch of the records, uncompressed. There is at least one. */
export function encodeBatch(records: readonly OutgoingRecord[]): Buffer {
  const baseTime = records[0]?.timestampMs ?? 0;
  let maxTime = baseTime;
  const sizes = records.map((record, index) => {
    if (record.timestampMs > maxTime) maxTime = record.timestampMs;
    return recordSize(record, index, baseTime);
  });
  let total = BATCH_HEADER_BYTES;
  for (const size of sizes) total += varIntSize(size) + size;
  const bytes = Buffer.allocUnsafe(total);
  let position = BATCH_HEADER_BYTES;
  records.forEach((record, index) => {
    position = writeVarInt(bytes, position, sizes[index] ?? 0);
    position = writeRecord(bytes, position, { record, index, baseTime });
  });
  writeBatchHeader(bytes, { count: records.length, baseTime, maxTime });
  return bytes;
}

/** Everything before the records; they are there already. */
export function writeBatchHeader(
  bytes: Buffer,
  {
    count,
    baseTime,
    maxTime,
  }: { readonly count: number; readonly baseTime: number; readonly maxTime: number },
): void {
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - UNCOUNTED_BYTES, LENGTH_AT);
  // The leader's epoch, which the broker sets.
  bytes.writeInt32BE(NONE, LEADER_EPOCH_AT);
  bytes.writeInt8(MAGIC, MAGIC_AT);
  bytes.writeInt16BE(0, ATTRIBUTES_AT);
  bytes.writeInt32BE(count - 1, LAST_DELTA_AT);
  bytes.writeBigInt64BE(BigInt(baseTime), BASE_TIME_AT);
  bytes.writeBigInt64BE(BigInt(maxTime), MAX_TIME_AT);
  // No producer id, epoch and sequence: the producer is not idempotent.
  bytes.fill(0xff, MAX_TIME_AT + 8, COUNT_AT);
  bytes.writeInt32BE(count, COUNT_AT);
  bytes.writeUInt32BE(checksumOf(bytes), CRC_AT);
}

function recordSize(
  { key, value, headers, timestampMs, schemaId }: OutgoingRecord,
  index: number,
  baseTime: number,
): number {
  let size = 1 + varIntSize(timestampMs - baseTime) + varIntSize(index);
  size += key === null ? varIntSize(NONE) : textSize(key);
  size += textSize(value, schemaId === undefined ? 0 : FRAME_BYTES);
  let count = 0;
  for (const name in headers) {
    size += textSize(name) + textSize(headers[name] ?? "");
    count++;
  }
  return size + varIntSize(count);
}

function writeRecord(
  bytes: Buffer,
  start: number,
  {
    record,
    index,
    baseTime,
  }: { readonly record: OutgoingRecord; readonly index: number; readonly baseTime: number },
): number {
  bytes[start] = 0;
  let position = writeVarInt(bytes, start + 1, record.timestampMs - baseTime);
  position = writeVarInt(bytes, position, index);
  position =
    record.key === null ? writeVarInt(bytes, position, NONE) : writeText(bytes, position, record.key);
  position =
    record.schemaId === undefined
      ? writeText(bytes, position, record.value)
      : writeFramed(bytes, position, record.value, record.schemaId);
  const names = Object.keys(record.headers);
  position = writeVarInt(bytes, position, names.length);
  for (const name of names) {
    position = writeText(bytes, position, name);
    position = writeText(bytes, position, record.headers[name] ?? "");
  }
  return position;
}

function textSize(text: string, frameBytes = 0): number {
  const length = Buffer.byteLength(text) + frameBytes;
  return varIntSize(length) + length;
}

function writeFramed(bytes: Buffer, position: number, value: string, schemaId: number): number {
  const start = writeVarInt(bytes, position, Buffer.byteLength(value) + FRAME_BYTES);
  const inside = writeFrame(bytes, start, schemaId);
  return inside + bytes.write(value, inside, "utf8");
}

function writeText(bytes: Buffer, position: number, text: string): number {
  const start = writeVarInt(bytes, position, Buffer.byteLength(text));
  return start + bytes.write(text, start, "utf8");
}

/** How far a piece of a log was read. */
export interface ReadUpTo {
  /** The offset after the last batch, also where its last records are gone or are not for consumers. */
  readonly nextOffset: bigint;
  /** Under which leader the batch before that was written (KIP-101); -1: not known. */
  readonly leaderEpoch: number;
}

export interface DecodedBatches extends ReadUpTo {
  readonly records: readonly BusRecord[];
}

/**
 * The records of a partition from an offset on. A batch that holds the offset begins before it, and the last batch of
 * a reply may be cut off: it comes whole with the next one. Throws where the first batch is cut off or not what a broker
 * writes; before another such one it ends.
 */
export function decodeBatches(at: TopicPartition, bytes: Buffer, from: bigint): DecodedBatches {
  return decodedOf(batchesFrom(at, bytes, from), (batches, upTo) => {
    const records: BusRecord[] = [];
    for (const batch of batches) decodeRecords(at, bytes, { batch, from, records });
    return { records, ...upTo };
  });
}

/** Where one of several can't be decoded, the first alone: the others come again with the next reply. */
export function decodedOf<Decoded>(
  { batches, ...upTo }: FoundBatches,
  decode: (batches: readonly FoundBatch[], upTo: ReadUpTo) => Decoded,
): Decoded {
  try {
    return decode(batches, upTo);
  } catch (cause) {
    const second = batches[1];
    if (second === undefined) throw cause;
    return decode(batches.slice(0, 1), { nextOffset: second.baseOffset, leaderEpoch: NONE });
  }
}

/** A batch whose records consumers may see: from `start` to `end` lie its records, perhaps compressed. */
export interface FoundBatch {
  readonly start: number;
  readonly end: number;
  readonly baseOffset: bigint;
  readonly count: number;
  readonly baseTimeMs: number;
  /** All its records have this time, where the broker sets them. */
  readonly appendTimeMs: number | undefined;
  /** 0: none. */
  readonly compression: number;
}

export interface FoundBatches extends ReadUpTo {
  readonly batches: readonly FoundBatch[];
}

/**
 * The whole batches of some bytes, checked, but for those that end before an offset. Ends before one that is no batch or
 * is cut off; throws where it is the first.
 */
export function batchesFrom(at: TopicPartition, bytes: Buffer, from: bigint): FoundBatches {
  const batches: FoundBatch[] = [];
  let nextOffset = from;
  let leaderEpoch = NONE;
  let start = 0;
  while (start < bytes.length) {
    const batch = wholeBatch(bytes, start);
    const fault = batch === null ? cutOff(at) : faultOf(at, batch);
    if (fault !== null && nextOffset > from) break;
    if (batch === null || fault !== null) throw new Error(fault ?? cutOff(at));
    const end = start + batch.length;
    const baseOffset = batch.readBigInt64BE(0);
    const after = baseOffset + BigInt(batch.readInt32BE(LAST_DELTA_AT)) + 1n;
    const attributes = batch.readInt16BE(ATTRIBUTES_AT);
    if (after > nextOffset) {
      nextOffset = after;
      leaderEpoch = batch.readInt32BE(LEADER_EPOCH_AT);
      // Marks of transactions are not records.
      if ((attributes & CONTROL) === 0)
        batches.push({
          start: start + BATCH_HEADER_BYTES,
          end,
          baseOffset,
          count: batch.readInt32BE(COUNT_AT),
          baseTimeMs: Number(batch.readBigInt64BE(BASE_TIME_AT)),
          appendTimeMs:
            (attributes & LOG_APPEND_TIME) === 0 ? undefined : Number(batch.readBigInt64BE(MAX_TIME_AT)),
          compression: attributes & COMPRESSION,
        });
    }
    start = end;
  }
  return { batches, nextOffset, leaderEpoch };
}

/** Of all that comes behind it. The library takes its own kind of buffer as it is and copies any other. */
function checksumOf(batch: Buffer): number {
  return crc32c(Writer.create().append(batch.subarray(ATTRIBUTES_AT)).dynamicBuffer);
}

/** null: its length, which no checksum covers, says that it ends behind the reply. */
function wholeBatch(bytes: Buffer, start: number): Buffer | null {
  if (bytes.length - start < BATCH_HEADER_BYTES) return null;
  const length = UNCOUNTED_BYTES + bytes.readInt32BE(start + LENGTH_AT);
  return start + length > bytes.length ? null : bytes.subarray(start, Math.max(start, start + length));
}

/** A broker sends the first batch of a reply whole, whatever was asked for (KIP-74). */
function cutOff({ topic, partition }: TopicPartition): string {
  return `the first batch of ${topic}/${partition} in a reply ends behind it: its length is damaged`;
}

function faultOf({ topic, partition }: TopicPartition, batch: Buffer): string | null {
  if (batch.length < BATCH_HEADER_BYTES || batch[MAGIC_AT] !== MAGIC)
    return `a batch of ${topic}/${partition} is of no known version`;
  if (batch.readUInt32BE(CRC_AT) !== checksumOf(batch))
    return `a batch of ${topic}/${partition} is damaged (checksum)`;
  return null;
}

interface Collecting {
  readonly batch: FoundBatch;
  readonly from: bigint;
  readonly records: BusRecord[];
}

function decodeRecords(at: TopicPartition, bytes: Buffer, { batch, from, records }: Collecting): void {
  const body = bytes.subarray(batch.start, batch.end);
  const reader = new RecordReader(decompressed(body, batch.compression));
  for (let left = batch.count; left > 0; left--) {
    const end = reader.varInt() + reader.position;
    reader.skip(1);
    const timestampMs = batch.baseTimeMs + reader.varInt();
    const offset = batch.baseOffset + BigInt(reader.varInt());
    if (offset >= from)
      records.push(busRecord(at, reader, { offset, timestampMs: batch.appendTimeMs ?? timestampMs }));
    reader.position = end;
  }
}

export function decompressed(bytes: Buffer, algorithm: number): Buffer {
  if (algorithm === 0) return bytes;
  const found = (
    compressionsAlgorithmsByBitmask as Record<number, { decompressSync(data: Buffer): Buffer } | undefined>
  )[algorithm];
  if (found === undefined) throw new Error(`compression ${algorithm} is not known`);
  return found.decompressSync(bytes);
}

/** The record whose key is next. */
export function busRecord(
  { topic, partition }: TopicPartition,
  reader: RecordReader,
  { offset, timestampMs }: { readonly offset: bigint; readonly timestampMs: number },
): BusRecord {
  const { key, rawKey } = readKey(reader);
  const { value, rawValue, schemaId } = readValue(reader.bytes());
  const { headers, rawHeaders } = readHeaders(reader);
  const record: BusRecord = {
    topic,
    partition,
    offset,
    key,
    value,
    headers,
    timestampMs,
    decoded: undefined,
    read: undefined,
  };
  const isText = rawValue === undefined && rawKey === undefined && rawHeaders === undefined;
  if (isText && schemaId === undefined) return record;
  return {
    ...record,
    ...(schemaId === undefined ? {} : { schemaId }),
    ...(rawValue === undefined ? {} : { rawValue }),
    ...(rawKey === undefined ? {} : { rawKey }),
    ...(rawHeaders === undefined ? {} : { rawHeaders }),
  };
}
