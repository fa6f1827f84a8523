import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { seededRandom } from "@bourse/base";
import { commands, everything, placed, sequencesOf } from "./testing/fixtures.ts";
import { commit, given } from "./testing/relays.ts";
import {
  appliedUpTo,
  beginningOf,
  lossyBroker,
  type MortalInstance,
  mortalInstance,
} from "./testing/troubled-relays.ts";

const SEEDS = 15;
const STEPS = 30;

/** How many were committed, and what the log has of them in the end. */
async function troubled(
  t: TestContext,
  { seed, told, relays }: { readonly seed: number; readonly told: boolean; readonly relays: number },
): Promise<{ count: number; log: readonly number[] }> {
  const random = seededRandom(seed);
  const real = await given(t);
  const { bus, comesBackAs } = lossyBroker(real.bus, told);
  const all = { ...real, bus: bus as typeof real.bus };
  const begun = async (): Promise<MortalInstance> => {
    const next = mortalInstance(all);
    await all.time.finish("it has started", next.relay.start());
    return next;
  };
  const instances: MortalInstance[] = [];
  while (instances.length < relays) instances.push(await begun());
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
    if (chance > 0.3 && chance < 0.4) {
      const { length } = await everything(bus, commands, 0);
      comesBackAs(await beginningOf(t, bus, random.below(length + 1)));
    }
    if (chance > 0.4 && chance < 0.6) await all.time.advance(random.below(3_000));
    if (chance > 0.6 && chance < 0.7) {
      one.dies();
      instances[nth] = await begun();
    }
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

const seeds = Array.from({ length: SEEDS }, (_, nth) => nth + 1);

for (const relays of [1, 2])
  test(`whoever of ${relays} starts, ends or fails, and whatever the broker loses: every number, none before the one below it (R4)`, async (t) => {
    for (const seed of seeds) {
      const { count, log } = await troubled(t, { seed, told: true, relays });
      let last = 0;
      for (const sequence of log) {
        assert.ok(sequence <= last + 1, `seed ${seed}: ${sequence} after ${last}`);
        last = Math.max(last, sequence);
      }
      assert.equal(last, count, `seed ${seed}`);
    }
  });

for (const relays of [1, 2])
  test(`whoever of ${relays} starts, ends or fails, and wherever a gap is written: what is missing lies behind it (R4)`, async (t) => {
    for (const seed of seeds) {
      const { count, log } = await troubled(t, { seed, told: false, relays });
      assert.equal(appliedUpTo(log), count, `seed ${seed}: ${log}`);
    }
  });
