import assert from "node:assert/strict";
import { test } from "node:test";
import type { Snapshot, SnapshotHead, SnapshotStore } from "./snapshot-store.ts";
import { SnapshotWriter } from "./snapshot-writer.ts";
import { testLog, testMetrics } from "./testing/fixtures.ts";

function snapshot(sequence: number): Snapshot {
  const head = { format: 1, sequence } as SnapshotHead;
  return { head, state: new Uint8Array() };
}

/** A partition whose store writes when it is told to. */
function target(partition: number) {
  const written: number[] = [];
  const notSaved: number[] = [];
  const writes: PromiseWithResolvers<void>[] = [];
  const snapshots: SnapshotStore = {
    newest: async () => null,
    write: async ({ head }) => {
      const write = Promise.withResolvers<void>();
      writes.push(write);
      await write.promise;
      written.push(head.sequence);
    },
  };
  const shard = { notSaved: ({ sequence }: SnapshotHead) => void notSaved.push(sequence) };
  return { partition, snapshots, shard, written, notSaved, writes };
}

/** What was settled has run on as far as it comes by itself. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("of a partition one is written at a time, and of those that wait the newest", async () => {
  const writer = new SnapshotWriter("engine", { metrics: testMetrics().metrics, log: testLog() });
  const [one, two] = [target(1), target(2)];
  for (const sequence of [1, 2, 3]) writer.save(one, snapshot(sequence));
  writer.save(two, snapshot(9));
  assert.deepEqual([one.writes.length, two.writes.length], [1, 1], "partitions don't wait for each other");
  one.writes[0]?.resolve();
  await turn();
  one.writes[1]?.resolve();
  two.writes[0]?.resolve();
  await writer.settled();
  assert.deepEqual([one.written, two.written], [[1, 3], [9]]);
  writer.save(one, snapshot(4));
  one.writes[2]?.resolve();
  await writer.settled();
  assert.deepEqual(one.written, [1, 3, 4]);
});

test("one that could not be written is told of, and the next one is written", async () => {
  const { metrics, registry } = testMetrics();
  const writer = new SnapshotWriter("engine", { metrics, log: testLog() });
  const one = target(1);
  writer.save(one, snapshot(1));
  writer.save(one, snapshot(2));
  one.writes[0]?.reject(new Error("no space left on device"));
  await turn();
  one.writes[1]?.resolve();
  await writer.settled();
  assert.deepEqual([one.notSaved, one.written], [[1], [2]]);
  const failures = registry.getSingleMetric("bourse_delivery_snapshot_failures_total");
  assert.equal((await failures?.get())?.values[0]?.value, 1);
});

for (let steps = 0; steps <= 6; steps++)
  test(`what is saved as the one before ends is not left waiting: ${steps} steps after it`, async () => {
    const writer = new SnapshotWriter("engine", { metrics: testMetrics().metrics, log: testLog() });
    const one = target(1);
    writer.save(one, snapshot(1));
    one.writes[0]?.resolve();
    for (let step = 0; step < steps; step++) await Promise.resolve();
    writer.save(one, snapshot(2));
    await turn();
    one.writes[1]?.resolve();
    await writer.settled();
    assert.deepEqual(one.written, [1, 2]);
  });
