import assert from "node:assert/strict";
import { test } from "node:test";
import { BusError, type BusRecord, type ConsumeOptions, type GroupConsumer } from "@bourse/bus";
import { StoreError } from "@bourse/store";
import { busWith } from "./testing/bus-with.ts";
import { consumer, given, nameOf, names, place, untilMark, upTo } from "./testing/effects.ts";
import { commands, metricValue, numbered, sendAll, trades } from "./testing/fixtures.ts";
import { effect } from "./testing/memory-store.ts";

test("R5: each number is applied once, in order, and memory follows the commit", async (t) => {
  const all = await given(t);
  const { runner, remembered, registry } = consumer(all);
  await place(all.bus, upTo(5));
  runner.start();
  await untilMark(all, 5);
  await place(all.bus, [3, 4, 5, 6, 7]);
  await untilMark(all, 7);
  assert.equal(await metricValue(registry, "rebalances_total"), 1);
  const latency = await registry.getSingleMetric("bourse_delivery_event_latency_ms")?.get();
  const units = latency?.values.find((value) => String(Reflect.get(value, "metricName")).endsWith("_count"));
  assert.ok((units?.value ?? 0) >= 2, "each unit of work told how old its events were");
  assert.deepEqual(all.store.effects, names(upTo(7)));
  assert.deepEqual(remembered, names(upTo(7)));
  assert.deepEqual(runner.unready(), []);
  await runner.close();
});

test("R5: the marks travel in front of the first round trip and the outbox last; a unit that reads takes two", async (t) => {
  const all = await given(t);
  const settled = { topic: trades, key: "k", partition: 0, event: { eventType: "Settled", n: 1 } } as const;
  const { runner, handed } = consumer(all, {
    handle: async (_, batch, unit) => {
      const [rows] = await unit.run([{ text: "read effects", values: [] }]);
      assert.deepEqual(rows, [], "the unit sees the rows of its own statements");
      return { statements: batch.map((each) => effect(nameOf(each))), events: [settled], result: undefined };
    },
  });
  await place(all.bus, [1, 2]);
  runner.start();
  await untilMark(all, 2);
  const [trip] = all.store.trips.filter(({ name }) => name === "consume.settle");
  assert.deepEqual(
    trip?.texts.map((texts) => texts.map((text) => /marks_advance|outbox_head|effects?/.exec(text)?.[0])),
    [
      ["marks_advance", "effects"],
      ["effect", "effect", "outbox_head"],
    ],
  );
  assert.deepEqual(
    handed.map(({ firstSequence, lastSequence }) => [firstSequence, lastSequence]),
    [[1, 1]],
  );
  await runner.close();
});

test("R5: a handler that never reads takes one round trip", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all);
  await place(all.bus, [1]);
  runner.start();
  await untilMark(all, 1);
  const [trip] = all.store.trips.filter(({ name }) => name === "consume.settle");
  assert.equal(trip?.texts.length, 1);
  assert.match(trip?.texts[0]?.[0] ?? "", /marks_advance/);
  await runner.close();
});

test("R5: a gap stops the subscription, not ready, with an alarm; what came before it is applied", async (t) => {
  const all = await given(t);
  const { runner, log, registry } = consumer(all);
  await place(all.bus, [1, 2, 4, 5]);
  await place(all.bus, [1], 1);
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.deepEqual([...all.store.effects].sort(), [...names([1, 2]), ...names([1], 1)].sort());
  assert.match(
    runner.unready().join(),
    /sequence_gap: test-commands\/0 at offset 2: order's number 1\/4 came where 1\/3 was due/,
  );
  assert.equal(log.errors.length, 1);
  assert.equal(await metricValue(registry, "stopped"), 1);
  await place(all.bus, [3]);
  await all.time.advance(60_000);
  assert.equal(all.store.effects.length, 3, "stopped means stopped");
  await runner.close();
});

test("R5: a crash before the commit changes nothing; the next one applies it", async (t) => {
  const all = await given(t);
  const { promise, reject } = Promise.withResolvers<never>();
  const crashed = consumer(all, { handle: () => promise });
  await place(all.bus, [1, 2]);
  crashed.runner.start();
  await all.time.settle();
  assert.deepEqual(all.store.effects, []);
  assert.deepEqual(crashed.remembered, []);
  const left = crashed.runner.close();
  reject(new Error("the process is gone"));
  await all.time.finish("it has left the group", left);
  const { runner } = consumer(all);
  runner.start();
  await untilMark(all, 2);
  assert.deepEqual(all.store.effects, names([1, 2]));
  await runner.close();
});

test("R5: a commit of unknown outcome that was applied is not applied again, and memory follows it", async (t) => {
  const all = await given(t);
  all.store.failNext("unknown_applied");
  const { runner, remembered } = consumer(all);
  await place(all.bus, upTo(3));
  runner.start();
  await untilMark(all, 3);
  await place(all.bus, [4]);
  await untilMark(all, 4);
  assert.deepEqual(all.store.effects, names(upTo(4)));
  assert.deepEqual(remembered, names(upTo(4)));
  await runner.close();
});

test("R5: a commit of unknown outcome that was not applied is tried again", async (t) => {
  const all = await given(t);
  all.store.failNext("unknown_not_applied", "unknown_not_applied");
  const { runner, remembered } = consumer(all);
  await place(all.bus, upTo(3));
  runner.start();
  await untilMark(all, 3);
  assert.deepEqual(all.store.effects, names(upTo(3)));
  assert.deepEqual(remembered, names(upTo(3)));
  await runner.close();
});

