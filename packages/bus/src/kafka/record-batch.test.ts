import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c, createRecordsBatch, Reader, readRecordsBatches } from "@platformatic/kafka";
import fc from "fast-check";
import type { BusRecord, OutgoingRecord } from "../port.ts";
import { decodeChunks } from "./chunk-decoder.ts";
import { decodeBatches, encodeBatch } from "./record-batch.ts";

const AT = { topic: "t", partition: 3 };
const DAY_MS = 86_400_000;

function record(value: string, timestampMs = 1_700_000_000_000): OutgoingRecord {
  return { key: "k", value, headers: { id: "t/3/1/1" }, timestampMs };
}

function sent({ key, value, headers, timestampMs }: BusRecord): OutgoingRecord {
  return { key, value, headers, timestampMs };
}

/** As the broker does it when it appends. */
function atOffset(batch: Buffer, offset: bigint): Buffer {
  const copy = Buffer.from(batch);
  copy.writeBigInt64BE(offset, 0);
  return copy;
}

test("any records come back as they were, times far apart and in any order too", () => {
  const text = fc.string({ unit: "binary", maxLength: 40 }).map((each) => each.toWellFormed());
  const anyRecord = fc.record(
    {
      key: fc.option(text, { nil: null }),
      value: text,
      headers: fc
        .dictionary(
          text.filter((name) => name !== "__proto__"),
          text,
          { maxKeys: 4 },
        )
        .map((headers) => ({ ...headers })),
      timestampMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 20 }), (records) => {
      const { records: decoded, nextOffset } = decodeBatches(AT, atOffset(encodeBatch(records), 100n), 100n);
      assert.deepEqual(decoded.map(sent), records);
      assert.deepEqual(
        decoded.map(({ offset }) => offset),
        records.map((_, index) => 100n + BigInt(index)),
      );
      assert.equal(nextOffset, 100n + BigInt(records.length));
    }),
  );
});

test("a value travels framed with the id of its schema where it has one, beside others that have none", () => {
  const value = '{"a":"zwei ü 🚀"}';
  const ids = [1, 0x7fff_ffff, undefined, 0x80c3_ff00];
  const records = ids.map((schemaId) =>
    schemaId === undefined ? record(value) : { ...record(value), schemaId },
  );
  const encoded = encodeBatch(records);
  const { records: decoded } = decodeBatches(AT, atOffset(encoded, 0n), 0n);
  assert.deepEqual(
    decoded.map(({ schemaId }) => schemaId),
    ids,
  );
  assert.deepEqual(
    decoded.map(sent),
    ids.map(() => record(value)),
  );
  const { chunks } = decodeChunks(AT, atOffset(encoded, 0n), { from: 0n, wanted: [] });
  assert.deepEqual(
    chunks.flatMap((chunk) => ids.map((_, index) => chunk.record(index).value)),
    ids.map(() => value),
  );
  assert.deepEqual(
    chunks.flatMap((chunk) => ids.map((_, index) => chunk.record(index).schemaId)),
    ids,
  );
  const [batch] = readRecordsBatches(Reader.from(encoded));
  const onWire = batch?.records.map((each) => each.value);
  assert.deepEqual(onWire?.[0], Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), Buffer.from(value)]));
  assert.deepEqual(onWire?.[2], Buffer.from(value));
});

test("what only begins like a frame is a value", () => {
  for (const value of ["\0", "\0abcd", "\0abcd[1]", ""]) {
    const [decoded] = decodeBatches(AT, atOffset(encodeBatch([record(value)]), 0n), 0n).records;
    assert.deepEqual([decoded?.value, decoded?.schemaId], [value, undefined]);
  }
  const framed = { ...record('{"a":"\ud800"}'), schemaId: 7 };
  const [decoded] = decodeBatches(AT, atOffset(encodeBatch([framed]), 0n), 0n).records;
  assert.equal(decoded?.schemaId, 7);
});

