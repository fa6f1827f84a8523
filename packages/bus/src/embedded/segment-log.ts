import { readSync } from "node:fs";
import { present } from "@bourse/base";
import type { ActiveSegment } from "./active-segment.ts";
import { ByteWriter } from "./byte-writer.ts";
import { frameBody, type RunToStore, readFrame, writeFrame } from "./frame.ts";
import { createSegment, type LoadOptions, type LogPlace, loadSegments } from "./load-segments.ts";
import { type ReclaimOptions, type Rewritten, reclaim } from "./reclaim-segments.ts";
import { addRun, type Extent, type RunEntry, type RunTable, type RunTables } from "./run-table.ts";
import { SealedReaders } from "./sealed-readers.ts";
import { damaged, type Segment } from "./segment-file.ts";
import { writeIndex } from "./segment-index.ts";
import { busErrorOf } from "./sqlite-failure.ts";

/** What is kept of segments that are read: their tables are a megabyte or two each. */
const MOST_OPEN_SEGMENTS = 8;

export interface SegmentLogOptions extends LoadOptions {
  /** Of each partition that there is, by its number; undefined: its records are dropped. */
  readonly earliestOf: (partition: number) => number | undefined;
}

/** A piece of a partition: what one segment has of it. */
interface Part {
  readonly segment: Segment;
  readonly extent: Extent;
}

/** The runs of all partitions in one order, in files of a folder (0030). Errors are `BusError`. */
export class SegmentLog {
  readonly #options: SegmentLogOptions;
  readonly #sealed: Segment[];
  #active: ActiveSegment;
  readonly #parts = new Map<number, Part[]>();
  readonly #readers = new SealedReaders(MOST_OPEN_SEGMENTS);
  readonly #writer = new ByteWriter();
  #isStopped = false;

