import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { InvariantError } from "@bourse/base";
import type { ShardProgram } from "./definitions.ts";
import type { ShardRunner } from "./shard-runner.ts";
import { commands, everything, numbered, reports, sendAll, testBus, testFolder } from "./testing/fixtures.ts";
import { shardRunner, snapshotHeads, summing, sums } from "./testing/shards.ts";
import { type VirtualTime, virtualTime } from "./testing/virtual-time.ts";

const PLACED_MS = 1_700_000_000_000;
const { retentionMs } = commands;

async function given(t: TestContext) {
  const bus = await testBus(t);
  const folder = testFolder(t);
  const place = (sequence: number, timeMs: number, partition = 0): Promise<void> =>
    sendAll(bus, commands, partition, [numbered(commands, partition, sequence, { timeMs })]);
  const snapshots = async (): Promise<number[]> =>
    (await snapshotHeads({ folder })).map(({ sequence }) => sequence);
  const start = (time: VirtualTime, create: () => ShardProgram = summing): ShardRunner<null> => {
    const runner = shardRunner({ bus, time, folder }, { create: () => create() });
    runner.start();
    return runner;
  };
  return { bus, place, sums: () => sums(bus, reports), snapshots, start };
}

test("R8: a partition with few commands has a snapshot before retention takes them", async (t) => {
  const { bus, place, sums, snapshots, start } = await given(t);
  await place(1, PLACED_MS);
  await place(2, PLACED_MS + 1);
  const time = virtualTime(PLACED_MS + retentionMs / 2);
  const one = start(time);
  await time.until("the snapshot is there", async () => (await snapshots())[0] === 2);
  await time.advance(120_000);
  assert.deepEqual(await snapshots(), [2], "nothing has come since, and nothing is saved again");
  await time.finish("it is closed", one.close());

  const laterMs = PLACED_MS + 2 * retentionMs;
  await place(1, laterMs, 1);
  await bus.dropExpired(() => laterMs - retentionMs);
  assert.deepEqual(await everything(bus, commands, 0), []);
  const later = virtualTime(laterMs);
  const two = start(later);
  await place(3, laterMs);
  await later.until("the third is reported", async () => (await sums()).includes(6));
  assert.deepEqual(two.unready(), []);
  await later.finish("it is closed", two.close());
});

test("R8: a program that can't say its state is stopped, whoever asks", async (t) => {
  const { place, start } = await given(t);
  await place(1, PLACED_MS);
  const time = virtualTime(PLACED_MS + retentionMs);
  const broken = (): ShardProgram => ({
    ...summing(),
    snapshot: () => {
      throw new InvariantError("a planted fault");
    },
  });
  const one = start(time, broken);
  await time.until("it has stopped", () => one.unready().join().includes("a planted fault"));
  await time.finish("it is closed", one.close());
});

test("commands that are young wait for enough of them, or for their age", async (t) => {
  const { place, sums, snapshots, start } = await given(t);
  await place(1, PLACED_MS);
  const time = virtualTime(PLACED_MS + 1_000);
  const one = start(time);
  await time.until("it is reported", async () => (await sums()).length === 1);
  await time.advance(120_000);
  assert.deepEqual(await snapshots(), []);
  await time.finish("it is closed", one.close());
});
