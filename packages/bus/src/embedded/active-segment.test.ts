import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync } from "node:fs";
import { test } from "node:test";
import { type LogDisk, NODE_DISK } from "./log-disk.ts";
import {
  append,
  brokenDisk,
  busError,
  filesOf,
  folderFor,
  lastOf,
  leftBehind,
  open,
  readAll,
} from "./segment-log.fixture.ts";

test("a segment is durable before the next one begins, and what nobody waits for is synced now and then", async (context) => {
  const folder = folderFor(context);
  const steps: string[] = [];
  let finish: (failure: Error | null) => void = () => {};
  const disk: LogDisk = {
    ...NODE_DISK,
    write: (file, bytes, position) => {
      steps.push(position === 0 ? "begin" : "write");
      return NODE_DISK.write(file, bytes, position);
    },
    sync: (file) => {
      steps.push("sync");
      NODE_DISK.sync(file);
    },
    syncLater: (_, synced) => {
      steps.push("sync later");
      finish = synced;
    },
  };
  const log = open(folder, { disk, segmentBytes: 25_000_000 });
  const at = log.partition({ topic: "ever", partition: 0 });
  const large = { key: null, value: "x".repeat(900_000), headers: {}, timestampMs: 0 };
  const write = (count: number): string => {
    steps.length = 0;
    for (let index = 0; index < count; index++) log.append(new Map([[at, [large]]]), false);
    return steps.join();
  };
  assert.equal(write(5), "write,write,write,write,write,sync later");
  assert.equal(write(3), "write,write,write", "one at a time");
  finish(null);
  assert.equal(write(1), "write", "five of the nine are durable");
  assert.equal(write(1), "write,sync later");
  finish(new Error("EIO: i/o error, fdatasync"));
  steps.length = 0;
  log.append(new Map([[at, [large]]]), true);
  assert.equal(steps.join(), "write,write,sync", "what may be lost is written anew");
  assert.doesNotMatch(write(17), /begin/);
  finish(null);
  assert.equal(
    write(1),
    "write,sync later",
    "it is long enough, and what is not durable yet too much to wait for",
  );
  finish(null);
  assert.equal(write(1), "sync,begin,sync,write");
  assert.match(write(40), /write,sync,begin,sync,write/, "nobody waits for ever for a slow disk");
  log.close();
});

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
  const sizeBefore = statSync(lastOf(folder)).size;
  disk.failsSync = true;
  for (let round = 0; round < 3; round++) {
    assert.throws(
      () => append(log, ["ever", "hour"], { sync: true }),
      busError("bus_outcome_unknown", /the event log .*\.segment could not be synced/),
    );
    assert.deepEqual(readAll(log), before);
    assert.equal(statSync(lastOf(folder)).size, sizeBefore);
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
