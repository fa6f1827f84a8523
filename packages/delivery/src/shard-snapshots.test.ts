import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { InvariantError, type Steps } from "@bourse/base";
import type { ShardProgram } from "./definitions.ts";
import { commands, everything, reports, sendAll, sequencesOf, testBus, trades } from "./testing/fixtures.ts";
import {
  closed,
  type Given,
  given,
  noting,
  place,
  shard,
  snapshotHeads,
  summing,
  sums,
  triangle,
  untilReported,
  untilSnapshot,
  upTo,
} from "./testing/shards.ts";
import { countingYields } from "./testing/virtual-time.ts";

test("R8: a snapshot is written only once the outputs up to it are acknowledged", async (t) => {
  const all = await given(t);
  const one = shard(all, { snapshotEvery: 2 });
  const release = one.faults.hold();
  one.runner.start();
  await place(all.bus, upTo(4));
  await all.time.until("outputs are under way", () => one.faults.tried.length > 0);
  one.faults.cut();
  release();
  await closed(all, one);
  assert.deepEqual(await snapshotHeads(all), [], "close waits for what is being written, and nothing is");
  const two = shard(all, { snapshotEvery: 2 });
  two.runner.start();
  await untilSnapshot(all, 4);
  const [head] = await snapshotHeads(all);
  assert.deepEqual(head?.outputs, { [reports.name]: 4, [trades.name]: 2 });
  await closed(all, two);
});

test("a large state has its snapshots further apart: as many commands as it holds", async (t) => {
  const all = await given(t);
  const one = shard(all, { snapshotEvery: 2, create: () => ({ ...summing(), size: () => 5 }) });
  one.runner.start();
  await place(all.bus, upTo(4));
  await untilReported(all, 4);
  assert.deepEqual(await snapshotHeads(all), []);
  await place(all.bus, [5]);
  await untilSnapshot(all, 5);
  await closed(all, one);
});

/** A program that is saved and restored in steps. Says of each command and step whose turn it is. */
function inParts(turns: string[]): ShardProgram {
  const { restore, snapshot, apply, ...program } = noting(summing(), []);
  const parts = function* <T>(name: string, made: () => T): Steps<T> {
    for (let part = 1; part <= 3; part++) {
      turns.push(`${name} ${part}`);
      if (part < 3) yield;
    }
    return made();
  };
  const never = (): never => {
    throw new InvariantError("it has steps");
  };
  return {
    ...program,
    restore: never,
    snapshot: never,
    restoreSteps: (bytes) => parts("restored", () => restore(bytes)),
    snapshotSteps: () => parts("saved", snapshot),
    apply: (command, output) => {
      turns.push(`command ${command.sequence}`);
      apply(command, output);
    },
  };
}

test("a state that is restored and saved in steps lets others go on between them, but no command", async (t) => {
  const all = await given(t);
  const { time, yields } = countingYields(all.time);
  const stepped: Given = { ...all, time };
  const turns: string[] = [];
  const create = (_service: null, partition: number) => (partition === 0 ? inParts(turns) : summing());
  const one = shard(stepped, { snapshotEvery: 2, create });
  one.runner.start();
  await place(all.bus, upTo(2));
  await untilSnapshot(all, 2);
  await place(all.bus, [3]);
  await untilReported(all, 3);
  await closed(all, one);
  const restored = ["restored 1", "restored 2", "restored 3"];
  const saved = ["saved 1", "saved 2", "saved 3"];
  assert.deepEqual(turns, [...restored, "command 1", "command 2", ...saved, "command 3"]);
  assert.equal(yields(), 4);
  turns.length = 0;
  const two = shard(stepped, { create });
  two.runner.start();
  await place(all.bus, [4]);
  await untilReported(all, 4);
  await closed(all, two);
  assert.deepEqual(turns, [...restored, ...saved, "command 3", "command 4"]);
  assert.equal(yields(), 8);
  assert.deepEqual(await sums(all.bus, reports), upTo(4).map(triangle));
});

const isOfSnapshot = (reason: string): boolean => /a restored state is the one that was saved/.test(reason);

test("R8: a program that is not what its snapshot says does not go on from it", async (t) => {
  const all = await given(t);
  await place(all.bus, upTo(4));
  const one = shard(all, { snapshotEvery: 4 });
  one.runner.start();
  await untilSnapshot(all, 4);
  await closed(all, one);
  const forgetful = (): ShardProgram => ({ ...summing(), restore: () => undefined });
  const two = shard(all, { create: forgetful });
  two.runner.start();
  await all.time.until("the partition has stopped", () => two.runner.unready().some(isOfSnapshot));
  await closed(all, two);
});

