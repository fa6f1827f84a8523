import type { FrameHead } from "./frame.ts";

/** Where a run lies in its segment. */
export interface RunEntry extends Omit<FrameHead, "partition"> {
  readonly position: number;
  readonly bytes: number;
}

/** base, count, maxMs, highMs, position, bytes. */
const COLUMNS = 6;
const FIRST_ROWS = 16;

/** The runs of one partition in one segment, in the order of their offsets: numbers in one array, 48 bytes a run. */
export class RunTable {
  #cells: Float64Array;
  #rows: number;

  constructor(cells: Float64Array = new Float64Array(FIRST_ROWS * COLUMNS), rows = 0) {
    this.#cells = cells;
    this.#rows = rows;
  }

  /** Of the cells of so many rows that were written once. */
  static of(cells: Float64Array): RunTable {
    return new RunTable(cells, cells.length / COLUMNS);
  }

  get rows(): number {
    return this.#rows;
  }

  get cells(): Float64Array {
    return this.#cells.subarray(0, this.#rows * COLUMNS);
  }

  add({ base, count, maxMs, highMs, position, bytes }: RunEntry): void {
    const at = this.#rows * COLUMNS;
    if (at === this.#cells.length) {
      const grown = new Float64Array(Math.max(FIRST_ROWS * COLUMNS, at * 2));
      grown.set(this.#cells);
      this.#cells = grown;
    }
    const cells = this.#cells;
    cells[at] = base;
    cells[at + 1] = count;
    cells[at + 2] = maxMs;
    cells[at + 3] = highMs;
    cells[at + 4] = position;
    cells[at + 5] = bytes;
    this.#rows++;
  }

  entry(row: number): RunEntry {
    const at = row * COLUMNS;
    const cells = this.#cells;
    return {
      base: cells[at] ?? 0,
      count: cells[at + 1] ?? 0,
      maxMs: cells[at + 2] ?? 0,
      highMs: cells[at + 3] ?? 0,
      position: cells[at + 4] ?? 0,
      bytes: cells[at + 5] ?? 0,
    };
  }

  /** The row of the last run that begins at or before an offset; -1: none does. */
  rowOf(offset: number): number {
    let low = 0;
    let high = this.#rows;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#cells[middle * COLUMNS] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The runs of a segment by their partition's number. */
export type RunTables = Map<number, RunTable>;

export function addRun(tables: RunTables, partition: number, entry: RunEntry): void {
  let table = tables.get(partition);
  if (table === undefined) {
    table = new RunTable();
    tables.set(partition, table);
  }
  table.add(entry);
}

/** What a segment has of one partition, in a few numbers. */
export interface Extent {
  readonly first: number;
  /** The offset behind the last. */
  end: number;
  maxMs: number;
  highMs: number;
  bytes: number;
}

export function extentOf(table: RunTable): Extent {
  let maxMs = 0;
  let bytes = 0;
  for (let row = 0; row < table.rows; row++) {
    const entry = table.entry(row);
    maxMs = Math.max(maxMs, entry.maxMs);
    bytes += entry.bytes;
  }
  const last = table.entry(table.rows - 1);
  return {
    first: table.entry(0).base,
    end: last.base + last.count,
    maxMs,
    highMs: last.highMs,
    bytes,
  };
}
