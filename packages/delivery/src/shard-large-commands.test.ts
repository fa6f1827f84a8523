import assert from "node:assert/strict";
import { test } from "node:test";
import { InvariantError, type Steps } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import { rfc3339 } from "@bourse/contracts";
import type { ShardProgram } from "./definitions.ts";
import type { Envelope } from "./envelope.ts";
import { busWith } from "./testing/bus-with.ts";
import { everything, reports, sequencesOf } from "./testing/fixtures.ts";
import { closed, type Given, given, place, shard, untilReported, upTo } from "./testing/shards.ts";
import { countingYields } from "./testing/virtual-time.ts";

/** What the second command makes, in as many steps. The others make one report each. */
const REPORTS = 9_000;
const STEPS = 3;
const ALL = upTo(REPORTS + 2);

/** A mass cancel among other commands. It may break in its last step. */
function massive({ isBroken = false } = {}): ShardProgram {
  let told = 0;
  const report = ({ timeMs, partition }: Envelope, output: Parameters<ShardProgram["apply"]>[1]): void => {
    output(reports, `k${partition}`, { eventType: "Reported", timestamp: rfc3339(timeMs), n: ++told });
  };
  function* rest(command: Envelope, output: Parameters<ShardProgram["apply"]>[1]): Steps<void> {
    for (let step = 1; step <= STEPS; step++) {
      for (let nth = 0; nth < REPORTS / STEPS; nth++) report(command, output);
      if (step < STEPS) yield;
    }
    if (isBroken) throw new InvariantError("a planted fault");
  }
  return {
    restore: () => undefined,
    apply: () => assert.fail("it has steps"),
    applySteps: (command, output) => {
      if (command.sequence === 2) return rest(command, output);
      report(command, output);
      return null;
    },
    snapshot: () => new Uint8Array(),
    stateHash: () => "",
  };
}

/** A bus that hears no more after so many sends: the process is gone. */
function endingAfter(bus: EventBus, sends: number): EventBus {
  let left = sends;
  const send: EventBus["send"] = (batches) => (left-- > 0 ? bus.send(batches) : new Promise(() => undefined));
  return busWith(bus, { send });
}

/** The numbers that the topic has of ours, in its order. */
const sent = async ({ bus }: Given, partition = 0): Promise<readonly number[]> =>
  sequencesOf(await everything(bus, reports, partition), "matching");

test("a command with much to do lets others go on, and its outputs go in several sends", async (t) => {
  const all = await given(t);
  const { time, yields } = countingYields(all.time);
  await place(all.bus, upTo(3));
  const one = shard({ ...all, time }, { create: () => massive() });
  one.runner.start();
  await untilReported(all, REPORTS + 2);
  assert.deepEqual(await sent(all), ALL);
  assert.equal(yields(), STEPS - 1 + REPORTS / 1_000 - 1);
  assert.deepEqual(
    one.faults.tried.map(({ records }) => records.length),
    [4_000, 4_000, 1_002],
  );
  await closed(all, one);
});

for (const sends of [0, 1, 2]) {
  test(`R8: an end after ${sends} of the sends of a command leaves what the next owner goes on from`, async (t) => {
    const all = await given(t);
    await place(all.bus, upTo(3));
    const one = shard(all, { on: endingAfter(all.bus, sends), create: () => massive() });
    one.runner.start();
    await all.time.until("its outputs are sent", () => one.faults.tried.length > sends);
    await closed(all, one);
    assert.deepEqual(await sent(all), ALL.slice(0, sends * 4_000));
    const two = shard(all, { create: () => massive() });
    two.runner.start();
    await untilReported(all, REPORTS + 2);
    await all.time.until("it has caught up", () => two.runner.unready().length === 0);
    assert.deepEqual(await sent(all), ALL);
    await closed(all, two);
  });
}

test("R8: a command that breaks in its last step has no outputs, those before it have", async (t) => {
  const all = await given(t);
  await place(all.bus, upTo(3));
  const one = shard(all, { create: () => massive({ isBroken: true }) });
  one.runner.start();
  await all.time.until("it has stopped", () =>
    /number 2 .* a planted fault/.test(one.runner.unready().join()),
  );
  assert.deepEqual(await sent(all), [1]);
  await closed(all, one);
});

test("R12: what is refused of a large step stops its partition alone, and nothing is sent twice for it", async (t) => {
  const all = await given(t);
  await place(all.bus, upTo(3), 0);
  await place(all.bus, upTo(3), 1);
  const one = shard(all, { create: () => massive() });
  one.faults.refuse(0);
  one.runner.start();
  await untilReported(all, REPORTS + 2, 1);
  await all.time.until("the other has stopped", () =>
    /partition 0 stopped/.test(one.runner.unready().join()),
  );
  assert.deepEqual(await sent(all, 0), []);
  assert.deepEqual(await sent(all, 1), ALL);
  await closed(all, one);
});
