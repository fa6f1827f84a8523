import assert from "node:assert/strict";
import {
  appendFileSync,
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { seededRandom } from "@bourse/base";
import { BusError } from "../bus-error.ts";
import { EventLog, type EventLogOptions } from "./event-log.ts";
import { type LogDisk, NODE_DISK } from "./log-disk.ts";

const HOUR_MS = 3_600_000;
const TOPICS = [
  { name: "ever", partitions: 2, retentionMs: -1 },
  { name: "hour", partitions: 2, retentionMs: HOUR_MS },
];

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bus-segments-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function open(folder: string, more: Partial<EventLogOptions> = {}): EventLog {
  const log = new EventLog({ folder, recentBytes: 0, segmentBytes: 4_000, ...more });
  for (const topic of TOPICS) if (!log.topics.has(topic.name)) log.createTopic(topic);
  return log;
}

/** One append of a run of two to each partition that is named. */
function append(
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

function textAt(topic: string, partition: number, offset: number): string {
  return `${topic}/${partition}/${offset} ${"·".repeat(offset % 50)}`;
}

/** Reads everything that is retained, and that it is what was sent; how many of each partition. */
function readAll(log: EventLog): Record<string, string> {
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

function filesOf(folder: string, extension: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => join(folder, name));
}

function lastOf(folder: string): string {
  return filesOf(folder, ".segment").at(-1) ?? "";
}

/** What a stop by force leaves: the files as they are. */
function leftBehind(context: TestContext, folder: string): string {
  const copy = folderFor(context);
  cpSync(folder, copy, { recursive: true });
  return copy;
}

function flip(path: string, position: number): void {
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, position);
  writeSync(file, Buffer.from([byte.readUInt8(0) ^ 0x55]), 0, 1, position);
  closeSync(file);
}

function busError(code: string, pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof BusError && error.code === code && pattern.test(error.message);
}

test("many segments: all is there at once and after every start, with indexes and without", (context) => {
  const folder = folderFor(context);
  let log = open(folder);
  for (let round = 0; round < 100; round++) append(log, round % 3 === 0 ? ["ever"] : ["ever", "hour"]);
  const all = { "ever/0": "0-200", "ever/1": "0-200", "hour/0": "0-132", "hour/1": "0-132" };
  assert.deepEqual(readAll(log), all);
  const left = leftBehind(context, folder);
  log.close();
  assert.ok(filesOf(folder, ".segment").length > 8);
  assert.equal(filesOf(folder, ".index").length, filesOf(folder, ".segment").length - 1);
  for (const each of [folder, left]) {
    log = open(each);
    assert.deepEqual(readAll(log), all);
    append(log, ["ever", "hour"]);
    log.close();
    const [first = "", second = ""] = filesOf(each, ".index");
    rmSync(first);
    flip(second, 100);
    log = open(each);
    assert.deepEqual(readAll(log), {
      "ever/0": "0-202",
      "ever/1": "0-202",
      "hour/0": "0-134",
      "hour/1": "0-134",
    });
    log.close();
  }
});

test("a torn tail is cut away, told of, and written over", (context) => {
  const folder = folderFor(context);
  const log = open(folder, { segmentBytes: 1_000_000 });
  for (let round = 0; round < 5; round++) append(log, ["ever"]);
  append(log, ["ever"], { sync: true });
  const synced = statSync(lastOf(folder)).size;
  append(log, ["ever"]);
  const left = leftBehind(context, folder);
  log.close();

  for (let bytes = statSync(lastOf(left)).size - 1; bytes > synced; bytes -= 7) {
    const torn = leftBehind(context, left);
    truncateSync(lastOf(torn), bytes);
    // What a file system leaves where it had the length before the data.
    if (bytes % 2 === 0) appendFileSync(lastOf(torn), Buffer.alloc(100));
    const lines: string[] = [];
    let again = open(torn, { notice: (line) => lines.push(line) });
    assert.match(lines.join(), /the event log .*0000000001\.segment is torn at byte \d+: .* are cut away/);
    const before = readAll(again)["ever/1"];
    assert.equal(before, "0-12");
    append(again, ["ever"]);
    again.close();
    again = open(torn);
    assert.equal(readAll(again)["ever/1"], "0-14");
    again.close();
    rmSync(torn, { recursive: true });
  }
});

test("holes in what was never synced are torn; in what was synced they are damage, by file and byte", (context) => {
  const folder = folderFor(context);
  const log = open(folder, { segmentBytes: 1_000_000 });
  append(log, ["ever"], { sync: true });
  const firstSync = statSync(lastOf(folder)).size;
  for (let round = 0; round < 5; round++) append(log, ["ever"]);
  const unsynced = leftBehind(context, folder);
  append(log, ["ever"], { sync: true });
  append(log, ["ever"]);
  const synced = leftBehind(context, folder);
  log.close();

  flip(lastOf(unsynced), firstSync + 60);
  const lines: string[] = [];
  const cut = open(unsynced, { notice: (line) => lines.push(line) });
  assert.match(lines.join(), new RegExp(`torn at byte ${firstSync}`));
  assert.equal(readAll(cut)["ever/0"], "0-2");
  cut.close();

  const refused = new RegExp(
    `damaged: what begins at byte ${firstSync} is not whole, and was durable before byte`,
  );
  flip(lastOf(synced), firstSync + 60);
  assert.throws(() => open(synced), busError("bus_refused", refused));
});

test("what was closed is all durable: damage, a lost end and lost files are refused", (context) => {
  const folder = folderFor(context);
  const log = open(folder);
  for (let round = 0; round < 30; round++) append(log, ["ever"]);
  log.close();
  const refused = (damage: (copy: string) => void, pattern: RegExp): void => {
    const copy = leftBehind(context, folder);
    damage(copy);
    assert.throws(() => open(copy), busError("bus_refused", pattern));
  };
  const { size } = statSync(lastOf(folder));
  refused(
    (copy) => flip(lastOf(copy), size - 1),
    /0*\d+\.segment is damaged: what begins at byte \d+ is not whole/,
  );
  refused((copy) => flip(lastOf(copy), 3), /damaged: its beginning/);
  refused(
    (copy) => truncateSync(lastOf(copy), size - 1),
    new RegExp(`${size - 1} bytes of ${size} are there`),
  );
  refused((copy) => rmSync(lastOf(copy)), /damaged: it is missing/);
  const [first = "", second = ""] = filesOf(folder, ".segment").map((path) => path.slice(folder.length));
  refused((copy) => rmSync(copy + first), /offset 0 to \d+ are missing/);
  refused((copy) => rmSync(copy + second), /from offset \d+ to \d+ are missing/);
  refused((copy) => flip(copy + second, 3), /damaged: its beginning/);
  refused((copy) => truncateSync(copy + second, 1_000), /what begins at byte \d+ is not whole/);
});

test("damage in the middle is found by who reads it", (context) => {
  const folder = folderFor(context);
  let log = open(folder);
  for (let round = 0; round < 30; round++) append(log, ["ever"]);
  log.close();
  flip(filesOf(folder, ".segment")[1] ?? "", 200);
  log = open(folder);
  const at = log.partition({ topic: "ever", partition: 0 });
  assert.throws(
    () => readAll(log),
    busError("bus_refused", /0000000002\.segment.*at byte \d+ are damaged on disk/),
  );
  assert.equal(log.runAt(at, at.next - 1)?.records.length, 2);
  log.close();
});

test("a segment that was being made when all stopped is made anew", (context) => {
  const folder = folderFor(context);
  const log = open(folder);
  for (let round = 0; round < 30; round++) append(log, ["ever"]);
  const left = leftBehind(context, folder);
  log.close();
  const number = filesOf(left, ".segment").length + 1;
  writeFileSync(join(left, `${String(number).padStart(10, "0")}.segment`), Buffer.alloc(10));
  const again = open(left);
  append(again, ["ever"]);
  assert.equal(readAll(again)["ever/0"], "0-62");
  again.close();
});

test("retention gives the disk back: what is dead goes, what is mostly dead is written anew beside appends", async (context) => {
  const folder = folderFor(context);
  let log = open(folder, { segmentBytes: 8_000 });
  const random = seededRandom(7);
  let ms = 0;
  let longest = 0;
  for (let round = 0; round < 600; round++) {
    ms += HOUR_MS / 40;
    // A little is kept for ever beside much that is kept for an hour.
    append(log, random.below(20) === 0 ? ["ever", "hour"] : ["hour"], { ms });
    if (round % 20 !== 19) continue;
    log.dropExpired(ms);
    const reclaiming = log.reclaim();
    append(log, ["hour"], { ms });
    await reclaiming;
    const found = readAll(log);
    longest = Math.max(longest, bytesOf(folder));
    if (round % 100 === 99) {
      const left = leftBehind(context, folder);
      log.close();
      for (const each of [folder, left]) {
        log = open(each, { segmentBytes: 8_000 });
        assert.deepEqual(readAll(log), found);
        log.close();
      }
      log = open(folder, { segmentBytes: 8_000 });
    }
  }
  const { partitions } = log.topic("hour");
  assert.ok(partitions.every(({ earliest, next }) => next > 1_200 && next - earliest < 100));
  // Of half a megabyte. Where only dead segments go it is 130,000.
  assert.ok(longest < 60_000, `${longest} bytes`);
  assert.ok(filesOf(folder, ".segment").length < 16, `${filesOf(folder, ".segment").length} segments`);
  log.close();
});

function bytesOf(folder: string): number {
  return filesOf(folder, ".segment").reduce((sum, path) => sum + statSync(path).size, 0);
}

test("a stop between a merge and the removal of what was merged leaves each record once", async (context) => {
  const folder = folderFor(context);
  const log = open(folder);
  let ms = 0;
  for (let round = 0; round < 60; round++) {
    ms += HOUR_MS / 10;
    append(log, round % 10 === 0 ? ["ever", "hour"] : ["hour"], { ms });
  }
  log.dropExpired(ms);
  const before = leftBehind(context, folder);
  await log.reclaim();
  const found = readAll(log);
  const left = leftBehind(context, folder);
  log.close();
  const merged = filesOf(before, ".segment").filter(
    (path) => !filesOf(left, ".segment").includes(path.replace(before, left)),
  );
  assert.ok(merged.length > 1);
  for (const path of merged) cpSync(path, path.replace(before, left));
  writeFileSync(join(left, "0000000001.segment.tmp"), "half a merge");
  const again = open(left);
  assert.deepEqual(readAll(again), found);
  assert.deepEqual(filesOf(left, ".tmp"), []);
  await again.reclaim();
  assert.deepEqual(readAll(again), found);
  assert.equal(filesOf(left, ".segment").length, filesOf(folder, ".segment").length);
  again.close();
});

test("the segments of a deleted topic go", async (context) => {
  const folder = folderFor(context);
  let log = open(folder);
  for (let round = 0; round < 60; round++) append(log, round === 30 ? ["ever", "hour"] : ["hour"]);
  log.deleteTopic("hour");
  await log.reclaim();
  assert.equal(filesOf(folder, ".segment").length, 2);
  log.close();
  log = open(folder);
  assert.deepEqual(readAll(log), { "ever/0": "0-2", "ever/1": "0-2", "hour/0": "0-0", "hour/1": "0-0" });
  log.close();
});

/** A disk that does as it is told. */
function brokenDisk(): LogDisk & {
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

test("a full disk: what fits in part is cut away, senders may try again, and the log goes on", (context) => {
  const folder = folderFor(context);
  const disk = brokenDisk();
  let log = open(folder, { disk });
  append(log, ["ever"]);
  const full = busError("bus_unavailable", /the event log .*\.segment can't be used: ENOSPC/);
  for (let round = 0; round < 60; round++) {
    const last = lastOf(folder);
    const { size } = statSync(last);
    disk.failsTruncate = round % 3 === 0;
    disk.writeBytes = round % 130;
    assert.throws(() => append(log, ["ever", "hour"], { sync: round % 2 === 0 }), full);
    if (!disk.failsTruncate) assert.equal(statSync(last).size, size);
    const left = leftBehind(context, folder);
    disk.writeBytes = Number.POSITIVE_INFINITY;
    disk.failsTruncate = false;
    append(log, ["ever", "hour"]);
    const after = open(left);
    assert.equal(readAll(after)["hour/0"], `0-${round * 2}`);
    after.close();
    rmSync(left, { recursive: true });
  }
  const found = readAll(log);
  assert.equal(found["ever/0"], "0-122");
  log.close();
  log = open(folder);
  assert.deepEqual(readAll(log), found);
  log.close();
});

test("a sync that fails: the outcome is unknown, nothing of it is read, and what came before is written anew", (context) => {
  const folder = folderFor(context);
  const disk = brokenDisk();
  let log = open(folder, { disk, segmentBytes: 1_000_000 });
  append(log, ["ever"], { sync: true });
  const { size } = statSync(lastOf(folder));
  append(log, ["ever"]);
  const before = readAll(log);
  disk.failsSync = true;
  for (let round = 0; round < 3; round++) {
    assert.throws(
      () => append(log, ["ever", "hour"], { sync: true }),
      busError("bus_outcome_unknown", /the event log .*\.segment could not be synced/),
    );
    assert.deepEqual(readAll(log), before);
  }
  disk.failsSync = false;
  disk.written.length = 0;
  append(log, ["ever", "hour"], { sync: true });
  assert.ok(disk.written.includes(size), `from byte ${size} on, not only ${disk.written}`);
  const found = readAll(log);
  assert.deepEqual(found, { "ever/0": "0-6", "ever/1": "0-6", "hour/0": "0-2", "hour/1": "0-2" });
  log.close();
  log = open(folder);
  assert.deepEqual(readAll(log), found);
  log.close();
});

test("a disk that is full when a segment ends: the log goes on in the next one when there is room", (context) => {
  const folder = folderFor(context);
  const disk = brokenDisk();
  const log = open(folder, { disk });
  while (statSync(lastOf(folder)).size < 4_000) append(log, ["ever"]);
  const before = readAll(log);
  disk.writeBytes = 5;
  assert.throws(() => append(log, ["ever"]), busError("bus_unavailable", /ENOSPC/));
  assert.throws(() => append(log, ["ever"]), busError("bus_unavailable", /ENOSPC/));
  assert.equal(filesOf(folder, ".segment").length, 1);
  assert.deepEqual(readAll(log), before);
  disk.writeBytes = Number.POSITIVE_INFINITY;
  append(log, ["ever"]);
  assert.equal(filesOf(folder, ".segment").length, 2);
  assert.equal(readFileSync(lastOf(folder), "latin1").slice(0, 8), "BOURSLOG");
  log.close();
});
