import assert from "node:assert/strict";
import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { InvariantError } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import { rfc3339 } from "@bourse/contracts";
import type { ShardProgram } from "./definitions.ts";
import { faultyBus } from "./testing/faulty-bus.ts";
import { commands, metricValue, reports, testLog, testMetrics } from "./testing/fixtures.ts";
import {
  type Given,
  given as givenShard,
  place,
  shardRunner,
  snapshotHeads,
  sums,
} from "./testing/shards.ts";
import { addVoided, readBroken, readVoided, shardFolder, voidedHash } from "./voided-commands.ts";

/** Sums its commands, one report each; a planted fault breaks on one of them. A voided one is reported as 0. */
function planted(breaksAt: number): ShardProgram {
  let sum = 0;
  return {
    restore: (snapshot) => {
      if (snapshot !== null) sum = Number(new TextDecoder().decode(snapshot));
    },
    apply: ({ event, partition, timeMs }, output) => {
      const { n } = event as { n: number };
      sum += n;
      const report = { eventType: "Reported", timestamp: rfc3339(timeMs), n: sum };
      output(reports, `k${partition}`, report);
      if (n === breaksAt) throw new InvariantError("a planted fault");
    },
    void: ({ partition, timeMs }, output) =>
      output(reports, `k${partition}`, { eventType: "Reported", timestamp: rfc3339(timeMs), n: 0 }),
    snapshot: () => new TextEncoder().encode(String(sum)),
    stateHash: () => `sum ${sum}`,
  };
}

async function given(t: TestContext) {
  const all = await givenShard(t);
  return {
    ...all,
    at: shardFolder(all.folder, { subscription: "engine", topic: commands.name, partition: 0 }),
  };
}

function shard(
  { bus, time, folder }: Omit<Given, "bus"> & { readonly bus: EventBus },
  program: number | ShardProgram,
  snapshotEvery = 1_000_000,
) {
  const log = testLog();
  const { metrics, registry } = testMetrics();
  const runner = shardRunner(
    { bus, time, folder, log, metrics },
    {
      outputs: [reports],
      snapshotEvery,
      create: () => (typeof program === "number" ? planted(program) : program),
    },
  );
  return { runner, log, registry };
}

const voided = (sequence: number) => ({
  sequence,
  reason: "breaks",
  who: "olga",
  at: "2026-11-21T09:30:00.000Z",
});

test("R8: a broken command stops its partition until it is void; then it is rejected and the rest goes on", async (t) => {
  const all = await given(t);
  await place(all.bus, [1, 2, 3, 4]);
  const { runner, registry } = shard(all, 3);
  runner.start();
  await all.time.until("it has stopped", () =>
    /partition 0 stopped: test-commands\/0 number 3 \(OrderPlaced\).*bourse void 0 3/.test(
      runner.unready().join(),
    ),
  );
  assert.deepEqual(await sums(all.bus, reports), [1, 3], "nothing of the broken command is sent");
  assert.equal(await metricValue(registry, "broken_command"), 3);
  assert.equal(await metricValue(registry, "stopped"), 1);

  assert.equal((await readBroken(all.at))?.sequence, 3, "every instance can see it");

  assert.ok(await addVoided(all.at, voided(3)));
  await all.time.until("it goes on", async () => (await sums(all.bus, reports)).length === 4);
  assert.deepEqual(await sums(all.bus, reports), [1, 3, 0, 7]);
  await all.time.until("it is ready", () => runner.unready().length === 0);
  assert.equal(await metricValue(registry, "broken_command"), 0);
  assert.equal(await readBroken(all.at), null);
  assert.equal(await metricValue(registry, "stopped"), 0);
  await all.time.finish("it is closed", runner.close());
});

