import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { InvariantError } from "@bourse/base";
import type { EmbeddedBus, EventBus } from "@bourse/bus";
import { rfc3339, type Topic } from "@bourse/contracts";
import { createContracts } from "./contract-check.ts";
import type { ShardConsumption, ShardProgram } from "./definitions.ts";
import { ShardRunner } from "./shard-runner.ts";
import { createSnapshotStore, type SnapshotHead } from "./snapshot-store.ts";
import { type FaultyBus, faultyBus } from "./testing/faulty-bus.ts";
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
  testMetrics,
  trades,
} from "./testing/fixtures.ts";
import { type VirtualTime, virtualTime } from "./testing/virtual-time.ts";

interface Given {
  readonly bus: EmbeddedBus;
  readonly time: VirtualTime;
  readonly folder: string;
}

async function given(t: TestContext): Promise<Given> {
  return { bus: await testBus(t), time: virtualTime(), folder: testFolder(t) };
}

/** Sums its commands: one report for each, and a trade for every even one. `salt` makes it another program. */
function summing(salt = 0, breaksAt = Number.NaN): ShardProgram {
  let sum = salt;
  return {
    restore: (snapshot) => {
      if (snapshot !== null) sum = Number(new TextDecoder().decode(snapshot));
    },
    apply: (command, output) => {
      const { n } = command.event as { n: number };
      sum += n;
      const timestamp = rfc3339(command.timeMs);
      output(reports, `k${command.partition}`, { eventType: "Reported", timestamp, n: sum });
      if (n === breaksAt) throw new InvariantError("the sum is never this");
      if (n % 2 === 0) output(trades, `k${command.partition}`, { eventType: "Executed", timestamp, n: sum });
    },
    snapshot: () => new TextEncoder().encode(String(sum)),
    stateHash: () => `sum ${sum}`,
  };
}

/** Notes the sequences of the commands that reach the program. */
function noting(program: ShardProgram, applied: number[]): ShardProgram {
  return {
    ...program,
    apply: (command, output) => {
      applied.push(command.sequence);
      program.apply(command, output);
    },
  };
}

interface Shard {
  readonly runner: ShardRunner<null>;
  readonly owned: Map<number, ShardProgram>;
  readonly faults: FaultyBus;
  readonly log: ReturnType<typeof testLog>;
}

function shard(
  { bus, time, folder }: Given,
  options: Partial<ShardConsumption<null>> & { readonly on?: EventBus; readonly id?: string } = {},
): Shard {
  const owned = new Map<number, ShardProgram>();
  const faults = faultyBus(options.on ?? bus);
  const log = testLog();
  const contracts = createContracts("matching", [reports, trades], true);
  const runner = new ShardRunner<null>(
    {
      serviceName: "matching",
      bus: faults.bus,
      ...time,
      log,
      metrics: testMetrics().metrics,
      contracts,
      sharedFolder: folder,
      openSnapshots: (at) => createSnapshotStore(at, options.id ?? "one", log),
    },
    null,
    {
      kind: "shard",
      subscription: "engine",
      input: commands,
      outputs: [reports, trades],
      snapshotEvery: 1_000_000,
      create: () => summing(),
      owned: (_, partition, program) => void owned.set(partition, program),
      lost: (_, partition) => void owned.delete(partition),
      ...options,
    },
  );
  return { runner, owned, faults, log };
}

const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, nth) => first + nth);

async function place(bus: EventBus, sequences: readonly number[], partition = 0): Promise<void> {
  await sendAll(
    bus,
    commands,
    partition,
    sequences.map((sequence) => numbered(commands, partition, sequence)),
  );
}

async function untilReported({ bus, time }: Given, last: number, partition = 0): Promise<readonly number[]> {
  let found: readonly number[] = [];
  await time.until(`report ${last} is there`, async () => {
    found = sequencesOf(await everything(bus, reports, partition), "matching");
    return found.includes(last);
  });
  return found;
}

async function sums(bus: EventBus, topic: Topic, partition = 0): Promise<readonly number[]> {
  return (await everything(bus, topic, partition))
    .filter(({ headers }) => headers.producer === "matching")
    .map(({ value }) => JSON.parse(value).n);
}

const triangle = (n: number): number => (n * (n + 1)) / 2;

async function snapshotHeads({ folder }: Given, partition = 0): Promise<readonly SnapshotHead[]> {
  const heads: SnapshotHead[] = [];
  const path = join(folder, "engine", `${commands.name}-${partition}`);
  await createSnapshotStore(path, "test", testLog()).newest((head) => {
    heads.push(head);
    return false;
  });
  return heads;
}

async function untilSnapshot(all: Given, sequence: number): Promise<void> {
  await all.time.until(
    `snapshot ${sequence} is there`,
    async () => (await snapshotHeads(all))[0]?.sequence === sequence,
  );
}

const closed = (all: Given, { runner }: Shard): Promise<void> =>
  all.time.finish("it is closed", runner.close());

