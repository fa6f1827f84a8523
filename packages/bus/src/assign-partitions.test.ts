import assert from "node:assert/strict";
import { test } from "node:test";
import { assignPartitions } from "./assign-partitions.ts";
import type { TopicPartition } from "./topic-partition.ts";

function partitionsOf(topic: string, count: number): readonly TopicPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
}

function member(id: string, topics: readonly string[], held: readonly TopicPartition[] = []) {
  return { id, topics: new Set(topics), held };
}

function sizes(shares: ReadonlyMap<string, readonly TopicPartition[]>): readonly number[] {
  return [...shares.values()].map((share) => share.length);
}

test("shares differ by one at most", () => {
  const shares = assignPartitions(partitionsOf("t", 7), [
    member("a", ["t"]),
    member("b", ["t"]),
    member("c", ["t"]),
  ]);
  assert.deepEqual([...sizes(shares)].sort(), [2, 2, 3]);
});

test("a member that joins takes only what makes the shares even", () => {
  const held = partitionsOf("t", 6);
  const shares = assignPartitions(held, [
    member("a", ["t"], held.slice(0, 3)),
    member("b", ["t"], held.slice(3)),
    member("c", ["t"]),
  ]);
  assert.deepEqual(sizes(shares), [2, 2, 2]);
  const kept = (shares.get("a") ?? []).filter((at) => held.slice(0, 3).includes(at));
  assert.equal(kept.length, 2);
});

test("what a member that left had is shared, the rest stays where it is", () => {
  const held = partitionsOf("t", 6);
  const shares = assignPartitions(held, [
    member("a", ["t"], held.slice(0, 2)),
    member("b", ["t"], held.slice(2, 4)),
  ]);
  assert.deepEqual(sizes(shares), [3, 3]);
  assert.deepEqual(shares.get("a")?.slice(0, 2), held.slice(0, 2));
  assert.deepEqual(shares.get("b")?.slice(0, 2), held.slice(2, 4));
});

test("nobody gets a topic that it does not want, and everything that is wanted is given", () => {
  const all = [...partitionsOf("x", 4), ...partitionsOf("y", 2)];
  const shares = assignPartitions(all, [member("a", ["x"]), member("b", ["x", "y"])]);
  assert.ok(shares.get("a")?.every((at) => at.topic === "x"));
  assert.deepEqual(sizes(shares), [3, 3]);
  assert.deepEqual(sizes(assignPartitions(all, [member("a", ["x"])])), [4]);
});

test("more members than partitions: some have none", () => {
  const shares = assignPartitions(partitionsOf("t", 1), [member("a", ["t"]), member("b", ["t"])]);
  assert.deepEqual(sizes(shares), [1, 0]);
});
