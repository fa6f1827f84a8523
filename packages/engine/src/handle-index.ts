import { NONE } from "./slots.ts";

/**
 * From order handle to slot: open addressing with linear probing, and deletion by shifting back, so that there are no
 * tombstones to gather. Handles are positive safe integers; 0 marks an empty cell.
 */
export class HandleIndex {
  #mask = 2047;
  #handles: Float64Array = new Float64Array(this.#mask + 1);
  #slots: Int32Array = new Int32Array(this.#mask + 1);
  #size = 0;

  get(handle: number): number {
    let cell = cellOf(handle) & this.#mask;
    for (;;) {
      const found = this.#handles[cell] as number;
      if (found === handle) return this.#slots[cell] as number;
      if (found === 0) return NONE;
      cell = (cell + 1) & this.#mask;
    }
  }

  /** The handle must not be there yet. */
  set(handle: number, slot: number): void {
    if (this.#size * 2 > this.#mask) this.#grow();
    this.#size++;
    this.#put(handle, slot);
  }

  /** The handle must be there. */
  delete(handle: number): void {
    let hole = cellOf(handle) & this.#mask;
    while (this.#handles[hole] !== handle) hole = (hole + 1) & this.#mask;
    this.#size--;
    let cell = hole;
    for (;;) {
      cell = (cell + 1) & this.#mask;
      const moved = this.#handles[cell] as number;
      if (moved === 0) break;
      const home = cellOf(moved) & this.#mask;
      if (((cell - home) & this.#mask) < ((cell - hole) & this.#mask)) continue;
      this.#handles[hole] = moved;
      this.#slots[hole] = this.#slots[cell] as number;
      hole = cell;
    }
    this.#handles[hole] = 0;
  }

  #put(handle: number, slot: number): void {
    let cell = cellOf(handle) & this.#mask;
    while (this.#handles[cell] !== 0) cell = (cell + 1) & this.#mask;
    this.#handles[cell] = handle;
    this.#slots[cell] = slot;
  }

  #grow(): void {
    const handles = this.#handles;
    const slots = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#handles = new Float64Array(this.#mask + 1);
    this.#slots = new Int32Array(this.#mask + 1);
    for (let cell = 0; cell < handles.length; cell++) {
      const handle = handles[cell] as number;
      if (handle !== 0) this.#put(handle, slots[cell] as number);
    }
  }
}

function cellOf(handle: number): number {
  const mixed = Math.imul(handle | 0, 0x9e3779b1) ^ Math.floor(handle / 4_294_967_296);
  return mixed ^ (mixed >>> 15);
}
