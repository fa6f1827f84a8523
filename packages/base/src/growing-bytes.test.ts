import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { GrowingBytes } from "./growing-bytes.ts";

const TEXTS = [
  "",
  "a",
  "ü",
  "€uro",
  "😀",
  "x".repeat(48),
  "x".repeat(49),
  "é".repeat(48),
  "ü".repeat(70_000),
];

test("texts and bytes follow each other, also where the buffer grows in between", () => {
  const piece = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: "grapheme" }), fc.uint8Array());
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 40 }),
      fc.integer({ min: 1, max: 200 }),
      (pieces, firstBytes) => {
        const writer = new GrowingBytes(Buffer, { firstBytes, mostKeptBytes: 100_000 });
        for (let round = 0; round < 2; round++) {
          for (const each of pieces) {
            if (typeof each === "string") writer.text(each);
            else writer.append(each);
            writer.reserve(5);
            writer.byte(0xff);
            writer.view.setUint32(writer.end, 0x01020304, true);
            writer.end += 4;
          }
          const end = Buffer.from([0xff, 4, 3, 2, 1]);
          const expected = Buffer.concat(pieces.flatMap((each) => [Buffer.from(each as string), end]));
          assert.equal(writer.end, expected.length);
          assert.ok(writer.written().equals(expected));
          const taken = writer.take();
          writer.text("what comes next");
          assert.ok(taken.equals(expected), "what was taken is a copy");
          writer.clear();
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("a buffer that was once long is given back", () => {
  const writer = new GrowingBytes(Buffer, { firstBytes: 10, mostKeptBytes: 100 });
  writer.append(new Uint8Array(60));
  writer.clear();
  assert.equal(writer.bytes.length, 60);
  writer.text("x".repeat(70));
  assert.ok(writer.bytes.length > 100);
  assert.equal(writer.take().length, 70);
  assert.equal(writer.bytes.length, 10);
});

test("a long text gets the room that it takes, not the most that it could", () => {
  const writer = new GrowingBytes(Buffer, { firstBytes: 10, mostKeptBytes: 1_000_000 });
  writer.text("x".repeat(100_000));
  assert.equal(writer.bytes.length, 100_000);
});
