import assert from "node:assert/strict";
import { test } from "node:test";
import { chunksOfRecords, type RecordChunk } from "@bourse/bus";
import { SpentChunks } from "./spent-chunks.ts";

test("a chunk is given back once it was taken to its end and another batch with records was prepared", () => {
  const released: string[] = [];
  const chunk = (name: string): RecordChunk => {
    const record = {
      topic: "t",
      partition: 0,
      key: null,
      value: "",
      headers: {},
      timestampMs: 0,
      decoded: undefined,
    };
    const records = [1n, 2n].map((offset) => ({ ...record, offset }));
    const [slice] = chunksOfRecords(records, []);
    assert.ok(slice !== undefined);
    return { ...slice.chunk, release: () => released.push(name) };
  };
  const spent = new SpentChunks();
  const [first, second, third] = [chunk("first"), chunk("second"), chunk("third")];
  spent.prepared(
    [
      { chunk: first, from: 0, to: 2 },
      { chunk: second, from: 0, to: 1 },
    ],
    3,
  );
  assert.deepEqual(released, []);
  // Nothing but duplicates: the batch before is still what the program looks back at.
  spent.prepared([{ chunk: second, from: 1, to: 2 }], 0);
  assert.deepEqual(released, []);
  spent.prepared([{ chunk: third, from: 0, to: 2 }], 2);
  assert.deepEqual(released, ["first", "second"]);
  spent.prepared([], 1);
  assert.deepEqual(released, ["first", "second", "third"]);
});
