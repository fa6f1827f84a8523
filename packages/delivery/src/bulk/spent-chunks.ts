import type { ChunkSlice, RecordChunk } from "@bourse/bus";

/** Chunks that are taken to their end, until nobody looks at them any more. */
export class SpentChunks {
  #chunks: RecordChunk[] = [];

  /**
   * A batch of these slices, so many records after all, is prepared, and what was taken before it is committed. A program
   * looks back at the last batch that was not empty, and no further.
   */
  prepared(slices: readonly ChunkSlice[], count: number): void {
    if (count > 0) {
      for (const chunk of this.#chunks) chunk.release();
      this.#chunks = [];
    }
    for (const { chunk, to } of slices) if (to === chunk.count) this.#chunks.push(chunk);
  }
}
