import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rows, Statement, Store } from "@bourse/store";
import { RelayLane } from "./relay-lane.ts";
import { EPOCHS_READ, HEADS_READ, resumeLanes } from "./relay-resume.ts";
import { commands, numbered, sendAll, testBus } from "./testing/fixtures.ts";

const [topic, partition] = [commands.name, 0];

/** A database that was restored to number 2 and recovered since: epoch 2 began with 3, and 4 is its last. */
const recovered: Pick<Store, "query"> = {
  query: async ({ text }: Statement): Promise<Rows> => {
    if (text === HEADS_READ) return [{ topic, partition, epoch: 2, next: 5n }];
    if (text === EPOCHS_READ) return [{ topic, partition, epoch: 2, first_sequence: 3n }];
    return [];
  },
};

test("R6: what a zombie has sent beyond its epoch's end is not what was sent: the new epoch begins at its own number", async (t) => {
  const bus = await testBus(t);
  const left = [1, 2, 3, 4, 5].map((sequence) => numbered(commands, partition, sequence));
  await sendAll(bus, commands, partition, left);
  const lane = new RelayLane(topic, partition, { records: 0 });
  await resumeLanes({ bus, store: recovered as Store, producer: "order" }, [lane]);
  assert.deepEqual([lane.acknowledged, lane.throughEpoch, lane.known], [2, 1, 4]);
  assert.ok(lane.gap, "3 and 4 of epoch 2 are to be read and sent");
});
