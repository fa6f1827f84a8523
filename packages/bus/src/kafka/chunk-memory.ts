const SMALLEST_BYTES = 64 * 1024;
/** What nobody uses at the moment is kept up to so much. */
const MAX_FREE_BYTES = 6_000_000;

/**
 * Memory for the bytes of replies, used again and again. Fresh memory for each reply would be cleared page by page by the
 * system, and given back only when the garbage collector comes to it: at hundreds of megabytes a second both cost more
 * than all that is done with the bytes.
 */
export class ChunkMemory {
  /** By their size, which is a power of two. */
  readonly #free = new Map<number, Buffer[]>();
  #freeBytes = 0;

  /** At least so many bytes, with anything in them. */
  take(bytes: number): Buffer {
    const size = sizeFor(bytes);
    const free = this.#free.get(size)?.pop();
    if (free === undefined) return Buffer.allocUnsafeSlow(size);
    this.#freeBytes -= size;
    return free;
  }

  /** What `take` has given. Nobody may look at it any more. */
  giveBack(memory: Buffer): void {
    const size = memory.length;
    if (this.#freeBytes + size > MAX_FREE_BYTES) return;
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [memory]);
    else free.push(memory);
    this.#freeBytes += size;
  }
}

function sizeFor(bytes: number): number {
  let size = SMALLEST_BYTES;
  while (size < bytes) size *= 2;
  return size;
}
