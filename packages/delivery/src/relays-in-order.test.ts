import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type Random, seededRandom } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import { busWith } from "./testing/bus-with.ts";
import { commands, everything, placed, sequencesOf, testBus } from "./testing/fixtures.ts";
import { commit, given, type Instance, instance } from "./testing/relays.ts";

const SEEDS = 25;
const STEPS = 30;

/** A broker that may come back with less of a log than it had. */
function brittle(first: EventBus): { readonly bus: EventBus; comesBackAs(left: EventBus): void } {
  let now = first;
  return {
    comesBackAs: (left) => {
      now = left;
    },
    bus: busWith(first, {
      send: (batches) => now.send(batches),
      read: (options) => now.read(options),
      offsets: (topic) => now.offsets(topic),
      offsetsAt: (topic, timestampMs) => now.offsetsAt(topic, timestampMs),
      tail: (topic, partition, count) => now.tail(topic, partition, count),
    }),
  };
}

/** The beginning of the log, which may be all of it, or nothing. */
async function left(t: TestContext, bus: EventBus, random: Random): Promise<EventBus> {
  const all = await everything(bus, commands, 0);
  const records = all
    .slice(0, random.below(all.length + 1))
    .map(({ key, value, headers, timestampMs }) => ({ key, value, headers, timestampMs }));
  const other = await testBus(t);
  if (records.length > 0) await other.send([{ topic: commands.name, partition: 0, records }]);
  return other;
}

/** How many were committed, and what the log has of them in the end. */
async function troubled(t: TestContext, seed: number): Promise<{ count: number; log: readonly number[] }> {
  const random = seededRandom(seed);
  const real = await given(t);
  const { bus, comesBackAs } = brittle(real.bus);
  const all = { ...real, bus: bus as typeof real.bus };
  const begun = async (): Promise<Instance> => {
    const next = instance(all);
    await next.relay.start();
    return next;
  };
  const instances = [await begun(), await begun()];
  let count = 0;
  for (let step = 0; step < STEPS; step++) {
    const nth = random.below(instances.length);
    const one = instances[nth] ?? assert.fail();
    const events = Array.from({ length: 1 + random.below(4) }, () => placed(++count));
    await commit(one.delivery, ...events);
    const chance = random.next();
    if (chance < 0.2) one.faults.failNext(random.below(2) === 0 ? "lost" : "unknown");
    if (chance > 0.2 && chance < 0.3) {
      await all.time.finish("it is drained", one.relay.drain());
      instances[nth] = await begun();
    }
    if (chance > 0.3 && chance < 0.4) comesBackAs(await left(t, bus, random));
    if (chance > 0.4 && chance < 0.6) await all.time.advance(random.below(3_000));
    for (let turns = random.below(20); turns > 0; turns--) await setImmediate();
  }
  // Also what was lost last is looked at.
  await all.time.advance(100_000);
  for (const { relay } of instances) {
    assert.deepEqual(relay.unready(), []);
    await all.time.finish("it is drained", relay.drain());
  }
  return { count, log: sequencesOf(await everything(bus, commands, 0)) };
}

test("whoever starts, ends or fails, and whatever the broker loses: every number, none before the one below it (R4)", async (t) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { count, log } = await troubled(t, seed);
    let last = 0;
    for (const sequence of log) {
      assert.ok(sequence <= last + 1, `seed ${seed}: ${sequence} after ${last}`);
      last = Math.max(last, sequence);
    }
    assert.equal(last, count, `seed ${seed}`);
  }
});
