import { fdatasyncSync, writevSync } from "node:fs";
import { makeWhole } from "@bourse/disk";

/** What the journal needs of a disk that may refuse (R16). */
export interface JournalDisk {
  /** Writes as many bytes as it can; how many. */
  write(file: number, buffers: readonly Uint8Array[], position: number): number;
  /** Returns once the bytes of the file, and what it takes to find them, are durable. */
  sync(file: number): void;
}

export const NODE_DISK: JournalDisk = {
  write: (file, buffers, position) => writevSync(file, buffers, position),
  sync: (file) => fdatasyncSync(file),
};

/**
 * Writes at least the first `needed` bytes of the buffers, also where the system takes them in parts; how many it wrote.
 * Throws what the system says when it takes no more before that.
 */
export function writeAll(
  disk: JournalDisk,
  file: number,
  buffers: readonly Uint8Array[],
  { position, needed }: { readonly position: number; readonly needed: number },
): number {
  let written = disk.write(file, buffers, position);
  if (written >= needed) return written;
  const whole = Buffer.concat(buffers).subarray(0, needed);
  while (written < needed) written += disk.write(file, [whole.subarray(written)], position + written);
  return written;
}

/** What a file is called until it is whole. */
export const UNFINISHED = ".tmp";

/** The file is there whole and durable, or it is not there, and takes no room. */
export function writeWhole(disk: JournalDisk, path: string, buffers: readonly Uint8Array[]): void {
  makeWhole(path, `${path}${UNFINISHED}`, (file) => {
    const needed = buffers.reduce((sum, { length }) => sum + length, 0);
    writeAll(disk, file, buffers, { position: 0, needed });
    disk.sync(file);
  });
}
