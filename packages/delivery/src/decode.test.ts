import assert from "node:assert/strict";
import { test } from "node:test";
import type { BusRecord, OutgoingRecord } from "@bourse/bus";
import { createDecoder, DecodeError } from "./decode.ts";
import { commands, numbered, trades } from "./testing/fixtures.ts";

const decode = createDecoder([commands, trades]);

function record(
  changes: Partial<BusRecord> = {},
  from: OutgoingRecord = numbered(commands, 1, 7),
): BusRecord {
  const { key, value, headers, timestampMs } = from;
  return { topic: commands.name, partition: 1, offset: 42n, key, value, headers, timestampMs, ...changes };
}

test("a record becomes an envelope with what its headers said", () => {
  const { event, ...rest } = decode(record({ headers: { ...record().headers, traceparent: "00-t" } }));
  assert.equal((event as { n: number }).n, 7);
  assert.deepEqual(rest, {
    topic: commands.name,
    partition: 1,
    offset: 42n,
    key: "k1",
    producer: "order",
    epoch: 1,
    sequence: 7,
    timeMs: record().timestampMs,
    traceparent: "00-t",
  });
});

test("R12: unknown fields are ignored", () => {
  const value = JSON.stringify({ ...JSON.parse(record().value), added: { later: true } });
  assert.equal(decode(record({ value })).sequence, 7);
});

test("what was decoded in this process is neither parsed nor validated again", () => {
  const decoded = { eventType: "OrderPlaced", n: "not a number" };
  assert.equal(decode(record({ value: "not JSON", decoded })).event, decoded);
  const first = record();
  assert.equal(decode(first).event, decode(first).event);
});

test("a record is read once for all that read its topic, and a copy of it by itself", () => {
  const first = record();
  const envelope = decode(first);
  assert.equal(createDecoder([commands])(first), envelope);
  const moved = { ...first, headers: { ...first.headers, sequence: "8" } };
  assert.equal(decode(moved).sequence, 8);
  assert.equal(decode(first), envelope);
  const theirs = {
    ...commands,
    events: commands.events.map((event) => ({ ...event, writer: "wallet" as const })),
  };
  assert.throws(() => createDecoder([theirs])(first), /wallet's to write, not order's/);
  delete first.decoded;
  assert.notEqual(decode(first), envelope, "whoever has forgotten the value reads all of it anew");
});

const faults: readonly [string, Partial<BusRecord>, RegExp][] = [
  ["R12: an unknown event type", { value: '{"eventType":"Other"}' }, /unknown event type "Other"/],
  [
    "R12: an unknown event type, decoded already",
    { decoded: { eventType: "Other" } },
    /unknown event type "Other"/,
  ],
  ["no event type", { value: "{}" }, /unknown event type undefined/],
  ["not JSON", { value: "{" }, /not JSON/],
  ["not an object", { value: "[1]" }, /not a JSON object/],
  ["not UTF-8", { rawValue: new Uint8Array([255]) }, /not UTF-8/],
  [
    "a field of another type",
    { value: '{"eventType":"OrderPlaced","timestamp":"t","n":"1"}' },
    /OrderPlaced: \/n/,
  ],
  ["no producer", { headers: { epoch: "1", sequence: "1" } }, /no producer/],
  [
    "R2: another producer",
    { headers: { ...record().headers, producer: "wallet" } },
    /order's to write, not wallet's/,
  ],
  [
    "a sequence that is none",
    { headers: { ...record().headers, sequence: "0" } },
    /sequence header is a positive integer, got "0"/,
  ],
  ["no epoch", { headers: { producer: "order", sequence: "1" } }, /epoch header/],
  ["a topic nobody asked for", { topic: "other" }, /nobody reads this topic/],
];

for (const [name, changes, reason] of faults) {
  test(`a fault names topic, partition, offset and reason: ${name}`, () => {
    assert.throws(
      () => decode(record(changes)),
      (error: unknown) => {
        assert.ok(error instanceof DecodeError);
        assert.match(error.message, reason);
        assert.ok(error.message.startsWith(`${changes.topic ?? commands.name}/1 at offset 42: `));
        assert.equal(error.retryable, false);
        return true;
      },
    );
  });
}
