import assert from "node:assert/strict";
import { test } from "node:test";
import { hintCommitter } from "./hint-committer.ts";
import type { Membership } from "./membership.ts";

const AT = { topic: "t", partition: 0 };

/** A coordinator that takes what it is told, once it is let. */
function slowCoordinator() {
  const told: bigint[] = [];
  const gate = Promise.withResolvers<void>();
  const connection = {
    usable: true,
    destroy: () => undefined,
    call: async (...request: unknown[]) => {
      const topics = request.at(-1) as {
        partitions: { committedOffset: bigint; partitionIndex: number }[];
      }[];
      await gate.promise;
      told.push(...topics.flatMap(({ partitions }) => partitions.map((each) => each.committedOffset)));
      return { topics: [{ name: AT.topic, partitions: [{ partitionIndex: 0, errorCode: 0 }] }] };
    },
  };
  const membership = { coordinator: async () => connection, identity: { memberId: "m", generation: 1 } };
  return { told, release: gate.resolve, membership: membership as unknown as Membership };
}

test("who leaves has told all: also what came while an earlier word was under way", async () => {
  const { told, release, membership } = slowCoordinator();
  const committer = hintCommitter("g", () => membership);
  committer.add([{ ...AT, nextOffset: 1n }]);
  void committer.flush();
  await new Promise(setImmediate);
  committer.add([{ ...AT, nextOffset: 2n }]);
  void committer.flush();
  const left = committer.finish();
  release();
  await left;
  assert.deepEqual(told, [1n, 2n]);
});

test("who leaves does not wait for a coordinator that takes nothing", async () => {
  const { membership } = slowCoordinator();
  let asked = 0;
  const away = {
    ...membership,
    coordinator: async () => {
      asked++;
      throw new Error("it is away");
    },
  };
  const committer = hintCommitter("g", () => away);
  committer.add([{ ...AT, nextOffset: 1n }]);
  await committer.finish();
  assert.equal(asked, 1);
});
