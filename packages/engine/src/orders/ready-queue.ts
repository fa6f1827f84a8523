/** Handles of orders that are to be activated, the lowest first. Adding and taking cost O(log n). */
export class ReadyQueue {
  readonly #heap: number[] = [];

  add(handle: number): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if ((heap[parent] as number) < handle) break;
      heap[place] = heap[parent] as number;
      place = parent;
    }
    heap[place] = handle;
  }

  /** The lowest handle of those that `isReady`; the others are forgotten. 0: none. */
  take(isReady: (handle: number) => boolean): number {
    while (this.#heap.length > 0) {
      const handle = this.#pop();
      if (isReady(handle)) return handle;
    }
    return 0;
  }

  #pop(): number {
    const heap = this.#heap;
    const first = heap[0] as number;
    const last = heap.pop() as number;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child++;
      if ((heap[child] as number) >= last) break;
      heap[place] = heap[child] as number;
      place = child;
    }
    if (heap.length > 0) heap[place] = last;
    return first;
  }
}