test("another implementation reads what is written here, and the other way round", () => {
  const records = [record("one"), { ...record("zwei ü 🚀"), key: null }, { ...record(""), headers: {} }];
  const [batch] = readRecordsBatches(Reader.from(encodeBatch(records)));
  assert.deepEqual(
    batch?.records.map(({ value }) => value?.toString()),
    ["one", "zwei ü 🚀", ""],
  );
  assert.deepEqual(
    batch?.records.map(({ key }) => key?.toString()),
    ["k", undefined, "k"],
  );
  assert.equal(batch?.firstTimestamp, 1_700_000_000_000n);
  for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
    const messages = ["a", "b"].map((value) => ({
      topic: "t",
      value: Buffer.from(value),
      timestamp: 5n,
      key: Buffer.from("k"),
    }));
    const foreign = createRecordsBatch(messages, { compression }).buffer;
    const { records: decoded } = decodeBatches(AT, foreign, 0n);
    assert.deepEqual(
      decoded.map(({ key, value, timestampMs }) => ({ key, value, timestampMs })),
      [
        { key: "k", value: "a", timestampMs: 5 },
        { key: "k", value: "b", timestampMs: 5 },
      ],
    );
  }
});

test("times that are months apart in one batch are exact", () => {
  const records = [0, 30, 300, -3000].map((days) => record("x", 1_700_000_000_000 + days * DAY_MS));
  const { records: decoded } = decodeBatches(AT, encodeBatch(records), 0n);
  assert.deepEqual(decoded.map(sent), records);
});

test("reading begins in the middle of a batch, and a batch that is cut off is left for the next reply", () => {
  const first = atOffset(encodeBatch([record("0"), record("1"), record("2")]), 0n);
  const second = atOffset(encodeBatch([record("3"), record("4")]), 3n);
  const reply = Buffer.concat([first, second.subarray(0, second.length - 1)]);
  const { records, nextOffset } = decodeBatches(AT, reply, 1n);
  assert.deepEqual(
    records.map(({ value }) => value),
    ["1", "2"],
  );
  assert.equal(nextOffset, 3n);
  assert.deepEqual(decodeBatches(AT, Buffer.alloc(0), 3n), { records: [], nextOffset: 3n, leaderEpoch: -1 });
});

test("marks of transactions move the offset and are no records", () => {
  const control = atOffset(encodeBatch([record("mark")]), 7n);
  control.writeInt16BE(1 << 5, 21);
  assert.throws(() => decodeBatches(AT, control, 7n), /checksum/);
  control.writeUInt32BE(crc32c(control.subarray(21)), 17);
  assert.deepEqual(decodeBatches(AT, control, 7n), { records: [], nextOffset: 8n, leaderEpoch: -1 });
});

test("a first batch that ends behind its reply is an error: brokers send that one whole", () => {
  const batch = encodeBatch([record("valuable")]);
  for (const length of [1, 40, batch.length - 1])
    assert.throws(() => decodeBatches(AT, batch.subarray(0, length), 0n), /its length is damaged/);
  for (const length of [0x7fff_ffff, batch.length - 11, batch.length - 13, 0, -1, -2_000_000_000]) {
    const damaged = Buffer.from(batch);
    damaged.writeInt32BE(length, 8);
    assert.throws(() => decodeBatches(AT, damaged, 0n), Error, `length ${length}`);
  }
});

test("damaged bytes are an error, never a record", () => {
  const batch = encodeBatch([record("valuable")]);
  for (let index = 21; index < batch.length; index++) {
    const damaged = Buffer.from(batch);
    damaged[index] = (damaged[index] ?? 0) ^ 0x10;
    assert.throws(() => decodeBatches(AT, damaged, 0n), Error, `byte ${index}`);
  }
});

