import assert from "node:assert/strict";
import { test } from "node:test";
import type { BusRecord, ConsumeOptions, EventBus, GroupConsumer } from "@bourse/bus";
import { rfc3339 } from "@bourse/contracts";
import type { ShardProgram } from "./definitions.ts";
import { createSnapshotStore } from "./snapshot-store.ts";
import { busWith } from "./testing/bus-with.ts";
import {
  commands,
  everything,
  numbered,
  reports,
  sendAll,
  sequencesOf,
  testBus,
  testFolder,
  testLog,
} from "./testing/fixtures.ts";
import { shardRunner } from "./testing/shards.ts";
import { virtualTime } from "./testing/virtual-time.ts";
import { shardFolder } from "./voided-commands.ts";

/** One report for each command. */
function reporting(): ShardProgram {
  return {
    restore: () => undefined,
    apply: ({ event, partition, timeMs }, output) => {
      const { n } = event as { n: number };
      output(reports, `k${partition}`, { eventType: "Reported", timestamp: rfc3339(timeMs), n });
    },
    snapshot: () => new Uint8Array(),
    stateHash: () => "none",
  };
}

/** A member of a group that is told what it has, and handed what it takes. */
function toldMember(real: EventBus) {
  const batches: (readonly BusRecord[])[] = [];
  let wake: () => void = () => undefined;
  let joined: ConsumeOptions | undefined;
  let isClosed = false;
  const consumer: Pick<GroupConsumer, "take" | "commit" | "pause" | "close"> = {
    take: async () => {
      while (batches.length === 0 && !isClosed) await new Promise<void>((resolve) => (wake = resolve));
      return batches.shift() ?? [];
    },
    commit: async () => undefined,
    pause: () => undefined,
    close: async () => {
      isClosed = true;
      wake();
    },
  };
  const options = (): ConsumeOptions => {
    assert.ok(joined !== undefined, "it has joined");
    return joined;
  };
  let gate: Promise<void> = Promise.resolve();
  const bus = busWith(real, {
    consume: async (given) => {
      joined = given;
      return consumer as GroupConsumer;
    },
    read: async (given) => {
      await gate;
      return real.read(given);
    },
  });
  return {
    bus,
    hand: (records: readonly BusRecord[]) => {
      batches.push(records);
      wake();
    },
    give: (...partitions: number[]) =>
      options().onAssigned(partitions.map((partition) => ({ topic: commands.name, partition }))),
    takeAway: (...partitions: number[]) =>
      options().onRevoked?.(partitions.map((partition) => ({ topic: commands.name, partition }))),
    /** Readers are not opened until the returned function is called. */
    holdReads: (): (() => void) => {
      let release: () => void = () => undefined;
      gate = new Promise((resolve) => (release = resolve));
      return release;
    },
  };
}

test("R8: a snapshot's place in an input that was filled again is looked for by the numbers", async (t) => {
  const real = await testBus(t);
  const time = virtualTime();
  const folder = testFolder(t);
  const shard = (bus: EventBus) => {
    const log = testLog();
    const runner = shardRunner(
      { bus, time, folder, log },
      { outputs: [reports], snapshotEvery: 1, create: reporting },
    );
    return { runner, log };
  };
  const place = (sequences: readonly number[]): Promise<void> =>
    sendAll(
      real,
      commands,
      0,
      sequences.map((sequence) => numbered(commands, 0, sequence)),
    );
  const reported = async () => sequencesOf(await everything(real, reports, 0), "matching");
  // What a relay has sent twice is there once when the broker, having lost it, is filled again.
  await place([1, 1, 1, 2, 2]);
  const first = shard(real);
  first.runner.start();
  await time.until("two are reported", async () => (await reported()).includes(2));
  await time.finish("it is closed", first.runner.close());
  const at = { subscription: "engine", topic: commands.name, partition: 0 };
  const snapshot = await createSnapshotStore(shardFolder(folder, at), "test", testLog()).newest(() => true);
  assert.equal(snapshot?.head.nextOffset, "4", "behind the command, not behind its duplicate");
  const topics = await real.topics();
  await real.deleteTopic(commands.name);
  await real.ensureTopics([{ name: commands.name, partitions: 2, retentionMs: -1 }]);
  await place([1, 2, 3, 4, 5]);
  const sameIds = busWith(real, { topics: async () => topics });
  const next = shard(sameIds);
  next.runner.start();
  await time.until("it goes on", async () => (await reported()).includes(5));
  assert.deepEqual(await reported(), [1, 2, 3, 4, 5]);
  assert.deepEqual(next.log.errors, []);
  await time.finish("it is closed", next.runner.close());
});

