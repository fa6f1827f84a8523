import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { exposeStatus } from "./status-gauges.ts";
import * as effects from "./testing/effects.ts";
import { faultyBus } from "./testing/faulty-bus.ts";
import { commands, metricValue } from "./testing/fixtures.ts";
import * as shards from "./testing/shards.ts";

const AT = { topic: commands.name, partition: 0 };

for (const policy of ["stop", "parkKey", "skip"] as const)
  test(`R12: a partition that can't be read stops under the policy ${policy}, and the others go on`, async (t) => {
    const all = await effects.given(t);
    const faults = faultyBus(all.bus);
    const one = effects.consumer(all, { on: faults.bus, policy });
    one.runner.start();
    await effects.place(all.bus, [1]);
    await effects.untilMark(all, 1);
    faults.spoil(AT);
    await effects.place(all.bus, effects.upTo(3), 1);
    await effects.untilMark(all, 3, 1);
    assert.deepEqual(one.runner.unready(), [
      "settle: test-commands/0 stopped: unreadable_batch: injected: checksum",
    ]);
    assert.deepEqual(
      one.runner.status().partitions.map(({ state, error }) => [state, error]),
      [
        ["stopped", "unreadable_batch: injected: checksum"],
        ["running", null],
      ],
    );
    assert.deepEqual(one.log.errors, [
      'subscription partition stopped: "unreadable_batch: injected: checksum"',
    ]);
    assert.equal(await metricValue(one.registry, "stopped"), 1);
    const registry = new Registry();
    exposeStatus(registry, { runners: [one.runner], relay: null, busAnswers: () => true });
    assert.match(
      await registry.metrics(),
      /bourse_delivery_stopped_parts\{subscription="settle",code="unreadable_batch"\} 1/,
    );
    await all.time.finish("it is closed", one.runner.close());
  });

test("R12: what was stopped because it can't be read is tried by the next that has it", async (t) => {
  const all = await effects.given(t);
  const faults = faultyBus(all.bus);
  const one = effects.consumer(all, { on: faults.bus });
  one.runner.start();
  await effects.place(all.bus, [1]);
  await effects.untilMark(all, 1);
  faults.spoil(AT);
  const other = effects.consumer(all);
  other.runner.start();
  await all.time.until("they share", () => other.runner.status().partitions.length === 1);
  const keeper = [one, other].find(({ runner }) =>
    runner.status().partitions.some(({ partition }) => partition === 0),
  );
  if (keeper === other) {
    assert.deepEqual(one.runner.unready(), []);
    assert.equal(await metricValue(one.registry, "stopped"), 0);
  } else await all.time.finish("it is closed", one.runner.close());
  await effects.place(all.bus, effects.upTo(3, 2));
  await effects.untilMark(all, 3);
  await all.time.finish("both are closed", Promise.all([one.runner.close(), other.runner.close()]));
});

test("R12: a shard's partition that can't be read stops, and the others go on", async (t) => {
  const all = await shards.given(t);
  const one = shards.shard(all);
  one.runner.start();
  await all.time.until("it is ready", () => one.owned.size === 2);
  one.faults.spoil(AT);
  await shards.place(all.bus, shards.upTo(3), 1);
  await shards.untilReported(all, 3, 1);
  assert.match(one.runner.unready().join(), /^engine: partition 0 stopped: unreadable_batch: injected/);
  assert.ok(!one.owned.has(0));
  await shards.closed(all, one);
});