test("R8: later snapshots say which commands are void, and one without a void before it is not used", async (t) => {
  const all = await given(t);
  await addVoided(all.at, voided(2));
  await place(all.bus, [1, 2, 3]);
  const one = shard(all, 2, 3);
  one.runner.start();
  await all.time.until("a snapshot is there", async () => (await snapshotHeads(all)).length === 1);
  await all.time.finish("it is closed", one.runner.close());
  const [head] = await snapshotHeads(all);
  assert.equal(head?.voided, voidedHash([voided(2)], 3));
  assert.notEqual(head?.voided, voidedHash([voided(1), voided(2)], 3));

  // A command that was applied is voided behind the program's back: the snapshot is past it, so it is not used, and the
  // replay says something else than the topic.
  await addVoided(all.at, voided(1));
  const two = shard(all, 2, 3);
  two.runner.start();
  await all.time.until("it has stopped", () =>
    /a replay yields the same outputs: test-reports\/0 number 1/.test(two.runner.unready().join()),
  );
  await all.time.finish("it is closed", two.runner.close());
});

test("R8: a program that does not know voids is not told to go on", async (t) => {
  const all = await given(t);
  await addVoided(all.at, voided(1));
  await place(all.bus, [1]);
  const program = planted(Number.NaN);
  delete program.void;
  const { runner } = shard(all, program);
  runner.start();
  await all.time.until("it has stopped", () => /number 1 .*voided/.test(runner.unready().join()));
  await all.time.finish("it is closed", runner.close());
});

test("R4, R8: outputs lost with the broker, an input cut by retention: the oldest snapshot it follows on", async (t) => {
  const all = await given(t);
  await place(all.bus, [1, 2, 3, 4, 5, 6]);
  const one = shard(all, Number.NaN, 2);
  one.runner.start();
  await all.time.until("it is done", async () => (await snapshotHeads(all))[0]?.sequence === 6);
  await all.time.finish("it is closed", one.runner.close());
  const kept = (await snapshotHeads(all)).map(({ sequence }) => sequence);
  await all.bus.deleteTopic(commands.name);
  await all.bus.deleteTopic(reports.name);
  await all.bus.ensureTopics(
    [commands, reports].map(({ name, partitions, retentionMs }) => ({ name, partitions, retentionMs })),
  );
  const first = Math.min(...kept) + 1;
  await place(
    all.bus,
    [6, 7, 8].filter((sequence) => sequence >= first),
  );
  const { bus, slowPolls } = faultyBus(all.bus);
  slowPolls(10);
  const two = shard({ ...all, bus }, Number.NaN);
  two.runner.start();
  await all.time.until("it goes on", async () => (await sums(all.bus, reports)).includes(36));
  await all.time.finish("it is closed", two.runner.close());
});

test("a void is kept once, with who and why, and in order", async (t) => {
  const { at } = await given(t);
  assert.deepEqual(await readVoided(at), []);
  assert.equal(await addVoided(at, voided(7)), true);
  assert.equal(await addVoided(at, voided(3)), true);
  assert.equal(await addVoided(at, { ...voided(7), who: "other" }), false);
  assert.deepEqual(await readVoided(at), [voided(3), voided(7)]);
  assert.equal(voidedHash([voided(7)], 6), "");
});

test("R8: a note of the broken command that can't be written is written later", async (t) => {
  const all = await given(t);
  await place(all.bus, [1, 2, 3]);
  const obstacle = join(all.at, "broken.json");
  const program = planted(3);
  const { runner } = shard(all, {
    ...program,
    apply: (envelope, output) => {
      if (envelope.sequence === 3) mkdirSync(obstacle, { recursive: true });
      program.apply(envelope, output);
    },
  });
  runner.start();
  await all.time.until("it has stopped", () => runner.unready().join().includes("bourse void 0 3"));
  assert.ok(statSync(obstacle).isDirectory());
  rmdirSync(obstacle);
  await all.time.until("it is noted", async () => (await readBroken(all.at))?.sequence === 3);
  await all.time.finish("it is closed", runner.close());
});
