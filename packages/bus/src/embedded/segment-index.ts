import { closeSync, fstatSync, openSync, readSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { type Extent, RunTable, type RunTables } from "./run-table.ts";
import { extentsOf, indexPath, type Segment } from "./segment-file.ts";

/**
 * Beside a segment that is no longer written to: a head (how long the segment is, its `from`, how many partitions, two
 * checksums), {@link COLUMNS} numbers a partition, then the tables of runs one after the other. All of it doubles, as
 * they lie in memory. It is never synced: where it is not whole it is made again from the segment.
 */
const HEAD = {
  magic: 0,
  segmentBytes: 1,
  from: 2,
  partitions: 3,
  extentsChecksum: 4,
  tablesChecksum: 5,
} as const;
const HEAD_CELLS = 6;
/** partition, rows, first, end, maxMs, highMs, bytes. */
const COLUMNS = 7;
const MAGIC = 0x626f7572;
const MOST_PARTITIONS = 1_000_000;

/** Best effort. */
export function writeIndex(segment: Segment, tables: RunTables): void {
  const extents = new Float64Array(tables.size * COLUMNS);
  let at = 0;
  for (const [partition, extent] of extentsOf(tables)) {
    const { first, end, maxMs, highMs, bytes } = extent;
    extents.set([partition, tables.get(partition)?.rows ?? 0, first, end, maxMs, highMs, bytes], at);
    at += COLUMNS;
  }
  const cells = Buffer.concat(Array.from(tables.values(), (table) => asBytes(table.cells)));
  const head = new Float64Array(HEAD_CELLS);
  head[HEAD.magic] = MAGIC;
  head[HEAD.segmentBytes] = segment.bytes;
  head[HEAD.from] = segment.from;
  head[HEAD.partitions] = tables.size;
  head[HEAD.extentsChecksum] = crc32(asBytes(extents));
  head[HEAD.tablesChecksum] = crc32(cells);
  try {
    writeFileSync(indexPath(segment.path), Buffer.concat([asBytes(head), asBytes(extents), cells]));
  } catch {
    // A full disk, say. Without it the segment itself is read.
  }
}

interface IndexHead {
  readonly extents: Map<number, Extent>;
  readonly rows: ReadonlyMap<number, number>;
  readonly tablesAt: number;
  readonly tablesChecksum: number;
}

/** What the segment has of each partition. Undefined: there is no index that is whole and fits the segment. */
export function readExtents(segment: Omit<Segment, "extents">): Map<number, Extent> | undefined {
  return withIndex(segment, (_, head) => head.extents);
}

export function readTables(segment: Omit<Segment, "extents">): RunTables | undefined {
  return withIndex(segment, (file, { rows, tablesAt, tablesChecksum }) => {
    const bytes = readBytes(file, tablesAt, fstatSync(file).size - tablesAt);
    if (bytes === undefined || crc32(bytes) !== tablesChecksum) return undefined;
    const cells = asDoubles(bytes);
    const total = Array.from(rows.values()).reduce((sum, count) => sum + count, 0);
    const columns = total === 0 ? 0 : cells.length / total;
    const tables: RunTables = new Map();
    let at = 0;
    for (const [partition, count] of rows) {
      tables.set(partition, RunTable.of(cells.subarray(at, at + count * columns)));
      at += count * columns;
    }
    return tables;
  });
}

function withIndex<T>(
  segment: Omit<Segment, "extents">,
  read: (file: number, head: IndexHead) => T | undefined,
): T | undefined {
  let file: number;
  try {
    file = openSync(indexPath(segment.path), "r");
  } catch {
    return undefined;
  }
  try {
    const head = readHead(file, segment);
    return head === undefined ? undefined : read(file, head);
  } finally {
    closeSync(file);
  }
}

function readHead(file: number, segment: Omit<Segment, "extents">): IndexHead | undefined {
  const headBytes = readBytes(file, 0, HEAD_CELLS * 8);
  if (headBytes === undefined) return undefined;
  const head = asDoubles(headBytes);
  const partitions = head[HEAD.partitions] ?? 0;
  if (head[HEAD.magic] !== MAGIC || !(partitions >= 0 && partitions <= MOST_PARTITIONS)) return undefined;
  if (head[HEAD.segmentBytes] !== segment.bytes || head[HEAD.from] !== segment.from) return undefined;
  const bytes = readBytes(file, headBytes.length, partitions * COLUMNS * 8);
  if (bytes === undefined || crc32(bytes) !== head[HEAD.extentsChecksum]) return undefined;
  const cells = asDoubles(bytes);
  const extents = new Map<number, Extent>();
  const rows = new Map<number, number>();
  for (let at = 0; at < cells.length; at += COLUMNS) {
    const [partition = 0, count = 0, first = 0, end = 0, maxMs = 0, highMs = 0, total = 0] = cells.subarray(
      at,
      at + COLUMNS,
    );
    extents.set(partition, { first, end, maxMs, highMs, bytes: total });
    rows.set(partition, count);
  }
  const tablesAt = headBytes.length + bytes.length;
  return { extents, rows, tablesAt, tablesChecksum: head[HEAD.tablesChecksum] ?? 0 };
}

function readBytes(file: number, position: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafeSlow(length);
  return readSync(file, bytes, 0, length, position) === length ? bytes : undefined;
}

function asBytes(cells: Float64Array): Buffer {
  return Buffer.from(cells.buffer, cells.byteOffset, cells.byteLength);
}

function asDoubles(bytes: Buffer): Float64Array {
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
}