test("R8: taking over from a snapshot replays from there, with the numbers going on", async (t) => {
  const all = await given(t);
  const one = shard(all, { snapshotEvery: 3 });
  one.runner.start();
  for (let n = 1; n <= 10; n++) {
    await place(all.bus, [n]);
    await untilReported(all, n);
    if (n % 3 === 0) await untilSnapshot(all, n);
  }
  await closed(all, one);
  const [newest] = await snapshotHeads(all);
  assert.equal(newest?.sequence, 9);
  const applied: number[] = [];
  const two = shard(all, { create: () => noting(summing(), applied) });
  two.runner.start();
  await place(all.bus, [11]);
  assert.deepEqual(await untilReported(all, 11), upTo(11));
  assert.deepEqual(applied, [10, 11]);
  assert.deepEqual(await sums(all.bus, reports), upTo(11).map(triangle));
  await closed(all, two);
});

test("R8: a snapshot in another format of the program is left alone, and the log is run again", async (t) => {
  const all = await given(t);
  const one = shard(all, { snapshotEvery: 3 });
  one.runner.start();
  await place(all.bus, upTo(3));
  await untilReported(all, 3);
  await untilSnapshot(all, 3);
  await closed(all, one);
  const applied: number[] = [];
  const create = () => Object.assign(noting(summing(), applied), { snapshotFormat: "2" });
  const two = shard(all, { snapshotEvery: 4, create });
  two.runner.start();
  await place(all.bus, [4]);
  assert.deepEqual(await untilReported(all, 4), upTo(4));
  assert.deepEqual(applied, upTo(4));
  await untilSnapshot(all, 4);
  assert.deepEqual(
    (await snapshotHeads(all)).map(({ sequence, program }) => [sequence, program]),
    [
      [4, "2"],
      [3, undefined],
    ],
  );
  await closed(all, two);
  const three = shard(all, { create });
  three.runner.start();
  await place(all.bus, [5]);
  assert.deepEqual(await untilReported(all, 5), upTo(5));
  assert.deepEqual(applied, [...upTo(4), 5]);
  await closed(all, three);
});

test("R8: where retention has cut the log, snapshots in another format of the program are named", async (t) => {
  const all = await given(t);
  const one = shard(all, { snapshotEvery: 2 });
  one.runner.start();
  await place(all.bus, upTo(4));
  await untilSnapshot(all, 4);
  await closed(all, one);
  const bus = await testBus(t);
  await place(bus, upTo(6, 4));
  const two = shard({ ...all, bus }, { create: () => ({ ...summing(), snapshotFormat: "2" }) });
  two.runner.start();
  await all.time.until("it has stopped", () =>
    /is 1\/4, number 1 was due: .* in snapshots of format 1 alone, .* reads format 2\. Run the version that wrote them$/.test(
      two.runner.unready().join(),
    ),
  );
  assert.deepEqual(await sums(bus, reports), []);
  assert.equal((await snapshotHeads(all))[0]?.sequence, 4, "they are left for it");
  await closed(all, two);
});

test("R8: a snapshot ahead of an output's tail is not used: the outputs that were lost are made again", async (t) => {
  const all = await given(t);
  const one = shard(all, { snapshotEvery: 4 });
  one.runner.start();
  for (let n = 1; n <= 9; n++) {
    await place(all.bus, [n]);
    await untilReported(all, n);
    if (n % 4 === 0) await untilSnapshot(all, n);
  }
  await closed(all, one);
  assert.deepEqual(
    (await snapshotHeads(all)).map(({ sequence }) => sequence),
    [8, 4],
  );
  // The broker has lost the trades topic's tail; it keeps what the older snapshot needs.
  const kept = (await everything(all.bus, trades, 0)).slice(0, 2);
  await all.bus.deleteTopic(trades.name);
  await all.bus.ensureTopics([{ name: trades.name, partitions: 2, retentionMs: -1 }]);
  await sendAll(
    all.bus,
    trades,
    0,
    kept.map(({ key, value, headers, timestampMs }) => ({ key, value, headers, timestampMs })),
  );
  const two = shard(all);
  two.runner.start();
  await all.time.until(
    "the trades are there again",
    async () => (await everything(all.bus, trades, 0)).length === 4,
  );
  assert.deepEqual(await sums(all.bus, trades), [2, 4, 6, 8].map(triangle));
  assert.deepEqual(
    sequencesOf(await everything(all.bus, reports, 0)),
    upTo(9),
    "the others' overlap was compared, not sent",
  );
  await closed(all, two);
});

test("R8: at least three snapshots are kept, in a folder of the partition's own", async (t) => {
  const all = await given(t);
  const one = shard(all, { snapshotEvery: 1 });
  one.runner.start();
  for (let n = 1; n <= 8; n++) {
    await place(all.bus, [n]);
    await untilReported(all, n);
    await untilSnapshot(all, n);
  }
  await closed(all, one);
  const names = await readdir(join(all.folder, "engine", `${commands.name}-0`));
  assert.equal(names.filter((name) => name.endsWith(".snapshot")).length, 3);
});
