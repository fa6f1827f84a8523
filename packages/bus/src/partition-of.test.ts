import assert from "node:assert/strict";
import { test } from "node:test";
import { murmur2, partitionOf } from "./partition-of.ts";

test("murmur2 answers what Kafka's own UtilsTest asks for", () => {
  const vectors: readonly (readonly [string, number])[] = [
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ];
  for (const [key, hash] of vectors) assert.equal(murmur2(key), hash, key);
});

test("a key outside ASCII is hashed by its UTF-8 bytes, and ASCII keys the same way by both paths", () => {
  assert.equal(murmur2("é"), 186971271);
  assert.equal(murmur2("😀-USD"), -1727077842);
  assert.equal(murmur2(""), 275646681);
});

test("a partition is never negative and is below the count", () => {
  assert.equal(partitionOf("21", 100), (-973932308 & 0x7fffffff) % 100);
  for (let index = 0; index < 1000; index++) {
    const partition = partitionOf(`account-${index}`, 12);
    assert.ok(Number.isInteger(partition) && partition >= 0 && partition < 12);
  }
});

test("keys spread over every partition", () => {
  const used = new Set<number>();
  for (let index = 0; index < 1000; index++) used.add(partitionOf(`K${index}`, 12));
  assert.equal(used.size, 12);
});
