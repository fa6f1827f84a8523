import assert from "node:assert/strict";
import { test } from "node:test";
import type { ShardProgram } from "./definitions.ts";
import { metricValue, reports, testMetrics } from "./testing/fixtures.ts";
import {
  closed,
  given,
  noting,
  place,
  shard,
  shardRunner,
  summing,
  sums,
  untilReported,
  upTo,
} from "./testing/shards.ts";
import { UnknownRulesError } from "./unknown-rules-error.ts";

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

test("R8: a command by rules that only a later version knows stops its partition, and is not to be voided", async (t) => {
  const all = await given(t);
  const program = summing();
  const create = (): ShardProgram => ({
    ...program,
    apply: (command, output) => {
      if (command.sequence === 3) throw new UnknownRulesError("version 9 is run by version 9 or a later one");
      program.apply(command, output);
    },
  });
  const { metrics, registry } = testMetrics();
  const runner = shardRunner({ ...all, metrics }, { create });
  runner.start();
  await place(all.bus, upTo(4));
  await all.time.until("it has stopped", () =>
    /partition 0 stopped: version 9 is run by version 9 or a later one$/.test(runner.unready().join()),
  );
  assert.deepEqual(await sums(all.bus, reports), [1, 3], "what came before it is sent");
  assert.equal(await metricValue(registry, "stopped"), 1);
  assert.equal(await metricValue(registry, "broken_command"), 0);
  await all.time.finish("it is closed", runner.close());
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

test("R8: outputs that the bus refuses for good stop their partition, and send nothing behind them; the others go on", async (t) => {
  const all = await given(t);
  const one = shard(all);
  one.runner.start();
  await all.time.until("it is ready", () => one.owned.size === 2);
  one.faults.refuse(0);
  const release = one.faults.hold();
  await place(all.bus, upTo(2));
  await place(all.bus, upTo(2), 1);
  await all.time.until("the outputs are under way", () => one.faults.tried.length > 0);
  await place(all.bus, upTo(4, 3));
  await place(all.bus, upTo(4, 3), 1);
  await all.time.settle();
  release();
  await all.time.until("it has stopped", () =>
    /partition 0 stopped: bus_refused: injected/.test(one.runner.unready().join()),
  );
  one.faults.refuse(null);
  await place(all.bus, upTo(6, 5));
  await place(all.bus, upTo(6, 5), 1);
  await untilReported(all, 6, 1);
  assert.deepEqual(await sums(all.bus, reports), []);
  assert.deepEqual(one.runner.status().state, "running");
  assert.equal(one.log.errors.length, 1);
  assert.ok(!one.owned.has(0));
  await closed(all, one);
});

test("R8: outputs whose outcome is unknown are sent again while another partition's are refused", async (t) => {
  const all = await given(t);
  const one = shard(all);
  one.runner.start();
  await all.time.until("it is ready", () => one.owned.size === 2);
  one.faults.refuse(1);
  one.faults.failNext("lost");
  await place(all.bus, upTo(2));
  await place(all.bus, upTo(2), 1);
  await untilReported(all, 2);
  await all.time.until("it has stopped", () => one.log.errors.length > 0);
  one.faults.failNext("lost", "unknown");
  await place(all.bus, upTo(4, 3));
  await untilReported(all, 4);
  assert.match(one.log.errors[0] ?? "", /shard partition stopped: .*bus_refused/);
  await closed(all, one);
});
