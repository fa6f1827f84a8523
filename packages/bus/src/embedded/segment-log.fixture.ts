import assert from "node:assert/strict";
import { closeSync, cpSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { BusError } from "../bus-error.ts";
import { EventLog, type EventLogOptions } from "./event-log.ts";
import { type LogDisk, NODE_DISK } from "./log-disk.ts";

export const HOUR_MS = 3_600_000;
const TOPICS = [
  { name: "ever", partitions: 2, retentionMs: -1 },
  { name: "hour", partitions: 2, retentionMs: HOUR_MS },
];

export function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bus-segments-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function open(folder: string, more: Partial<EventLogOptions> = {}): EventLog {
  const log = new EventLog({ folder, recentBytes: 0, segmentBytes: 4_000, ...more });
  for (const topic of TOPICS) if (!log.topics.has(topic.name)) log.createTopic(topic);
  return log;
}

/** One append of a run of two to each partition that is named. */
export function append(
  log: EventLog,
  names: readonly string[],
  { ms = 0, sync = false }: { readonly ms?: number; readonly sync?: boolean } = {},
): void {
  const partitions = names.flatMap((name) => log.topic(name).partitions);
  const appends = partitions.map((at) => {
    const values = [at.next, at.next + 1].map((offset) => textAt(at.topic, at.partition, offset));
    return [
      at,
      values.map((value) => ({ key: "k", value, headers: { id: value }, timestampMs: ms })),
    ] as const;
  });
  log.append(new Map(appends), sync);
}

export function textAt(topic: string, partition: number, offset: number): string {
  return `${topic}/${partition}/${offset} ${"·".repeat(offset % 50)}`;
}

/** Reads everything that is retained, and that it is what was sent; how many of each partition. */
export function readAll(log: EventLog): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { partitions } of log.topics.values()) {
    for (const at of partitions) {
      let offset = at.earliest;
      for (let run = log.runAt(at, offset); run !== undefined; run = log.runAt(at, offset)) {
        for (const record of run.records.slice(offset - run.base)) {
          assert.equal(record.value, textAt(at.topic, at.partition, offset));
          assert.deepEqual([record.headers, record.offset], [{ id: record.value }, BigInt(offset)]);
          offset++;
        }
      }
      assert.equal(offset, at.next);
      found[`${at.topic}/${at.partition}`] = `${at.earliest}-${at.next}`;
    }
  }
  return found;
}

export function filesOf(folder: string, extension: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => join(folder, name));
}

export function lastOf(folder: string): string {
  return filesOf(folder, ".segment").at(-1) ?? "";
}

/** What a stop by force leaves: the files as they are. */
export function leftBehind(context: TestContext, folder: string): string {
  const copy = folderFor(context);
  cpSync(folder, copy, { recursive: true });
  return copy;
}

export function overwrite(path: string, position: number, bytes: Uint8Array): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, position);
  closeSync(file);
}

export function flip(path: string, position: number): void {
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, position);
  writeSync(file, Buffer.from([byte.readUInt8(0) ^ 0x55]), 0, 1, position);
  closeSync(file);
}

export function busError(code: string, pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof BusError && error.code === code && pattern.test(error.message);
}

/** A disk that does as it is told. */
export function brokenDisk(): LogDisk & {
  writeBytes: number;
  failsSync: boolean;
  failsTruncate: boolean;
  written: number[];
} {
  const disk = {
    ...NODE_DISK,
    writeBytes: Number.POSITIVE_INFINITY,
    failsSync: false,
    failsTruncate: false,
    written: [] as number[],
    write: (file: number, bytes: Uint8Array, position: number): number => {
      if (disk.writeBytes === 0) throw new Error("ENOSPC: no space left on device, write");
      const part = bytes.subarray(0, disk.writeBytes);
      disk.writeBytes -= part.length;
      disk.written.push(position);
      return NODE_DISK.write(file, part, position);
    },
    sync: (file: number): void => {
      if (disk.failsSync) throw new Error("EIO: i/o error, fdatasync");
      NODE_DISK.sync(file);
    },
    truncate: (file: number, bytes: number): void => {
      if (disk.failsTruncate) throw new Error("EIO: i/o error, ftruncate");
      NODE_DISK.truncate(file, bytes);
    },
  };
  return disk;
}
