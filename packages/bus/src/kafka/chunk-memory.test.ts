import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkMemory } from "./chunk-memory.ts";

test("what is given back is used again for what it has room for, up to a bound", () => {
  const memory = new ChunkMemory();
  const small = memory.take(10);
  const large = memory.take(900_000);
  assert.ok(small.length >= 10 && large.length >= 900_000);
  assert.notEqual(memory.take(10), small);
  memory.giveBack(small);
  memory.giveBack(large);
  assert.equal(memory.take(700_000), large);
  assert.equal(memory.take(64 * 1024), small);
  const many = Array.from({ length: 100 }, () => memory.take(1_000_000));
  for (const each of many) memory.giveBack(each);
  const again = Array.from({ length: 100 }, () => memory.take(1_000_000));
  const kept = again.filter((each) => many.includes(each)).length;
  assert.ok(kept >= 4 && kept < 10, `${kept} of 100 MB were kept`);
});
