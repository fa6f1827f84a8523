import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@bourse/base";
import { type TopicPartition, topicPartitionKey } from "../topic-partition.ts";
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type Member,
  shareInRound,
} from "./group-protocol.ts";

const TOPIC = "t";

function partitions(count: number): readonly TopicPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ topic: TOPIC, partition }));
}

function member(id: string, held: readonly TopicPartition[], generation = 1): Member {
  return { id, subscription: { topics: [TOPIC], held, generation } };
}

test("a subscription and an assignment come back as they were", () => {
  const held = [...partitions(3), { topic: "other", partition: 0 }];
  const subscription = { topics: ["other", TOPIC], held, generation: 7 };
  const decoded = decodeSubscription(encodeSubscription(subscription));
  assert.deepEqual(new Set(decoded.held.map(topicPartitionKey)), new Set(held.map(topicPartitionKey)));
  assert.deepEqual([decoded.topics, decoded.generation], [["other", TOPIC], 7]);
  assert.deepEqual(decodeAssignment(encodeAssignment([])), []);
  assert.equal(decodeAssignment(encodeAssignment(held)).length, 4);
});

test("what changes hands is given to nobody in the round in which its owner still has it", () => {
  const all = partitions(4);
  const first = shareInRound(all, [member("a", all), member("b", [])]);
  assert.equal(first.get("a")?.length, 2);
  assert.equal(first.get("b")?.length, 0);
  const second = shareInRound(all, [member("a", first.get("a") ?? []), member("b", [])]);
  assert.equal(second.get("b")?.length, 2);
});

test("of two claims the later generation's counts", () => {
  const all = partitions(1);
  const shares = shareInRound(all, [member("zombie", all, 3), member("owner", all, 5)]);
  assert.deepEqual(
    [...shares],
    [
      ["zombie", []],
      ["owner", all],
    ],
  );
});

test("members come and go at random: never two owners, and even shares once it is quiet", () => {
  const seed = Math.floor(process.hrtime()[1]);
  const random = seededRandom(seed);
  const all = partitions(11);
  let members = new Map<string, readonly TopicPartition[]>([["0", []]]);
  for (let step = 1; step < 200; step++) {
    if (random.below(3) === 0 && members.size > 1) {
      members.delete([...members.keys()][random.below(members.size)] ?? "");
    } else if (random.below(2) === 0 && members.size < 6) {
      members.set(String(step), []);
    }
    const rounds = random.below(2) === 0 ? 1 : 4;
    for (let round = 0; round < rounds; round++) members = runRound(all, members, seed);
    if (rounds < 4) continue;
    const sizes = [...members.values()].map((held) => held.length);
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      all.length,
      `seed ${seed} step ${step}`,
    );
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `seed ${seed} step ${step}`);
  }
});

function runRound(
  all: readonly TopicPartition[],
  members: ReadonlyMap<string, readonly TopicPartition[]>,
  seed: number,
): Map<string, readonly TopicPartition[]> {
  const shares = shareInRound(
    all,
    Array.from(members, ([id, held]) => member(id, held)),
  );
  // Until each member has seen the result it still works on what it had: the two together have one owner each.
  const owners = new Map<string, string>();
  for (const [id, held] of [...members, ...shares]) {
    for (const at of held) {
      const owner = owners.get(topicPartitionKey(at)) ?? id;
      assert.equal(owner, id, `seed ${seed}: ${topicPartitionKey(at)} has two owners`);
      owners.set(topicPartitionKey(at), id);
    }
  }
  return new Map(shares);
}
