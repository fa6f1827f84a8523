import assert from "node:assert/strict";
import { test } from "node:test";
import { type BusRecord, MAX_VALUE_BYTES, type OutgoingRecord } from "@bourse/bus";
import { type DeadLettered, deadLetterTopic, type EventOf } from "@bourse/contracts";
import { createContracts } from "./contract-check.ts";
import { deadLetters, parkedRows } from "./dead-letter.ts";
import { DecodeError } from "./decode.ts";
import { numberRuns, planRuns } from "./outbox.ts";
import { recordsOfSlice } from "./outgoing-records.ts";
import { noQueues, type Parking } from "./parking.ts";
import { commands } from "./testing/fixtures.ts";

const contracts = createContracts("wallet", [deadLetterTopic(commands)], true);

/** The copy that a relay would send of a record that can't be read. */
function copyOf(what: Partial<BusRecord>): OutgoingRecord {
  const record: BusRecord = {
    topic: commands.name,
    partition: 0,
    offset: 7n,
    key: "k",
    value: "no JSON",
    headers: { who: "nobody" },
    timestampMs: 1_700_000_000_000,
    ...what,
  };
  const at: Parking["at"] = {
    topic: commands.name,
    partition: 0,
    topicId: "id",
    marks: new Map(),
    mayLieBefore: false,
    nextOffset: null,
    queues: noQueues(),
  };
  const error = new DecodeError(record, "the value is not JSON");
  const failure = { code: error.code, error, attempts: 1, firstFailedMs: null };
  const parking: Parking = { at, record, envelope: null, number: null, queue: null, failure };
  const rows = parkedRows({ parkings: [parking] }, 1_700_000_000_000);
  const planned = planRuns(contracts, deadLetters("settle", rows, new Map([[commands.name, commands]])));
  const [{ topic, partition } = { topic: "", partition: 0 }] = planned;
  const numbered = [{ topic, partition, epoch: 1, first_sequence: 1, time_ms: 1_700_000_000_000 }];
  const [run] = numberRuns(planned, numbered, undefined);
  assert.ok(run !== undefined);
  const [copy] = recordsOfSlice("wallet", { run, from: 0, to: 1 });
  assert.ok(copy !== undefined);
  return copy;
}

function bytesOf({ key, value, headers }: OutgoingRecord): number {
  const texts = [key ?? "", value, ...Object.entries(headers).flat()];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

const eventOf = ({ value }: OutgoingRecord) => JSON.parse(value) as EventOf<typeof DeadLettered>;

for (const [name, what, truncated] of [
  ["zeros, each of them text and six characters in JSON", { value: "\0".repeat(250_000) }, false],
  ["quotes", { value: '"'.repeat(262_144) }, false],
  ["as long as a value can be", { value: "x".repeat(MAX_VALUE_BYTES) }, true],
  ["bytes", { value: "\ufffd", rawValue: new Uint8Array(MAX_VALUE_BYTES).fill(0xff) }, true],
  [
    "a header of half a megabyte",
    { headers: { first: "1", long: "\u0001".repeat(500_000), last: "3" } },
    true,
  ],
  [
    "a hundred thousand headers",
    { headers: Object.fromEntries(Array.from({ length: 100_000 }, (_, nth) => [`h${nth}`, "v"])) },
    true,
  ],
  ["a key of half a megabyte", { key: "\u0001".repeat(500_000) }, true],
  [
    "everything at once",
    {
      key: "\u20ac".repeat(100_000),
      value: "\0".repeat(250_000),
      headers: { long: "\u20ac".repeat(100_000) },
      rawKey: new Uint8Array(8_000).fill(0xff),
      rawHeaders: [{ name: new Uint8Array(1), value: new Uint8Array(32_000).fill(0xff) }],
    },
    true,
  ],
  ["a key of bytes that is too long", { rawKey: new Uint8Array(100_000) }, true],
  [
    "a header of bytes that is too long",
    { rawHeaders: [{ name: new Uint8Array(1), value: new Uint8Array(100_000) }] },
    true,
  ],
] as const) {
  test(`R12: the copy of what is parked fits into a record, whatever is in it: ${name}`, () => {
    const copy = copyOf(what);
    assert.ok(bytesOf(copy) < MAX_VALUE_BYTES, `${bytesOf(copy)} bytes`);
    assert.equal(eventOf(copy).truncated, truncated);
  });
}

test("R12: a header that is too long is left out of the copy, and the others stay", () => {
  const copy = copyOf({ headers: { first: "1", long: "x".repeat(500_000), last: "3" } });
  assert.deepEqual(eventOf(copy).originHeaders, { first: "1", last: "3" });
  assert.equal(copy.headers["origin-header-last"], "3");
});

test("R12: a copy of usual size is the whole record", () => {
  const copy = copyOf({ key: "k\0", value: "\0 no JSON \u20ac", headers: { who: "nobody", why: "\u0001" } });
  const { originKey, originHeaders, value, encoding, valueBytes, truncated } = eventOf(copy);
  assert.deepEqual(
    { originKey, originHeaders, value, encoding, valueBytes, truncated },
    {
      originKey: "k\0",
      originHeaders: { who: "nobody", why: "\u0001" },
      value: "\0 no JSON \u20ac",
      encoding: "utf-8",
      valueBytes: 13,
      truncated: false,
    },
  );
  assert.deepEqual([copy.key, copy.headers["origin-header-why"]], ["k\0", "\u0001"]);
});

test("R12: a copy has the bytes of a key and of headers that texts don't say", () => {
  const bytes = (...each: number[]) => Uint8Array.from(each);
  const copy = copyOf({
    key: "\ufffdk",
    rawKey: bytes(0xff, 0x6b),
    headers: { id: "" },
    rawHeaders: [
      { name: bytes(0x69, 0x64), value: bytes(0xff) },
      { name: bytes(0x69, 0x64), value: null },
    ],
  });
  const { originKey, originKeyBase64, originHeaders, originHeadersBase64, truncated } = eventOf(copy);
  assert.deepEqual([originKey, originHeaders, truncated], ["\ufffdk", { id: "" }, false]);
  assert.equal(originKeyBase64, "/2s=");
  assert.deepEqual(originHeadersBase64, [
    { name: "aWQ=", value: "/w==" },
    { name: "aWQ=", value: null },
  ]);
});