test("R8: what was taken before a partition went and came back is not for the one that came back", async (t) => {
  const real = await testBus(t);
  const time = virtualTime();
  const folder = testFolder(t);
  const member = toldMember(real);
  const log = testLog();
  const runner = shardRunner(
    { bus: member.bus, time, folder, log },
    { outputs: [reports], create: reporting },
  );
  const numbers = [1, 2, 3, 4];
  for (const partition of [0, 1])
    await sendAll(
      real,
      commands,
      partition,
      numbers.map((sequence) => numbered(commands, partition, sequence)),
    );
  // The first command of partition 0 was answered by an owner before: there is something to compare.
  await sendAll(real, reports, 0, [numbered(reports, 0, 1)]);
  const zero = await everything(real, commands, 0);
  const one = await everything(real, commands, 1);
  const reported = async (partition: number) =>
    sequencesOf(await everything(real, reports, partition), "matching");

  runner.start();
  await time.settle();
  await member.give(0, 1);
  member.hand(one.slice(0, 2));
  await time.until("two are reported", async () => (await reported(1)).length === 2);
  const release = member.holdReads();
  member.hand([...zero, ...one.slice(2)]);
  await time.settle();
  member.takeAway(1);
  await member.give(1);
  release();
  member.hand(one);
  await time.until("all are reported", async () => (await reported(1)).includes(4));
  assert.deepEqual([...new Set(await reported(1))], numbers);
  assert.deepEqual(await reported(0), numbers);
  assert.deepEqual(log.errors, []);
  assert.deepEqual(runner.unready(), []);
  await time.finish("it is closed", runner.close());
});

test("R8: a partition that is still taken over when its member leaves the group is not its own afterwards", async (t) => {
  const real = await testBus(t);
  const time = virtualTime();
  const opening = Promise.withResolvers<void>();
  const members: { readonly options: ConsumeOptions; readonly leave: () => void }[] = [];
  const bus = busWith(real, {
    consume: async (options) => {
      const left = Promise.withResolvers<readonly BusRecord[]>();
      const leave = (): void => left.resolve([]);
      members.push({ options, leave });
      const consumer: Pick<GroupConsumer, "take" | "commit" | "close"> = {
        take: () => left.promise,
        commit: async () => undefined,
        close: async () => leave(),
      };
      return consumer as GroupConsumer;
    },
    tail: async (topic, partition, count) => {
      await opening.promise;
      return real.tail(topic, partition, count);
    },
  });
  const owned = new Set<number>();
  const runner = shardRunner(
    { bus, time, folder: testFolder(t), log: testLog() },
    { outputs: [reports], create: reporting, owned: (_, partition) => void owned.add(partition) },
  );
  runner.start();
  await time.until("it has joined", () => members.length === 1);
  const given = members[0]?.options.onAssigned([{ topic: commands.name, partition: 0 }]);
  members[0]?.leave();
  await time.until("it has joined again", () => members.length === 2);
  opening.resolve();
  await given;
  assert.deepEqual(runner.status().partitions, []);
  assert.deepEqual([...owned], []);
  await members[1]?.options.onAssigned([{ topic: commands.name, partition: 1 }]);
  assert.deepEqual(
    runner.status().partitions.map(({ partition }) => partition),
    [1],
  );
  await time.finish("it is closed", runner.close());
});
