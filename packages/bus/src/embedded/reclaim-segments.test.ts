import assert from "node:assert/strict";
import { cpSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom } from "@bourse/base";
import { append, filesOf, folderFor, HOUR_MS, leftBehind, open, readAll } from "./segment-log.fixture.ts";

test("retention keeps what is exactly as old as the topic keeps it", (context) => {
  const log = open(folderFor(context));
  for (const ms of [1_000, 1_001, 1_002]) append(log, ["hour"], { ms });
  const at = log.partition({ topic: "hour", partition: 0 });
  const earliest = (nowMs: number): number => {
    log.dropExpired(() => nowMs);
    return at.earliest;
  };
  assert.deepEqual([1_000, 1_001, 1_002, 1_003].map(earliest), [0, 2, 4, 6]);
  log.close();
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
    log.dropExpired((retentionMs) => ms - retentionMs);
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
  log.dropExpired((retentionMs) => ms - retentionMs);
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
