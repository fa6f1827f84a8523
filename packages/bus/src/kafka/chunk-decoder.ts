import type { BusRecord, RecordChunk } from "../port.ts";
import { CHUNK_SPANS, SPAN } from "../record-chunk.ts";
import { FRAME_BYTES, isFramed } from "../schema-frame.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { ChunkMemory } from "./chunk-memory.ts";
import {
  batchesFrom,
  busRecord,
  decodedOf,
  decompressed,
  type FoundBatch,
  type ReadUpTo,
} from "./record-batch.ts";
import { RecordReader } from "./varint.ts";

export interface DecodedChunks extends ReadUpTo {
  readonly chunks: readonly RecordChunk[];
}

export interface ChunkWish {
  readonly from: bigint;
  /** Names of headers to find. */
  readonly wanted: readonly Buffer[];
  /** Where what chunks consist of beside the bytes comes from, and goes back to. */
  readonly memory?: ChunkMemory;
  /** Takes the bytes back. */
  readonly release?: () => void;
}

/** As `decodeBatches`, without an object for each record. The chunks' bytes are the given ones, not copies. */
export function decodeChunks(at: TopicPartition, bytes: Buffer, wish: ChunkWish): DecodedChunks {
  return decodedOf(batchesFrom(at, bytes, wish.from), (batches, upTo) => ({
    chunks: chunksOf(at, bytes, { ...wish, batches }),
    ...upTo,
  }));
}

function chunksOf(
  at: TopicPartition,
  bytes: Buffer,
  { batches, from, wanted, memory, release = keep }: ChunkWish & { readonly batches: readonly FoundBatch[] },
): readonly RecordChunk[] {
  const chunks: RecordChunk[] = [];
  let run: FoundBatch[] = [];
  const finish = (): void => {
    if (run.length > 0) chunks.push(...chunkOf(at, bytes, { batches: run, from, wanted, memory }));
    run = [];
  };
  for (const batch of batches) {
    if (batch.compression === 0) {
      run.push(batch);
      continue;
    }
    finish();
    const body = decompressed(bytes.subarray(batch.start, batch.end), batch.compression);
    const whole = { ...batch, start: 0, end: body.length };
    chunks.push(...chunkOf(at, body, { batches: [whole], from, wanted, memory }));
  }
  finish();
  const [only] = chunks;
  // Several chunks of the same bytes don't know of each other's end.
  const isAlone = chunks.length === 1 && only?.bytes === bytes;
  if (!isAlone) return chunks;
  const releaseAll = (): void => {
    only.release();
    release();
  };
  return [{ ...only, release: releaseAll }];
}

const keep = (): void => undefined;

interface Run {
  readonly batches: readonly FoundBatch[];
  readonly from: bigint;
  readonly wanted: readonly Buffer[];
  readonly memory: ChunkMemory | undefined;
}

/** One chunk, or none where all records lie before `from`. */
function chunkOf({ topic, partition }: TopicPartition, bytes: Buffer, run: Run): RecordChunk[] {
  const most = run.batches.reduce((sum, { count }) => sum + count, 0);
  const stride = CHUNK_SPANS + 2 * run.wanted.length;
  const { memory } = run;
  const size = most * (16 + 4 * (stride + 1));
  const block = memory?.take(size) ?? Buffer.allocUnsafeSlow(size);
  const offsets = new Float64Array(block.buffer, 0, most);
  const timesMs = new Float64Array(block.buffer, 8 * most, most);
  const spans = new Int32Array(block.buffer, 16 * most, most * stride);
  const partsAt = new Int32Array(block.buffer, (16 + 4 * stride) * most, most);
  const release = (): void => memory?.giveBack(block);
  const walk: Walk = { bytes, position: 0 };
  const first = Number(run.from);
  let count = 0;
  for (const batch of run.batches) {
    walk.position = batch.start;
    const baseOffset = Number(batch.baseOffset);
    for (let left = batch.count; left > 0; left--) {
      const end = varInt(walk) + walk.position;
      if (end > batch.end) throw new RangeError("a record ends behind its batch");
      walk.position++;
      const timeMs = batch.baseTimeMs + varInt(walk);
      const offset = baseOffset + varInt(walk);
      if (offset >= first) {
        offsets[count] = offset;
        timesMs[count] = batch.appendTimeMs ?? timeMs;
        partsAt[count] = walk.position;
        readParts(walk, spans, count * stride, run.wanted);
        count++;
      }
      walk.position = end;
    }
  }
  if (count === 0) {
    release();
    return [];
  }
  const record = (index: number): BusRecord =>
    busRecord({ topic, partition }, readerAt(bytes, partsAt[index] ?? 0), {
      offset: BigInt(offsets[index] ?? 0),
      timestampMs: timesMs[index] ?? 0,
    });
  return [{ topic, partition, bytes, count, offsets, timesMs, spans, stride, record, release }];
}

interface Walk {
  readonly bytes: Buffer;
  position: number;
}

/** Zigzag, as `RecordReader.varInt`; most are one byte. */
function varInt(walk: Walk): number {
  const { bytes } = walk;
  let byte = bytes[walk.position++];
  if (byte === undefined) throw new RangeError("a record ends before its batch does");
  if (byte < 128) return (byte >>> 1) ^ -(byte & 1);
  let value = byte & 0x7f;
  let factor = 128;
  do {
    byte = bytes[walk.position++];
    if (byte === undefined) throw new RangeError("a record ends before its batch does");
    value += (byte & 0x7f) * factor;
    factor *= 128;
  } while (byte >= 128);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** Notes where key, value and the wanted headers are. */
function readParts(walk: Walk, spans: Int32Array, base: number, wanted: readonly Buffer[]): void {
  const keyLength = varInt(walk);
  spans[base + SPAN.key] = keyLength < 0 ? -1 : walk.position;
  if (keyLength > 0) walk.position += keyLength;
  spans[base + SPAN.key + 1] = keyLength < 0 ? -1 : walk.position;
  const valueLength = varInt(walk);
  const isInFrame = valueLength > FRAME_BYTES && isFramed(walk.bytes, walk.position);
  spans[base + SPAN.value] = isInFrame ? walk.position + FRAME_BYTES : walk.position;
  if (valueLength > 0) walk.position += valueLength;
  spans[base + SPAN.value + 1] = walk.position;
  for (let nth = 0; nth < wanted.length; nth++) {
    spans[base + SPAN.headers + 2 * nth] = -1;
    spans[base + SPAN.headers + 2 * nth + 1] = -1;
  }
  for (let left = varInt(walk); left > 0; left--) {
    const nameLength = varInt(walk);
    const nth = nameOf(walk, nameLength, wanted);
    walk.position += nameLength;
    const length = varInt(walk);
    if (nth >= 0) {
      spans[base + SPAN.headers + 2 * nth] = walk.position;
      spans[base + SPAN.headers + 2 * nth + 1] = walk.position + Math.max(0, length);
    }
    if (length > 0) walk.position += length;
  }
}

/** Which of the wanted headers begins here, -1 for none. */
function nameOf({ bytes, position }: Walk, length: number, wanted: readonly Buffer[]): number {
  for (let nth = 0; nth < wanted.length; nth++) {
    const name = wanted[nth] as Buffer;
    if (name.length !== length) continue;
    let same = 0;
    while (same < length && bytes[position + same] === name[same]) same++;
    if (same === length) return nth;
  }
  return -1;
}

function readerAt(bytes: Buffer, position: number): RecordReader {
  const reader = new RecordReader(bytes);
  reader.position = position;
  return reader;
}
