import assert from "node:assert/strict";
import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  append,
  busError,
  filesOf,
  flip,
  folderFor,
  lastOf,
  leftBehind,
  open,
  readAll,
} from "./segment-log.fixture.ts";

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

test("an index that is damaged anywhere is made again", (context) => {
  const folder = folderFor(context);
  let log = open(folder);
  for (let round = 0; round < 30; round++) append(log, ["ever"]);
  const found = readAll(log);
  log.close();
  const [first = ""] = filesOf(folder, ".index");
  const whole = readFileSync(first);
  for (let position = 0; position < whole.length; position += 5) {
    flip(first, position);
    log = open(folder);
    const at = log.partition({ topic: "ever", partition: 1 });
    assert.equal(log.offsetAt(at, 1), at.next);
    assert.deepEqual(readAll(log), found, `byte ${position}`);
    log.close();
    assert.deepEqual(readFileSync(first), whole, `byte ${position}`);
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
    if (bytes % 2 === 0) appendFileSync(lastOf(torn), Buffer.alloc(5_000));
    const lines: string[] = [];
    let again = open(torn, { notice: (line) => lines.push(line) });
    assert.match(lines.join(), /the event log .*0000000001\.segment is torn at byte \d+: .* are cut away/);
    const before = readAll(again)["ever/1"];
    assert.equal(before, "0-12");
    append(again, ["ever"]);
    const killed = leftBehind(context, torn);
    again.close();
    again = open(killed, { notice: (line) => lines.push(line) });
    assert.equal(readAll(again)["ever/1"], "0-14");
    again.close();
    assert.equal(lines.length, 1, "nothing is left of it");
    rmSync(killed, { recursive: true });
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

test("a hint that outlived the end of the log is no further than the log", (context) => {
  const folder = folderFor(context);
  const log = open(folder, { segmentBytes: 1_000_000 });
  append(log, ["ever"], { sync: true });
  const { size } = statSync(lastOf(folder));
  append(log, ["ever"]);
  log.groupOffsets.set("g", log.partition({ topic: "ever", partition: 0 }), 4);
  log.flushHints();
  const left = leftBehind(context, folder);
  log.close();
  truncateSync(lastOf(left), size);
  const again = open(left);
  const at = again.partition({ topic: "ever", partition: 0 });
  assert.deepEqual([at.next, again.groupOffsets.all.get("g")?.get(at)], [2, 2]);
  again.close();
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
