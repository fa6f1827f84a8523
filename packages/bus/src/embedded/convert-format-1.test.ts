import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { crc32 } from "node:zlib";
import { BusError } from "../bus-error.ts";
import { embeddedBus } from "./embedded-bus.ts";

/** A log as format 1 wrote it: two partitions, runs with headers by name and by record, a hint, a dropped beginning. */
function oldLog(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bus-format-1-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const database = new DatabaseSync(join(folder, "log.sqlite"));
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE topics (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, id TEXT NOT NULL, partitions INTEGER NOT NULL, retention_ms INTEGER NOT NULL) STRICT;
    CREATE TABLE partitions (number INTEGER PRIMARY KEY AUTOINCREMENT, topic_number INTEGER NOT NULL, partition INTEGER NOT NULL, earliest INTEGER NOT NULL) STRICT;
    CREATE TABLE runs (partition_number INTEGER NOT NULL, base INTEGER NOT NULL, count INTEGER NOT NULL, max_ms INTEGER NOT NULL, high_ms INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE UNIQUE INDEX runs_by_offset ON runs (partition_number, base);
    CREATE TABLE group_offsets (consumer_group TEXT NOT NULL, partition_number INTEGER NOT NULL, next_offset INTEGER NOT NULL, PRIMARY KEY (consumer_group, partition_number)) STRICT, WITHOUT ROWID;
    INSERT INTO topics VALUES (1, 't', 'the-id', 2, -1);
    INSERT INTO partitions VALUES (1, 1, 0, 4), (2, 1, 1, 0);
    INSERT INTO group_offsets VALUES ('g', 1, 6);
    PRAGMA application_id = ${0x424f5553};
    PRAGMA user_version = 1;
  `);
  const insert = database.prepare("INSERT INTO runs VALUES (?, ?, 2, ?, ?, ?)");
  for (let base = 4; base < 400; base += 2) insert.run(1, base, base, base, oldBody(base, true));
  for (let base = 0; base < 400; base += 2) insert.run(2, base, base, base, oldBody(base, false));
  database.close();
  return folder;
}

function oldBody(base: number, byName: boolean): Uint8Array {
  const texts = [base, base + 1].map((offset) => `ä${offset} ${"x".repeat(1_000)}`);
  const headers = byName ? { h: [["id", [`${base}`, `${base + 1}`]]] } : { r: [{ id: `${base}` }, {}] };
  const json = JSON.stringify({
    k: { all: null },
    t: [base, base],
    n: texts.map((text) => text.length),
    ...headers,
  });
  const body = Buffer.concat([Buffer.alloc(8), Buffer.from(json), Buffer.from(texts.join(""))]);
  body.writeUInt32BE(Buffer.byteLength(json), 4);
  body.writeUInt32BE(crc32(body.subarray(4)), 0);
  return body;
}

test("a log of format 1 is converted at start, once", async (context) => {
  const folder = oldLog(context);
  // A conversion that was stopped in the middle.
  writeFileSync(join(folder, "0000000003.segment"), "half of it");
  const lines: string[] = [];
  const options = { folder, segmentBytes: 50_000, notice: (line: string) => lines.push(line) };
  for (let start = 0; start < 2; start++) {
    const bus = embeddedBus(options);
    assert.equal(lines.length, 1);
    assert.deepEqual(await bus.topics(), [{ name: "t", id: "the-id", partitions: 2 }]);
    assert.deepEqual(await bus.offsets("t"), [
      { partition: 0, earliest: 4n, latest: 400n + BigInt(start) },
      { partition: 1, earliest: 0n, latest: 400n },
    ]);
    assert.deepEqual(await bus.committed("g"), [{ topic: "t", partition: 0, committed: 6n }]);
    for (const partition of [0, 1]) {
      const from = partition === 0 ? 4 : 0;
      const taken = (await bus.tail("t", partition, 400 + start)).slice(0, 400 - from);
      taken.forEach(({ value, headers, timestampMs, key, offset }, index) => {
        const at = from + index;
        assert.equal(value, `ä${at} ${"x".repeat(1_000)}`);
        assert.deepEqual(headers, partition === 0 || at % 2 === 0 ? { id: `${at}` } : {});
        assert.deepEqual([timestampMs, key, offset], [at - (at % 2), null, BigInt(at)]);
      });
      assert.equal(taken.length, 400 - from);
    }
    const more = [{ key: null, value: "more", headers: {}, timestampMs: 1 }];
    const [sent] = await bus.send([{ topic: "t", partition: 0, records: more }]);
    assert.equal(sent?.firstOffset, 400n + BigInt(start));
    await bus.close();
  }
  assert.ok(readdirSync(folder).some((name) => name.endsWith(".segment")));
  assert.ok(statSync(join(folder, "log.sqlite")).size < 100_000, "the table's space is given back");
});

test("damage in a log of format 1 is refused, and nothing is converted", (context) => {
  const folder = oldLog(context);
  const database = new DatabaseSync(join(folder, "log.sqlite"));
  database.exec("UPDATE runs SET body = CAST(body || 'x' AS BLOB) WHERE base = 40");
  database.close();
  for (let start = 0; start < 2; start++)
    assert.throws(
      () => embeddedBus({ folder }),
      (error) =>
        error instanceof BusError &&
        error.code === "bus_refused" &&
        /offset 40 on are damaged on disk/.test(error.message),
    );
});