test("R8: every command's outputs are numbered and sent, with engine time; the program is exposed once caught up", async (t) => {
  const all = await given(t);
  await place(all.bus, upTo(3));
  await place(all.bus, upTo(2), 1);
  const one = shard(all);
  one.runner.start();
  await all.time.until("it is ready", () => one.owned.size === 2 && one.runner.unready().length === 0);
  assert.deepEqual(await sums(all.bus, reports), [1, 3, 6]);
  assert.deepEqual(await sums(all.bus, trades), [3]);
  assert.deepEqual(await sums(all.bus, reports, 1), [1, 3]);
  assert.equal(one.owned.get(0)?.stateHash(), "sum 6");
  const [first] = await everything(all.bus, reports, 0);
  assert.equal(first?.timestampMs, 1_700_000_000_001);
  assert.equal(first?.headers.id, "test-reports/0/1/1");
  await place(all.bus, [3, 3, 4]);
  assert.deepEqual(await untilReported(all, 4), [1, 2, 3, 4]);
  assert.deepEqual(sequencesOf(await everything(all.bus, trades, 0)), [1, 2]);
  await closed(all, one);
  assert.equal(one.owned.size, 0, "closed: no longer its owner");
});

test("R8: taking over without a snapshot replays, compares and sends only what is missing", async (t) => {
  const all = await given(t);
  await place(all.bus, upTo(5));
  const one = shard(all);
  one.runner.start();
  await untilReported(all, 5);
  await closed(all, one);
  await place(all.bus, upTo(8, 6));
  const two = shard(all);
  two.runner.start();
  assert.deepEqual(await untilReported(all, 8), upTo(8));
  assert.deepEqual(await sums(all.bus, reports), upTo(8).map(triangle));
  assert.deepEqual(sequencesOf(await everything(all.bus, trades, 0)), [1, 2, 3, 4]);
  await closed(all, two);
});

test("R8: a crash after the send: the next owner sends nothing twice; after an unsent batch it sends it", async (t) => {
  const all = await given(t);
  const one = shard(all);
  one.runner.start();
  await place(all.bus, upTo(4));
  await untilReported(all, 4);
  one.faults.cut();
  await place(all.bus, upTo(6, 5));
  await all.time.settle();
  await closed(all, one);
  assert.deepEqual(await sums(all.bus, reports), [1, 3, 6, 10]);
  const two = shard(all);
  two.runner.start();
  assert.deepEqual(await untilReported(all, 6), upTo(6));
  await closed(all, two);
});

test("R8: an unknown outcome is sent again with the same numbers and values", async (t) => {
  const all = await given(t);
  const one = shard(all);
  one.faults.failNext("unknown", "lost");
  one.runner.start();
  await place(all.bus, upTo(2));
  await all.time.until("it is sent again", async () => (await everything(all.bus, reports, 0)).length > 2);
  assert.deepEqual(await untilReported(all, 2), [1, 2, 1, 2]);
  assert.deepEqual(await sums(all.bus, reports), [1, 3, 1, 3]);
  await all.time.until("it is ready again", () => one.runner.unready().length === 0);
  await closed(all, one);
});

test("R8: another program is stopped loudly before it sends anything", async (t) => {
  const all = await given(t);
  await place(all.bus, upTo(3));
  const one = shard(all);
  one.runner.start();
  await untilReported(all, 3);
  await closed(all, one);
  await place(all.bus, upTo(5, 4));
  const other = shard(all, { create: () => summing(1) });
  other.runner.start();
  await all.time.until("it has stopped", () =>
    /a replay yields the same outputs/.test(other.runner.unready().join()),
  );
  assert.deepEqual(await sums(all.bus, reports), [1, 3, 6]);
  assert.equal(other.log.errors.length, 1);
  assert.ok(!other.owned.has(0));
  await closed(all, other);
});

test("R8: outputs are compared also where the broker is slow to show them", async (t) => {
  const all = await given(t);
  await place(all.bus, upTo(3));
  const one = shard(all);
  one.runner.start();
  await untilReported(all, 3);
  await closed(all, one);
  await place(all.bus, upTo(5, 4));
  const other = shard(all, { create: () => summing(1) });
  other.faults.slowPolls(10);
  other.runner.start();
  await all.time.until("it has stopped", () =>
    /a replay yields the same outputs/.test(other.runner.unready().join()),
  );
  assert.deepEqual(await sums(all.bus, reports), [1, 3, 6]);
  await closed(all, other);
});

