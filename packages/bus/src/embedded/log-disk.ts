import { fdatasync, fdatasyncSync, ftruncateSync, writeSync } from "node:fs";

/** What the log needs of a disk that may refuse (R16). Files are descriptors. */
export interface LogDisk {
  /** Writes as many bytes as it can; how many. */
  write(file: number, bytes: Uint8Array, position: number): number;
  /** Returns once the bytes of the file, and what it takes to find them, are durable. */
  sync(file: number): void;
  /** The same without anybody waiting: `synced` is told of the failure, or null. */
  syncLater(file: number, synced: (failure: Error | null) => void): void;
  truncate(file: number, bytes: number): void;
}

export const NODE_DISK: LogDisk = {
  write: (file, bytes, position) => writeSync(file, bytes, 0, bytes.length, position),
  sync: (file) => fdatasyncSync(file),
  syncLater: (file, synced) => fdatasync(file, synced),
  truncate: (file, bytes) => ftruncateSync(file, bytes),
};

/** Writes all of it, also where the system takes it in parts. */
export function writeAll(disk: LogDisk, file: number, bytes: Uint8Array, position: number): void {
  let written = disk.write(file, bytes, position);
  while (written < bytes.length) written += disk.write(file, bytes.subarray(written), position + written);
}
