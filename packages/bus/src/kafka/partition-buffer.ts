import type { BusRecord, ChunkSlice, RecordChunk } from "../port.ts";

/** What a record takes in memory besides its value, roughly. */
const RECORD_OVERHEAD = 300;

/** Records of one partition that were fetched and not yet taken. */
export interface PartitionBuffer {
  readonly count: number;
  readonly bytes: number;
  readonly firstOffset: bigint | undefined;
  push(records: readonly BusRecord[]): void;
  /** Moves up to `maxRecords` into `taken`. */
  take(maxRecords: number, taken: BusRecord[]): void;
  clear(): void;
}

export function partitionBuffer(): PartitionBuffer {
  let runs: (readonly BusRecord[])[] = [];
  let position = 0;
  let count = 0;
  let bytes = 0;
  return {
    get count() {
      return count;
    },
    get bytes() {
      return bytes;
    },
    get firstOffset() {
      return runs[0]?.[position]?.offset;
    },
    push: (records) => {
      runs.push(records);
      count += records.length;
      for (const record of records) bytes += sizeOf(record);
    },
    take: (maxRecords, taken) => {
      for (let left = maxRecords; left > 0; left--) {
        const record = runs[0]?.[position];
        if (record === undefined) return;
        taken.push(record);
        count--;
        bytes -= sizeOf(record);
        position++;
        if (position < (runs[0]?.length ?? 0)) continue;
        runs.shift();
        position = 0;
      }
    },
    clear: () => {
      runs = [];
      position = 0;
      count = 0;
      bytes = 0;
    },
  };
}

/** The same of chunks: they are cut where a caller wants fewer records than one has. */
export interface ChunkBuffer extends Omit<PartitionBuffer, "push" | "take"> {
  push(chunks: readonly RecordChunk[]): void;
  /** Moves up to `maxRecords` into `taken`; answers how many. */
  take(maxRecords: number, taken: ChunkSlice[]): number;
}

export function chunkBuffer(): ChunkBuffer {
  let chunks: RecordChunk[] = [];
  let position = 0;
  let count = 0;
  let bytes = 0;
  return {
    get count() {
      return count;
    },
    get bytes() {
      return bytes;
    },
    get firstOffset() {
      const offset = chunks[0]?.offsets[position];
      return offset === undefined ? undefined : BigInt(offset);
    },
    push: (received) => {
      for (const chunk of received) {
        chunks.push(chunk);
        count += chunk.count;
        bytes += bytesOf(chunk);
      }
    },
    take: (maxRecords, taken) => {
      let left = maxRecords;
      for (let chunk = chunks[0]; chunk !== undefined && left > 0; chunk = chunks[0]) {
        const to = Math.min(chunk.count, position + left);
        taken.push({ chunk, from: position, to });
        left -= to - position;
        count -= to - position;
        position = to;
        if (to < chunk.count) break;
        // Its bytes stay in memory as long as a part of it does.
        bytes -= bytesOf(chunk);
        chunks.shift();
        position = 0;
      }
      return maxRecords - left;
    },
    clear: () => {
      chunks = [];
      position = 0;
      count = 0;
      bytes = 0;
    },
  };
}

const BYTES_PER_SPAN = 4;
const BYTES_PER_RECORD = 20;

function bytesOf({ bytes, count, stride }: RecordChunk): number {
  return bytes.length + count * (stride * BYTES_PER_SPAN + BYTES_PER_RECORD);
}

function sizeOf(record: BusRecord): number {
  return record.value.length + RECORD_OVERHEAD;
}

/** What all partitions of one consumer may hold together. */
export interface BufferBudget {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

export const DEFAULT_BUFFER_RECORDS = 8192;
const MAX_BUFFER_BYTES = 32_000_000;
const LEAST_REQUEST_BYTES = 4096;
/** Until the first records have come. */
const USUAL_RECORD_BYTES = 500;

export function bufferBudget(maxRecords: number = DEFAULT_BUFFER_RECORDS): BufferBudget {
  return { maxRecords, maxBytes: MAX_BUFFER_BYTES };
}

export interface BufferedNow {
  readonly records: number;
  readonly bytes: number;
  /** Partitions that share what is left. */
  readonly partitions: number;
}

/** How many bytes of one partition may be asked for so that the buffer ends about full; 0 when it is. */
export function bytesToAskFor(
  { maxRecords, maxBytes }: BufferBudget,
  { records, bytes, partitions }: BufferedNow,
): number {
  if (records >= maxRecords || bytes >= maxBytes) return 0;
  const recordBytes = records === 0 ? USUAL_RECORD_BYTES : bytes / records;
  const left = Math.min((maxRecords - records) * recordBytes, maxBytes - bytes);
  return Math.max(LEAST_REQUEST_BYTES, Math.floor(left / Math.max(1, partitions)));
}
