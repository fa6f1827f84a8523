import { closeSync, openSync } from "node:fs";
import { tablesOfSealed } from "./load-segments.ts";
import type { RunTables } from "./run-table.ts";
import type { Segment } from "./segment-file.ts";

export interface SealedReader {
  readonly file: number;
  readonly tables: RunTables;
}

/** The files and tables of the segments that were read lately, opened as they are asked for. */
export class SealedReaders {
  readonly #most: number;
  readonly #open = new Map<Segment, SealedReader>();

  constructor(most: number) {
    this.#most = most;
  }

  of(segment: Segment): SealedReader {
    const known = this.#open.get(segment);
    if (known !== undefined) {
      // The one that was asked for last is the last to go.
      this.#open.delete(segment);
      this.#open.set(segment, known);
      return known;
    }
    const tables = tablesOfSealed(segment);
    const reader = { file: openSync(segment.path, "r"), tables };
    this.#open.set(segment, reader);
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size > this.#most) this.close(oldest);
    return reader;
  }

  close(segment: Segment): void {
    const reader = this.#open.get(segment);
    if (reader === undefined) return;
    this.#open.delete(segment);
    closeSync(reader.file);
  }

  closeAll(): void {
    for (const segment of [...this.#open.keys()]) this.close(segment);
  }
}
