import { NONE as NO_SLOT } from "../slots.ts";
import { LINE } from "./order-line.ts";

/** A module's own constant folds; an imported one is loaded and checked wherever it is used. */
const NONE = NO_SLOT;

const HANDLE = LINE.HANDLE;

/** Where the lines of the orders are; it may move. */
export interface OrderLines {
  readonly f64: Float64Array;
}

/**
 * From order handle to slot: open addressing with linear probing, and deletion by shifting back, so that there are no
 * tombstones to gather. A cell is the handle's low 32 bits and the slot plus one, 0 while empty; the order's own line
 * decides between handles of equal low bits. Handles are sequences: eight neighbours share a cache line, and only the
 * rest of the handle is mixed, so that old orders that stay don't form a wall.
 */
export class HandleIndex {
  readonly #lines: OrderLines;
  /** Cells are open to the plain lane, which does `set`'s and `get`'s work in its own loops. */
  mask = 4095;
  cells: Int32Array = new Int32Array((this.mask + 1) * 2);
  #size = 0;

  constructor(lines: OrderLines) {
    this.#lines = lines;
  }

  get(handle: number): number {
    const cells = this.cells;
    const mask = this.mask;
    const key = handle | 0;
    let cell = homeOf(key) & mask;
    for (;;) {
      const slot = (cells[(cell << 1) | 1] as number) - 1;
      if (slot === -1) return NONE;
      if (cells[cell << 1] === key && this.#lines.f64[(slot << 3) | HANDLE] === handle) return slot;
      cell = (cell + 1) & mask;
    }
  }

  /** The handle must not be there yet. */
  set(handle: number, slot: number): void {
    this.reserve();
    this.#put(handle | 0, slot + 1);
  }

  /** Counts one more handle and makes room for it. */
  reserve(): void {
    if (++this.#size * 2 > this.mask) this.#grow();
  }

  /** The handle must be there. */
  delete(handle: number, slot: number): void {
    const cells = this.cells;
    const mask = this.mask;
    let hole = homeOf(handle | 0) & mask;
    while (cells[(hole << 1) | 1] !== slot + 1) hole = (hole + 1) & mask;
    this.deleteAt(hole);
  }

  /** Empties a full cell, and moves what was pushed on by it. */
  deleteAt(full: number): void {
    const cells = this.cells;
    const mask = this.mask;
    let hole = full;
    this.#size--;
    let cell = hole;
    for (;;) {
      cell = (cell + 1) & mask;
      const moved = cells[(cell << 1) | 1] as number;
      if (moved === 0) break;
      const key = cells[cell << 1] as number;
      const home = homeOf(key) & mask;
      if (((cell - home) & mask) < ((cell - hole) & mask)) continue;
      cells[hole << 1] = key;
      cells[(hole << 1) | 1] = moved;
      hole = cell;
    }
    cells[(hole << 1) | 1] = 0;
  }

  #put(key: number, value: number): void {
    const cells = this.cells;
    const mask = this.mask;
    let cell = homeOf(key) & mask;
    while (cells[(cell << 1) | 1] !== 0) cell = (cell + 1) & mask;
    cells[cell << 1] = key;
    cells[(cell << 1) | 1] = value;
  }

  #grow(): void {
    const cells = this.cells;
    this.mask = this.mask * 2 + 1;
    this.cells = new Int32Array((this.mask + 1) * 2);
    for (let at = 0; at < cells.length; at += 2) {
      const value = cells[at + 1] as number;
      if (value !== 0) this.#put(cells[at] as number, value);
    }
  }
}

export function homeOf(key: number): number {
  const mixed = Math.imul(key >>> 3, 0x9e3779b1);
  return ((mixed ^ (mixed >>> 15)) << 3) | (key & 7);
}
