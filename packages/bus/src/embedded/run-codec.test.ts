import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@bourse/base";
import { BusError } from "../bus-error.ts";
import type { OutgoingRecord } from "../port.ts";
import { ByteWriter } from "./byte-writer.ts";
import { frameBody, readFrame, writeFrame } from "./frame.ts";
import { decodeRun } from "./run-codec.ts";

const TEXTS = [
  "",
  "a",
  "order-events/3/1/42",
  "ä·🚀",
  '{"eventType":"OrderCreated"}',
  "\u0000",
  "x".repeat(3_000),
];
const AT = { topic: "t", partition: 3 };

test("what is written is read, in all shapes of keys, times and headers", () => {
  const seed = Number(process.hrtime.bigint() % 1_000_000n);
  const random = seededRandom(seed);
  const one = <T>(of: readonly T[]): T => of[random.below(of.length)] as T;
  const writer = new ByteWriter();
  for (let round = 0; round < 2_000; round++) {
    const sameKeys = random.below(2) === 0;
    const sameNames = random.below(2) === 0;
    const records = Array.from(
      { length: 1 + random.below(5) },
      (): OutgoingRecord => ({
        key: sameKeys ? "key" : one([null, ...TEXTS]),
        value: one(TEXTS),
        headers: Object.fromEntries(
          ["id", "epoch", "ä"]
            .filter(() => sameNames || random.below(2) === 0)
            .map((name) => [name, one(["1", ...TEXTS])]),
        ),
        timestampMs: one([0, 1_700_000_000_000, Number.MAX_SAFE_INTEGER]),
      }),
    );
    const maxMs = Math.max(...records.map(({ timestampMs }) => timestampMs));
    const run = {
      partition: 70_000,
      base: one([0, 2 ** 40]),
      records,
      maxMs,
      highMs: Number.MAX_SAFE_INTEGER,
    };
    if (random.below(3) === 0) writer.clear();
    const start = writer.end;
    const bytes = writeFrame(writer, run, 17);
    const written = Buffer.from(writer.written(start));
    const frame = readFrame(written, 0);
    const { partition, base, highMs } = run;
    assert.deepEqual(
      frame,
      { partition, base, count: records.length, maxMs, highMs, syncedTo: 17, bytes },
      `seed ${seed}`,
    );
    const read = decodeRun({ at: AT, base, count: records.length, maxMs, body: frameBody(written) });
    assert.deepEqual(
      read,
      records.map((record, index) => ({
        ...record,
        ...AT,
        offset: BigInt(base + index),
        decoded: undefined,
        read: undefined,
      })),
      `seed ${seed}`,
    );
  }
});

test("values of more than one piece are read as they were written", () => {
  const writer = new ByteWriter();
  const records = ["a", "ä€", "🙂"].map(
    (text): OutgoingRecord => ({ key: text, value: text.repeat(20_000), headers: { text }, timestampMs: 1 }),
  );
  writeFrame(writer, { partition: 1, base: 0, records, maxMs: 1, highMs: 1 }, 0);
  const read = decodeRun({ at: AT, base: 0, count: 3, maxMs: 1, body: frameBody(writer.written()) });
  assert.deepEqual(
    read.map(({ key, value, headers }) => ({ key, value, headers })),
    records.map(({ key, value, headers }) => ({ key, value, headers })),
  );
});

test("no flipped bit and no shorter frame is taken for whole", () => {
  const writer = new ByteWriter();
  const records = [{ key: null, value: "a value", headers: { id: "1" }, timestampMs: 5 }];
  writeFrame(writer, { partition: 1, base: 0, records, maxMs: 5, highMs: 5 }, 0);
  const whole = Buffer.from(writer.written());
  assert.notEqual(readFrame(whole, 0), undefined);
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    assert.equal(readFrame(damaged, 0), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < whole.length; length++)
    assert.equal(readFrame(whole.subarray(0, length), 0), undefined);
  assert.equal(readFrame(Buffer.alloc(1_000), 0), undefined);
});

test("a body whose lengths don't add up is refused", () => {
  const writer = new ByteWriter();
  const records = [{ key: null, value: "a value", headers: {}, timestampMs: 5 }];
  writeFrame(writer, { partition: 1, base: 0, records, maxMs: 5, highMs: 5 }, 0);
  const body = Buffer.concat([frameBody(writer.written()), Buffer.from("more")]);
  assert.throws(
    () => decodeRun({ at: AT, base: 0, count: 1, maxMs: 5, body }),
    (error) =>
      error instanceof BusError && error.code === "bus_refused" && /t\/3 from offset 0/.test(error.message),
  );
});