test("R5: a deadlock reruns the unit with its marks in front again", async (t) => {
  const all = await given(t);
  all.store.failNext("deadlock");
  const { runner } = consumer(all);
  await place(all.bus, upTo(3));
  runner.start();
  await untilMark(all, 3);
  assert.deepEqual(all.store.effects, names(upTo(3)));
  await runner.close();
});

test("R12: a store that does not answer: tried again for ever, not ready meanwhile, never stopped", async (t) => {
  const all = await given(t);
  const { runner, registry } = consumer(all);
  await place(all.bus, [1]);
  runner.start();
  await untilMark(all, 1);
  const comeBack = all.store.goAway();
  await place(all.bus, [2]);
  await all.time.advance(3_600_000);
  assert.match(runner.unready().join(), /retrying: unit of work: store_unavailable/);
  assert.equal(await metricValue(registry, "stops_total"), 0);
  comeBack();
  await untilMark(all, 2);
  assert.deepEqual(runner.unready(), []);
  await runner.close();
});

test("R12: policy stop: any other failure of the handler stops the subscription and changes nothing", async (t) => {
  const all = await given(t);
  const { runner, remembered } = consumer(all, {
    handle: async () => {
      throw new StoreError("constraint_violated", "balance_not_negative", { retryable: false });
    },
  });
  await place(all.bus, [1]);
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.match(runner.unready().join(), /stopped: constraint_violated: balance_not_negative/);
  assert.equal(all.store.mark("settle", commands.name, 0, "order"), undefined);
  assert.deepEqual(remembered, []);
  await runner.close();
  assert.equal(runner.status().state, "stopped");
});

test("R12: a record that can't be read stops the subscription behind the ones before it", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all);
  const bad = { ...numbered(commands, 0, 2), value: '{"eventType":"Unheard","timestamp":"t"}' };
  await sendAll(all.bus, commands, 0, [numbered(commands, 0, 1), bad, numbered(commands, 0, 3)]);
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.deepEqual(all.store.effects, names([1]));
  assert.match(
    runner.status().reason ?? "",
    /unknown_event_type: test-commands\/0 at offset 1: unknown event type "Unheard"/,
  );
});

test("the status names what is applied and where the log goes on", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all);
  await place(all.bus, upTo(3));
  runner.start();
  await untilMark(all, 3);
  const at = runner.status().partitions.find(({ partition }) => partition === 0);
  assert.deepEqual([at?.applied, at?.nextOffset, at?.state], [{ order: 3 }, 3n, "running"]);
  await runner.close();
});

test("a rest after a small batch lets the next one serve more; a large batch has none", async (t) => {
  const all = await given(t);
  const sizes: number[] = [];
  const { runner } = consumer(all, {
    restMs: 50,
    handle: async (_, batch) => {
      sizes.push(batch.length);
      return { statements: [], events: [], result: undefined };
    },
  });
  await place(all.bus, [1]);
  runner.start();
  await untilMark(all, 1);
  await place(all.bus, [2]);
  await all.time.settle();
  await place(all.bus, [3]);
  await all.time.settle();
  assert.deepEqual(sizes, [1]);
  await untilMark(all, 3);
  assert.deepEqual(sizes, [1, 2]);
  await all.time.advance(50);
  await place(all.bus, upTo(1103, 4));
  await untilMark(all, 1103);
  await place(all.bus, [1104]);
  await all.time.settle();
  assert.deepEqual(sizes, [1, 2, 1100, 1]);
  await all.time.finish("it is closed", runner.close());
});

test("who joins the group again has what it is given then, and nothing of what it had, or was still being given", async (t) => {
  const all = await given(t);
  const asked = Promise.withResolvers<void>();
  const members: { readonly options: ConsumeOptions; readonly fail: (error: BusError) => void }[] = [];
  let isHeld = false;
  const bus = busWith(all.bus, {
    consume: async (options) => {
      const end = Promise.withResolvers<readonly BusRecord[]>();
      members.push({ options, fail: end.reject });
      const member: Pick<GroupConsumer, "take" | "commit" | "close"> = {
        take: () => end.promise,
        commit: async () => undefined,
        close: async () => end.resolve([]),
      };
      return member as GroupConsumer;
    },
    topics: async () => {
      if (isHeld) await asked.promise;
      return all.bus.topics();
    },
  });
  const { runner } = consumer(all, { on: bus });
  const has = (): readonly number[] => runner.status().partitions.map(({ partition }) => partition);
  const give = async (member: number, partition: number): Promise<unknown> =>
    members[member]?.options.onAssigned([{ topic: commands.name, partition }]);
  runner.start();
  await all.time.until("it has joined", () => members.length === 1);
  await give(0, 0);
  assert.deepEqual(has(), [0]);
  isHeld = true;
  const late = give(0, 1);
  members[0]?.fail(new BusError("bus_unavailable", "the broker is away", { retryable: true }));
  await all.time.until("it has joined again", () => members.length === 2);
  assert.deepEqual(has(), []);
  asked.resolve();
  await late;
  assert.deepEqual(has(), []);
  await give(1, 1);
  assert.deepEqual(has(), [1]);
  await runner.close();
});
