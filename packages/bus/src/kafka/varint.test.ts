import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RecordReader, varIntSize, writeVarInt } from "./varint.ts";

function encoded(value: number): Buffer {
  const bytes = Buffer.alloc(varIntSize(value));
  assert.equal(writeVarInt(bytes, 0, value), bytes.length);
  return bytes;
}

test("the protocol's examples", () => {
  const examples: readonly (readonly [number, string])[] = [
    [0, "00"],
    [-1, "01"],
    [1, "02"],
    [63, "7e"],
    [-64, "7f"],
    [64, "8001"],
    [2_147_483_647, "feffffff0f"],
    [-2_147_483_648, "ffffffff0f"],
    [1_700_000_000_000, "80a0abfef962"],
  ];
  for (const [value, hex] of examples) assert.equal(encoded(value).toString("hex"), hex, String(value));
});

test("every integer that a double holds, up to half of them, comes back", () => {
  const half = Math.floor(Number.MAX_SAFE_INTEGER / 2);
  fc.assert(
    fc.property(fc.integer({ min: -half, max: half }), (value) => {
      assert.equal(new RecordReader(encoded(value)).varInt(), value);
    }),
  );
});

test("an integer that is cut off is an error", () => {
  assert.throws(() => new RecordReader(Buffer.from([0x80])).varInt(), RangeError);
});