for (const [what, spoil] of [
  ["is damaged", (batch: Buffer) => batch.writeUInt32BE(0, 17)],
  [
    "is compressed in an unknown way",
    (batch: Buffer) => {
      batch.writeInt16BE(7, 21);
      batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
    },
  ],
] as const)
  test(`what lies before a batch that ${what} is read, and the batch by itself is an error`, () => {
    const bad = atOffset(encodeBatch([record("3")]), 3n);
    spoil(bad);
    const good = [atOffset(encodeBatch([record("1")]), 1n), atOffset(encodeBatch([record("2")]), 2n)];
    const reply = Buffer.concat([...good, bad, atOffset(encodeBatch([record("4")]), 4n)]);
    for (let from = 1n; from < 3n; ) {
      const { records, nextOffset } = decodeBatches(AT, reply, from);
      const { chunks, nextOffset: ofChunks } = decodeChunks(AT, reply, { from, wanted: [] });
      assert.deepEqual(
        records.map(({ value, offset }) => [value, offset]),
        Array.from(records, (_, index) => [String(from + BigInt(index)), from + BigInt(index)]),
      );
      assert.deepEqual(
        chunks.flatMap((chunk) => Array.from(chunk.offsets.subarray(0, chunk.count), BigInt)),
        records.map(({ offset }) => offset),
      );
      assert.equal(ofChunks, nextOffset);
      assert.ok(nextOffset > from);
      from = nextOffset;
    }
    assert.throws(() => decodeBatches(AT, reply, 3n), /checksum|not known/);
    assert.throws(() => decodeChunks(AT, reply, { from: 3n, wanted: [] }), /checksum|not known/);
  });

test("bytes that are no UTF-8 are kept beside the text", () => {
  const value = Buffer.from([0x61, 0xff, 0x62]);
  const foreign = createRecordsBatch([{ topic: "t", value, timestamp: 0n }]).buffer;
  const [raw] = decodeBatches(AT, foreign, 0n).records;
  assert.equal(raw?.value, "a\uFFFDb");
  assert.deepEqual(raw?.rawValue, Uint8Array.from(value));
  const genuine = encodeBatch([record("a\uFFFDb")]);
  assert.equal(decodeBatches(AT, genuine, 0n).records[0]?.rawValue, undefined);
});

test("a record without a value is told from one whose value is empty", () => {
  const none = { topic: "t", timestamp: 0n } as Parameters<typeof createRecordsBatch>[0][number];
  const foreign = createRecordsBatch([none, { ...none, value: Buffer.alloc(0) }]).buffer;
  const { records } = decodeBatches(AT, foreign, 0n);
  const [chunk] = decodeChunks(AT, foreign, { from: 0n, wanted: [] }).chunks;
  for (const found of [records, records.map((_, index) => chunk?.record(index))])
    assert.deepEqual(
      found.map((each) => [each?.value, each?.rawValue]),
      [
        ["", null],
        ["", undefined],
      ],
    );
});

test("keys and headers that texts don't say are kept beside them, and only those", () => {
  const bytes = (...each: number[]): Buffer => Buffer.from(each);
  const of = (key: Buffer, headers: Map<Buffer, Buffer>) => ({
    topic: "t",
    key,
    value: bytes(0x7b, 0x7d),
    headers,
    timestamp: 0n,
  });
  const a = Buffer.from("a");
  const foreign = createRecordsBatch([
    of(bytes(0xff, 0x6b), new Map([[a, bytes(0xfe)]])),
    of(bytes(0x6b), new Map([[bytes(0xc0), a]])),
    of(
      bytes(0x6b),
      new Map([
        [a, a],
        [Buffer.from("a"), Buffer.from("b")],
      ]),
    ),
    of(Buffer.from("\uFFFD"), new Map([[Buffer.from("constructor"), Buffer.from("\uFFFD")]])),
    of(Buffer.from("k"), new Map([[Buffer.from("__proto__"), a]])),
  ]).buffer;
  const raw = (name: Buffer, value: Buffer) => ({
    name: Uint8Array.from(name),
    value: Uint8Array.from(value),
  });
  const { records } = decodeBatches(AT, foreign, 0n);
  const [chunk] = decodeChunks(AT, foreign, { from: 0n, wanted: [] }).chunks;
  for (const found of [records, records.map((_, index) => chunk?.record(index))]) {
    assert.deepEqual(
      found.map((each) => each?.rawKey),
      [Uint8Array.of(0xff, 0x6b), undefined, undefined, undefined, undefined],
    );
    assert.deepEqual(
      found.map((each) => each?.rawHeaders),
      [
        [raw(a, bytes(0xfe))],
        [raw(bytes(0xc0), a)],
        [raw(a, a), raw(a, Buffer.from("b"))],
        undefined,
        [raw(Buffer.from("__proto__"), a)],
      ],
    );
    assert.deepEqual(found[3]?.headers, { constructor: "\uFFFD" });
  }
});
