import { closeSync, openSync, readSync, statSync } from "node:fs";
import { BusError } from "../bus-error.ts";

/** A file shorter than SQLite's header says lost its end; with a write-ahead log beside it SQLite decides itself. */
export function refuseTornFile(path: string): void {
  const size = sizeOf(path);
  if (size === 0 || sizeOf(`${path}-wal`) > 0) return;
  const header = Buffer.alloc(100);
  const file = openSync(path, "r");
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  if (!header.toString("latin1").startsWith("SQLite format 3\0")) {
    throw new BusError("bus_refused", `${path} is not an event log, or its beginning is damaged`, {
      retryable: false,
    });
  }
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const expected = header.readUInt32BE(28) * pageBytes;
  if (size < expected) {
    throw new BusError(
      "bus_refused",
      `the event log ${path} is damaged: ${size} bytes of ${expected} are there`,
      {
        retryable: false,
      },
    );
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
