import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeBatches } from "./record-batch.ts";
import { RecordPacker } from "./record-packer.ts";

const at = { topic: "sim.x", partition: 3 };

function packer(firstNumber = 1): RecordPacker {
  return new RecordPacker({
    ...at,
    headers: { producer: "generator-ü", epoch: "1" },
    numbered: { id: "sim.x/3/1/", sequence: "" },
    firstNumber,
  });
}

describe("a packed batch", () => {
  it("is what a reader of batches reads: keys, values, times, numbers", () => {
    const packing = packer(98);
    const values = ["plain", "", "é😀 ✓", "x".repeat(300_000), "last"];
    values.forEach((value, index) => {
      assert.equal(
        packing.add(index === 1 ? null : `k${index}`, value, 1_000_000 + index * 7 - 3),
        98 + index,
      );
    });
    const batch = packing.take();
    assert.equal(batch.count, values.length);
    const { records } = decodeBatches(at, batch.bytes, 0n);
    assert.deepEqual(
      records.map(({ key, value, timestampMs, offset, headers }) => ({
        key,
        value,
        timestampMs,
        offset,
        headers,
      })),
      values.map((value, index) => ({
        key: index === 1 ? null : `k${index}`,
        value,
        timestampMs: 1_000_000 + index * 7 - 3,
        offset: BigInt(index),
        headers: {
          producer: "generator-ü",
          epoch: "1",
          id: `sim.x/3/1/${98 + index}`,
          sequence: String(98 + index),
        },
      })),
    );
  });

  it("takes bytes that are no text, and no value at all", () => {
    const packing = packer();
    packing.add("k", Uint8Array.of(0xff, 0xfe), 5);
    packing.add("", null, 4);
    const { records } = decodeBatches(at, packing.take().bytes, 0n);
    assert.deepEqual(records[0]?.rawValue, Uint8Array.of(0xff, 0xfe));
    assert.equal(records[1]?.key, "");
    assert.equal(records[1]?.value, "");
    assert.equal(records[1]?.timestampMs, 4);
  });

  it("goes on with its numbers, and stays as it is while the next one is filled", () => {
    const packing = packer();
    packing.add("k", "first", 1);
    const first = packing.take();
    const copy = Buffer.from(first.bytes);
    assert.equal(packing.bytes, 0);
    for (let index = 0; index < 1_000; index++) packing.add("k", "second", 1);
    const second = packing.take();
    assert.deepEqual(first.bytes, copy);
    const { records } = decodeBatches(at, second.bytes, 0n);
    assert.equal(records[0]?.headers.sequence, "2");
    assert.equal(records.at(-1)?.headers.sequence, "1001");
  });
});
