import assert from "node:assert/strict";
import { test } from "node:test";
import { ByPartition } from "./by-partition.ts";

test("things are found by topic and partition, in whatever order they came", () => {
  const things = new ByPartition<string>();
  const at = (topic: string, partition: number) => ({ topic, partition });
  things.set(at("b", 2), "b2");
  things.set(at("a", 0), "a0");
  things.set(at("b", 0), "b0");
  things.set(at("b", 2), "b2 again");
  assert.deepEqual([...things.values()], ["b0", "b2 again", "a0"]);
  assert.equal(things.get(at("b", 1)), undefined);
  assert.ok(!things.has(at("c", 0)) && things.has(at("a", 0)));
  things.delete(at("b", 0));
  things.delete(at("b", 7));
  things.delete(at("c", 0));
  assert.deepEqual([...things.values()], ["b2 again", "a0"]);
  things.clear();
  assert.deepEqual([...things.values()], []);
});