  constructor(options: SegmentLogOptions) {
    this.#options = options;
    const { sealed, active } = loadSegments(options);
    this.#sealed = sealed;
    this.#active = active;
    try {
      for (const segment of [...sealed, active.segment]) this.#addParts(segment);
      for (const [partition, parts] of this.#parts) this.#checkWhole(partition, parts);
    } catch (cause) {
      active.close();
      throw cause;
    }
  }

  /** All before this place is durable. */
  get durable(): LogPlace {
    return { segment: this.#active.segment.number, position: this.#active.syncedTo };
  }

  /** Where a partition ends, and its highest time; undefined: the log has nothing of it. */
  endOf(partition: number): { readonly end: number; readonly highMs: number } | undefined {
    return this.#parts.get(partition)?.at(-1)?.extent;
  }

  /**
   * Appends the runs, in one write, and syncs where that is asked for: then all that came before is durable too. What
   * is thrown leaves nothing of them: `bus_unavailable`, or `bus_outcome_unknown` where the sync failed.
   */
  append(runs: readonly RunToStore[], sync: boolean): void {
    if (this.#active.isFull) this.#roll();
    const writer = this.#writer;
    writer.clear();
    const active = this.#active;
    const sizes = runs.map((run) => writeFrame(writer, run, active.syncedTo));
    let position = active.append(writer.written(), sync);
    runs.forEach((run, index) => {
      const bytes = sizes[index] ?? 0;
      this.#add(run, position, bytes);
      position += bytes;
    });
  }

  /** The run that has an offset, of those that are retained. Throws `bus_refused` where it is damaged. */
  read(partition: number, offset: number): RunEntry & { readonly body: Buffer } {
    const { segment } = this.#partAt(partition, offset);
    const { file, tables } = this.#readerOf(segment);
    const entry = entryAt(tables, partition, offset);
    const bytes = Buffer.allocUnsafe(entry.bytes);
    const read = readSync(file, bytes, 0, bytes.length, entry.position);
    const frame = read === bytes.length ? readFrame(bytes, 0) : undefined;
    if (frame === undefined || frame.partition !== partition || frame.base !== entry.base)
      throw damaged(segment.path, `the records at byte ${entry.position} are damaged on disk (checksum)`);
    return { ...entry, body: frameBody(bytes) };
  }

  /** The run that has an offset, without its records. */
  entry(partition: number, offset: number): RunEntry {
    return entryAt(this.#readerOf(this.#partAt(partition, offset).segment).tables, partition, offset);
  }

  /** The end of those runs from `earliest` on whose records are all older than a time. */
  endOfOlder(partition: number, earliest: number, beforeMs: number): number {
    let end = earliest;
    for (const { segment, extent } of this.#parts.get(partition) ?? []) {
      if (extent.maxMs < beforeMs) {
        end = Math.max(end, extent.end);
        continue;
      }
      const table = present(this.#readerOf(segment).tables.get(partition), "a table of each partition");
      for (let row = Math.max(0, table.rowOf(end)); row < table.rows; row++) {
        const entry = table.entry(row);
        if (entry.maxMs >= beforeMs) return end;
        end = entry.base + entry.count;
      }
    }
    return end;
  }

  /** Forgets what lies below a partition's new earliest, or all of one that there is no longer. */
  forget(partition: number): void {
    const { earliestOf } = this.#options;
    const earliest = earliestOf(partition) ?? Number.POSITIVE_INFINITY;
    const parts = this.#parts.get(partition) ?? [];
    const kept = parts.filter(({ segment, extent }) => {
      if (extent.end > earliest) return true;
      segment.extents.delete(partition);
      return false;
    });
    if (kept.length === 0) this.#parts.delete(partition);
    else this.#parts.set(partition, kept);
  }

  /** Gives the disk back what is no longer retained, where that is worth it. What is dropped must be durably so. */
  async reclaim(): Promise<void> {
    const options: ReclaimOptions = {
      ...this.#options,
      sealed: () => this.#sealed,
      tablesOf: (segment) => this.#readerOf(segment).tables,
      replace: (segments, by) => this.#replace(segments, by),
      isStopped: () => this.#isStopped,
    };
    await reclaim(options);
  }

  /** {@link SegmentLog.reclaim} ends soon, and for good. */
  stopReclaiming(): void {
    this.#isStopped = true;
  }

  /** Throws `bus_unavailable`. */
  sync(): void {
    try {
      this.#active.sync();
    } catch (cause) {
      throw busErrorOf(cause, this.#active.segment.path);
    }
  }

  close(): void {
    this.#isStopped = true;
    this.#readers.closeAll();
    this.#active.close();
  }

  #add(run: RunToStore, position: number, bytes: number): void {
    const { partition, base, maxMs, highMs } = run;
    const { segment, tables } = this.#active;
    const count = run.records.length;
    addRun(tables, partition, { base, count, maxMs, highMs, position, bytes });
    const extent = segment.extents.get(partition);
    if (extent === undefined) {
      const added = { first: base, end: base + count, maxMs, highMs, bytes };
      segment.extents.set(partition, added);
      this.#partsOf(partition).push({ segment, extent: added });
      return;
    }
    extent.end = base + count;
    extent.maxMs = Math.max(extent.maxMs, maxMs);
    extent.highMs = highMs;
    extent.bytes += bytes;
  }

  /** The segment is durable before the next one is there, so that only the last one can ever be torn. */
  #roll(): void {
    const { segment, tables } = this.#active;
    try {
      this.#active.sync();
      const next = createSegment(this.#options, segment.number + 1);
      this.#active.close();
      this.#active = next;
    } catch (cause) {
      throw busErrorOf(cause, segment.path);
    }
    this.#sealed.push(segment);
    writeIndex(segment, tables);
  }

  #addParts(segment: Segment): void {
    const { earliestOf } = this.#options;
    for (const [partition, extent] of segment.extents) {
      const earliest = earliestOf(partition);
      if (earliest === undefined || extent.end <= earliest) segment.extents.delete(partition);
      else this.#partsOf(partition).push({ segment, extent });
    }
  }

  #checkWhole(partition: number, parts: readonly Part[]): void {
    let due = this.#options.earliestOf(partition) ?? 0;
    for (const { segment, extent } of parts) {
      if (extent.first > due) {
        const missing = `before it the records of partition number ${partition} from offset ${due} to ${extent.first} are missing`;
        throw damaged(segment.path, missing);
      }
      due = extent.end;
    }
  }

  #partsOf(partition: number): Part[] {
    const parts = this.#parts.get(partition) ?? [];
    this.#parts.set(partition, parts);
    return parts;
  }

  #partAt(partition: number, offset: number): Part {
    const parts = this.#parts.get(partition) ?? [];
    let low = 0;
    let high = parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((parts[middle]?.extent.first ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return present(parts[low], "a part for each offset that is retained");
  }

  #readerOf(segment: Segment): { readonly file: number; readonly tables: RunTables } {
    return segment === this.#active.segment ? this.#active : this.#readers.of(segment);
  }

  /** A segment has taken the place of some that lie side by side; or nothing has, of which nothing is retained. */
  #replace(segments: readonly Segment[], by: Rewritten | undefined): void {
    const gone = new Set(segments);
    for (const segment of segments) this.#readers.close(segment);
    const at = this.#sealed.findIndex((segment) => gone.has(segment));
    this.#sealed.splice(at, segments.length, ...(by === undefined ? [] : [by.segment]));
    if (by === undefined) return;
    for (const [partition, extent] of by.segment.extents) {
      const parts = this.#parts.get(partition);
      const index = parts?.findIndex(({ segment }) => gone.has(segment)) ?? -1;
      const kept = parts?.filter(({ segment }) => !gone.has(segment)) ?? [];
      if (index === -1) by.segment.extents.delete(partition);
      else this.#parts.set(partition, kept.toSpliced(index, 0, { segment: by.segment, extent }));
    }
  }
}

function entryAt(tables: RunTables, partition: number, offset: number): RunEntry {
  const table: RunTable = present(tables.get(partition), "a table of each partition");
  return table.entry(Math.max(0, table.rowOf(offset)));
}