test("R8: two owners at once make equal duplicates only", async (t) => {
  const all = await given(t);
  const apart: EventBus = new Proxy(all.bus, {
    get: (target, property) => {
      if (property === "consume") {
        const consume: EventBus["consume"] = (options) => target.consume({ ...options, group: "another" });
        return consume;
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const one = shard(all, { snapshotEvery: 3 });
  const two = shard(all, { snapshotEvery: 3, on: apart, id: "two" });
  one.runner.start();
  await place(all.bus, upTo(4));
  two.runner.start();
  for (let n = 5; n <= 20; n++) await place(all.bus, [n]);
  await all.time.until(
    "both have sent the last",
    async () =>
      sequencesOf(await everything(all.bus, reports, 0)).filter((sequence) => sequence === 20).length === 2,
  );
  const values = new Map<number, string>();
  const firsts: number[] = [];
  for (const record of await everything(all.bus, reports, 0)) {
    const sequence = Number(record.headers.sequence);
    const same = values.get(sequence) ?? record.value;
    assert.equal(record.value, same);
    if (!values.has(sequence)) firsts.push(sequence);
    values.set(sequence, record.value);
  }
  assert.deepEqual(firsts, upTo(20));
  await closed(all, one);
  await closed(all, two);
});

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

test("one batch is in flight while the next is computed, and all topics of a batch are one send", async (t) => {
  const all = await given(t);
  const applied: number[] = [];
  const one = shard(all, { create: () => noting(summing(), applied) });
  const release = one.faults.hold();
  one.runner.start();
  for (const n of [1, 2, 3, 4]) {
    await place(all.bus, [n]);
    await all.time.until("the first is under way", () => one.faults.tried.length > 0);
    await all.time.settle();
  }
  assert.deepEqual(
    one.faults.tried.map(({ topic, records }) => [topic, records.length]),
    [[reports.name, 1]],
  );
  assert.deepEqual(applied, [1, 2]);
  release();
  assert.deepEqual(await untilReported(all, 4), upTo(4));
  await closed(all, one);
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

test("R8: an input that lacks a number stops its partition; the others go on", async (t) => {
  const all = await given(t);
  const one = shard(all);
  one.runner.start();
  await place(all.bus, [1, 2, 4]);
  await all.time.until("it has stopped", () =>
    /partition 0 stopped: the log has no gap/.test(one.runner.unready().join()),
  );
  assert.deepEqual(await sums(all.bus, reports), [1, 3], "what came before it is sent");
  await place(all.bus, upTo(3), 1);
  await untilReported(all, 3, 1);
  await closed(all, one);
});

test("R8: a command that breaks an invariant stops its partition and drops its memory; the others go on", async (t) => {
  const all = await given(t);
  const one = shard(all, { create: (_, partition) => summing(0, partition === 0 ? 3 : Number.NaN) });
  one.runner.start();
  await place(all.bus, upTo(2));
  await untilReported(all, 2);
  assert.ok(one.owned.has(0));
  await place(all.bus, upTo(5, 3));
  await all.time.until("it has stopped", () =>
    /partition 0 stopped: test-commands.0 number 3 .OrderPlaced. .*the sum is never this.*bourse void 0 3/.test(
      one.runner.unready().join(),
    ),
  );
  assert.deepEqual(await sums(all.bus, reports), [1, 3], "nothing of the broken command is sent");
  assert.ok(!one.owned.has(0));
  assert.equal(one.log.errors.length, 1);
  await place(all.bus, upTo(3), 1);
  await untilReported(all, 3, 1);
  assert.deepEqual(
    one.runner
      .status()
      .partitions.map(({ partition, state }) => [partition, state])
      .sort(),
    [
      [0, "stopped"],
      [1, "running"],
    ],
  );
  await closed(all, one);
});

test("R8: nothing reaches a broken program while what came before it is still in flight", async (t) => {
  const all = await given(t);
  const applied: number[] = [];
  const one = shard(all, {
    create: (_, partition) => (partition === 0 ? noting(summing(0, 4), applied) : summing()),
  });
  one.runner.start();
  await all.time.until("it is ready", () => one.owned.size === 2);
  const release = one.faults.hold();
  await place(all.bus, [1, 2, 3, 4]);
  await all.time.until("the outputs are under way", () => one.faults.tried.length > 0);
  await place(all.bus, [4, 5]);
  await all.time.settle();
  release();
  await all.time.until("it has stopped", () => one.log.errors.length > 0);
  await place(all.bus, [6]);
  await all.time.settle();
  assert.deepEqual(applied, [1, 2, 3, 4]);
  assert.equal(one.log.errors.length, 1);
  assert.match(one.log.errors[0] ?? "", /shard partition stopped: .*number 4 .*the sum is never this/);
  assert.deepEqual(await sums(all.bus, reports), [1, 3, 6]);
  await closed(all, one);
});

test("R8: wallet's records between a shard's own do not disturb tail and comparison", async (t) => {
  const all = await given(t);
  const one = shard(all);
  one.runner.start();
  await place(all.bus, upTo(4));
  await untilReported(all, 4);
  await closed(all, one);
  await sendAll(
    all.bus,
    trades,
    0,
    upTo(100).map((n) => numbered(trades, 0, n, { eventType: "Settled" })),
  );
  const two = shard(all);
  two.runner.start();
  await place(all.bus, upTo(6, 5));
  await untilReported(all, 6);
  assert.deepEqual(sequencesOf(await everything(all.bus, trades, 0), "matching"), [1, 2, 3]);
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

test("a shard is refused whose outputs have another partition count", async (t) => {
  const all = await given(t);
  assert.throws(() => shard(all, { outputs: [{ ...reports, partitions: 3 }] }), /equal partition counts/);
});
