import { renameSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { syncFolder } from "@bourse/disk";
import { removeSegment } from "./load-segments.ts";
import { addRun, type RunEntry, type RunTables } from "./run-table.ts";
import { damaged, extentsOf, indexPath, type Segment, segmentHeader, UNFINISHED } from "./segment-file.ts";
import { writeIndex } from "./segment-index.ts";

/** One copy holds so much in memory. */
const COPY_BYTES = 1_000_000;
/** A neighbour that retains less than this part of a full segment is taken along, so that files don't become many. */
const SMALL_PART = 1 / 8;

export interface ReclaimOptions {
  readonly folder: string;
  readonly segmentBytes: number;
  readonly earliestOf: (partition: number) => number | undefined;
  /** Ascending, as they are now. */
  readonly sealed: () => readonly Segment[];
  readonly tablesOf: (segment: Segment) => RunTables;
  readonly replace: (segments: readonly Segment[], by: Rewritten | undefined) => void;
  readonly isStopped: () => boolean;
}

export interface Rewritten {
  readonly segment: Segment;
  readonly tables: RunTables;
}

/**
 * Removes the segments of which nothing is retained, and writes those anew of which less than half is: so the log takes at
 * most about twice what is retained, and a segment. It copies beside what goes on, and ends early when it is told to stop.
 */
export async function reclaim(options: ReclaimOptions): Promise<void> {
  const { sealed, replace, isStopped } = options;
  while (!isStopped()) {
    for (const segment of sealed().filter(({ extents }) => extents.size === 0)) {
      replace([segment], undefined);
      removeSegment(segment);
    }
    const group = nextGroup(options);
    if (group === undefined) return;
    await rewrite(options, group);
  }
}

/** The first segment of which less than half is retained, with the small ones before it. */
function nextGroup({ sealed, segmentBytes, earliestOf }: ReclaimOptions): readonly Segment[] | undefined {
  const segments = sealed();
  const retained = segments.map((segment) => retainedBytes(segment, earliestOf));
  const last = segments.findIndex(({ bytes }, index) => (retained[index] ?? 0) < bytes / 2);
  if (last === -1) return undefined;
  let first = last;
  let total = retained[last] ?? 0;
  for (; first > 0; first--) {
    const before = retained[first - 1] ?? 0;
    if (before > segmentBytes * SMALL_PART || total + before > segmentBytes) break;
    total += before;
  }
  return segments.slice(first, last + 1);
}

/** About: a run is as large as another. */
function retainedBytes({ extents }: Segment, earliestOf: (partition: number) => number | undefined): number {
  let total = 0;
  for (const [partition, { first, end, bytes }] of extents) {
    const earliest = Math.max(first, earliestOf(partition) ?? end);
    total += (bytes * (end - earliest)) / (end - first);
  }
  return total;
}

async function rewrite(options: ReclaimOptions, group: readonly Segment[]): Promise<void> {
  const [first] = group;
  const last = group.at(-1);
  if (first === undefined || last === undefined) return;
  const { number, path } = last;
  const unfinished = `${path}${UNFINISHED}`;
  const tables: RunTables = new Map();
  try {
    const bytes = await copyGroup(options, group, { path: unfinished, number, from: first.from, tables });
    if (options.isStopped()) return;
    const segment = { number, from: first.from, path, bytes, extents: extentsOf(tables) };
    // The index of what was there fits no longer.
    rmSync(indexPath(path), { force: true });
    renameSync(unfinished, path);
    options.replace(group, { segment, tables });
    writeIndex(segment, tables);
  } finally {
    rmSync(unfinished, { force: true });
  }
  // The others are in it: a start that still finds them removes them.
  syncFolder(options.folder);
  for (const merged of group.slice(0, -1)) removeSegment(merged);
}

interface CopyOfGroup {
  readonly path: string;
  readonly number: number;
  readonly from: number;
  readonly tables: RunTables;
}

async function copyGroup(
  options: ReclaimOptions,
  group: readonly Segment[],
  { path, number, from, tables }: CopyOfGroup,
): Promise<number> {
  const target = await open(path, "w");
  try {
    let bytes = await writeAt(target, segmentHeader({ number, from }), 0);
    for (const segment of group) bytes = await copyRetained(options, segment, { target, bytes, tables });
    await target.datasync();
    return bytes;
  } finally {
    await target.close();
  }
}

interface Copy {
  readonly target: FileHandle;
  readonly bytes: number;
  readonly tables: RunTables;
}

/** Copies what is retained of a segment, in its order; how long the copy is now. */
async function copyRetained(options: ReclaimOptions, segment: Segment, copy: Copy): Promise<number> {
  const runs = retainedRuns(options, segment);
  const source = await open(segment.path, "r");
  let end = copy.bytes;
  try {
    for (let index = 0; index < runs.length && !options.isStopped(); ) {
      const start = runs[index]?.entry.position ?? 0;
      let length = 0;
      // Neighbours go together.
      for (; index < runs.length; index++) {
        const { partition, entry } = runs[index] as PlacedRun;
        if (entry.position !== start + length || (length > 0 && length + entry.bytes > COPY_BYTES)) break;
        addRun(copy.tables, partition, { ...entry, position: end + length });
        length += entry.bytes;
      }
      const bytes = Buffer.allocUnsafe(length);
      const { bytesRead } = await source.read(bytes, 0, length, start);
      if (bytesRead < length) throw damaged(segment.path, `it ends before byte ${start + length}`);
      end = await writeAt(copy.target, bytes, end);
    }
  } finally {
    await source.close();
  }
  return end;
}

interface PlacedRun {
  readonly partition: number;
  readonly entry: RunEntry;
}

function retainedRuns({ earliestOf, tablesOf }: ReclaimOptions, segment: Segment): readonly PlacedRun[] {
  const runs: PlacedRun[] = [];
  const tables = tablesOf(segment);
  for (const partition of segment.extents.keys()) {
    const table = tables.get(partition);
    const earliest = earliestOf(partition);
    if (table === undefined || earliest === undefined) continue;
    for (let row = Math.max(0, table.rowOf(earliest)); row < table.rows; row++) {
      const entry = table.entry(row);
      if (entry.base + entry.count > earliest) runs.push({ partition, entry });
    }
  }
  return runs.sort((left, right) => left.entry.position - right.entry.position);
}

/** Where the bytes end. */
async function writeAt(target: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let written = 0;
  while (written < bytes.length)
    written += (await target.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  return position + bytes.length;
}
