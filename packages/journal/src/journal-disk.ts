import { closeSync, fdatasyncSync, fsyncSync, openSync, renameSync, writevSync } from "node:fs";
import { dirname } from "node:path";

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

/** All of the buffers, also where the system takes them in parts. */
export function writeAll(
  disk: JournalDisk,
  file: number,
  buffers: readonly Uint8Array[],
  position: number,
): void {
  const total = buffers.reduce((sum, { length }) => sum + length, 0);
  let written = disk.write(file, buffers, position);
  if (written === total) return;
  const whole = Buffer.concat(buffers);
  while (written < total) written += disk.write(file, [whole.subarray(written)], position + written);
}

/** The file is there whole and durable, or it is not there. */
export function writeWhole(disk: JournalDisk, path: string, buffers: readonly Uint8Array[]): void {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, "w");
  try {
    writeAll(disk, file, buffers, 0);
    disk.sync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

function syncFolder(folder: string): void {
  const file = openSync(folder, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
