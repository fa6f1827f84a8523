import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { EventBus } from "@bourse/bus";
import { busWith } from "./testing/bus-with.ts";
import {
  commands,
  everything,
  metricValue,
  numbered,
  placed,
  sendAll,
  sequencesOf,
  testBus,
  trades,
} from "./testing/fixtures.ts";
import { commit, given, instance, untilSent } from "./testing/relays.ts";
import { appliedUpTo } from "./testing/troubled-relays.ts";

/** The topics of `bus` as a broker has them that lost all but the first records of a partition: under the same ids. */
async function lost(t: TestContext, bus: EventBus, keep: number): Promise<EventBus> {
  const left = await testBus(t);
  const records = (await everything(bus, commands, 0)).slice(0, keep);
  if (records.length > 0)
    await left.send([
      {
        topic: commands.name,
        partition: 0,
        records: records.map(({ key, value, headers, timestampMs }) => ({
          key,
          value,
          headers,
          timestampMs,
        })),
      },
    ]);
  return busWith(left, { topics: () => bus.topics() });
}

for (const keep of [0, 1])
  test(`R4: a topic that lost its end, ${keep} records left, is filled again, whatever was noted as sent`, async (t) => {
    const all = await given(t);
    const first = instance(all);
    await first.relay.start();
    await commit(first.delivery, placed(1), placed(2));
    await commit(first.delivery, placed(3));
    await all.time.finish("it is drained", first.relay.drain());
    const after = { ...all, bus: await lost(t, all.bus, keep) };
    const next = instance(after);
    await next.relay.start();
    assert.deepEqual(await untilSent(after, 3), [1, 2, 3]);
    await commit(next.delivery, placed(4));
    assert.deepEqual(await untilSent(after, 4), [1, 2, 3, 4]);
    await all.time.finish("it is drained", next.relay.drain());
  });

/** A broker under a relay that runs, which may come back with less than it had. `told`: it is asked for its end before a send. */
function brittle(
  bus: EventBus,
  told: boolean,
): { readonly bus: EventBus; comesBackAs(left: EventBus): void } {
  let now = bus;
  return {
    comesBackAs: (left) => {
      now = left;
    },
    bus: new Proxy(bus, {
      get: (_, name) => {
        if (name === "send" && !told)
          return (batches: Parameters<EventBus["send"]>[0]) =>
            now.send(batches.map(({ behind: _behind, ...batch }) => batch));
        const member: unknown = Reflect.get(now, name);
        return typeof member === "function" ? member.bind(now) : member;
      },
    }),
  };
}

for (const [told, keep, found] of [
  [true, 0, [1, 2, 3, 4, 5]],
  [true, 1, [1, 2, 3, 4, 5]],
  // What showed it lies before what was lost.
  [false, 0, [4, 1, 2, 3, 4, 5]],
  [false, 1, [1, 4, 2, 3, 4, 5]],
] as const)
  test(`R4: a topic that loses its end under a relay that runs is filled again, ${keep} records left, ${told ? "before" : "after"} the next one`, async (t) => {
    const real = await given(t);
    const { bus, comesBackAs } = brittle(real.bus, told);
    const all = { ...real, bus };
    const { relay, delivery, registry } = instance(all);
    await relay.start();
    await commit(delivery, placed(1), placed(2));
    await commit(delivery, placed(3));
    await untilSent(all, 3);
    comesBackAs(await lost(t, real.bus, keep));
    await commit(delivery, placed(4));
    await untilSent(all, 3);
    await commit(delivery, placed(5));
    assert.deepEqual(await untilSent(all, 5), found);
    await all.time.advance(3_000);
    assert.deepEqual(sequencesOf(await everything(bus, commands, 0), "order"), found, "and once");
    assert.deepEqual(relay.unready(), []);
    assert.equal(await metricValue(registry, "lost_ends_total"), 1);
    await all.time.finish("it is drained", relay.drain());
  });

test("R4: of what a topic loses under a relay that runs, and the outbox has no more, the relay tells, and waits", async (t) => {
  const real = await given(t);
  const { bus, comesBackAs } = brittle(real.bus, true);
  const all = { ...real, bus };
  const { relay, delivery } = instance(all);
  await relay.start();
  for (const n of [1, 2, 3]) await commit(delivery, placed(n));
  await untilSent(all, 3);
  comesBackAs(await lost(t, real.bus, 1));
  all.store.dropOutbox();
  await commit(delivery, placed(4));
  await all.time.until("it is not ready", () => relay.unready().some((reason) => reason.includes("1/2")));
  assert.deepEqual(sequencesOf(await everything(bus, commands, 0), "order"), [1]);
  await all.time.finish("it is drained", relay.drain());
});

for (const keep of [0, 1])
  test(`R4: of two relays the one that passes over what the other one has sent notices, too, that it was lost, ${keep} records left`, async (t) => {
    const real = await given(t);
    const { bus, comesBackAs } = brittle(real.bus, true);
    const all = { ...real, bus };
    const [a, b] = [instance(all), instance(all)];
    await a.relay.start();
    await b.relay.start();
    for (const n of [1, 2, 3]) await commit(a.delivery, placed(n));
    await untilSent(all, 3);
    await all.time.advance(5_000);
    comesBackAs(await lost(t, real.bus, keep));
    await commit(b.delivery, placed(4));
    assert.deepEqual(await untilSent(all, 4), [1, 2, 3, 4]);
    await commit(a.delivery, placed(5));
    assert.deepEqual([...new Set(await untilSent(all, 5))], [1, 2, 3, 4, 5]);
    assert.deepEqual([a.relay.unready(), b.relay.unready()], [[], []]);
    await all.time.finish("it is drained", a.relay.drain());
    await all.time.finish("it is drained", b.relay.drain());
  });

test("R4: what a topic has lost to which nothing is sent any more is found, too", async (t) => {
  const real = await given(t);
  const { bus, comesBackAs } = brittle(real.bus, true);
  const all = { ...real, bus };
  const { relay, delivery, registry } = instance(all);
  await relay.start();
  for (const n of [1, 2, 3]) await commit(delivery, placed(n));
  await commit(delivery, placed(4, 1));
  await untilSent(all, 3);
  const left = await lost(t, real.bus, 1);
  comesBackAs(left);
  assert.deepEqual(await untilSent(all, 3), [1, 2, 3]);
  assert.deepEqual(await untilSent(all, 1, 1), [1], "of each partition");
  await all.time.advance(120_000);
  assert.deepEqual(sequencesOf(await everything(bus, commands, 0), "order"), [1, 2, 3], "and once");
  assert.equal(await metricValue(registry, "lost_ends_total"), 2);
  await all.time.finish("it is drained", relay.drain());
});

test("R4: a gap is filled that a relay has written and another one's numbers have hidden from both", async (t) => {
  const real = await given(t);
  const { bus, comesBackAs } = brittle(real.bus, false);
  const all = { ...real, bus };
  const [one, other] = [instance(all), instance(all)];
  for (const { relay } of [one, other]) await relay.start();
  await commit(one.delivery, placed(1), placed(2), placed(3));
  await untilSent(all, 3);
  await all.time.advance(3_000);
  comesBackAs(await lost(t, real.bus, 1));
  // Both reach the log, so that it is no shorter than the other one knows it to be.
  one.faults.failNext("unknown", "unknown", ...Array.from({ length: 20 }, () => "lost" as const));
  await commit(one.delivery, placed(4));
  await all.time.advance(60_000);
  const log = sequencesOf(await everything(bus, commands, 0));
  assert.deepEqual(log.slice(0, 4), [1, 4, 4, 4]);
  assert.equal(appliedUpTo(log), 4, `the log: ${log}`);
  for (const { relay } of [one, other]) await all.time.finish("it is drained", relay.drain());
});

/** `bus` as a broker has it that lost all of a partition of {@link trades}, which another writer has made as long again. */
async function filledByOthers(t: TestContext, bus: EventBus): Promise<EventBus> {
  const left = await testBus(t);
  const { length } = await everything(bus, trades, 0);
  const ofMatching = Array.from({ length }, (_, nth) => numbered(trades, 0, nth + 1));
  await sendAll(left, trades, 0, ofMatching);
  return busWith(left, { topics: () => bus.topics() });
}

for (const goesOn of [true, false])
  test(`R4: a topic with two writers that lost its end, and was made as long again by the other one, is filled again, ${goesOn ? "before the next one" : "while nothing is sent"}`, async (t) => {
    const real = await given(t);
    const { bus, comesBackAs } = brittle(real.bus, true);
    const all = { ...real, bus };
    const { relay, delivery, registry } = instance(all, { producer: "wallet", publishes: [trades] });
    const found = async (): Promise<readonly number[]> =>
      sequencesOf(await everything(bus, trades, 0), "wallet");
    const settle = (n: number) =>
      commit(delivery, { topic: trades, key: "k0", partition: 0, event: { eventType: "Settled", n } });
    await relay.start();
    for (const n of [1, 2, 3]) await settle(n);
    await all.time.until("all are sent", async () => (await found()).length === 3);
    comesBackAs(await filledByOthers(t, real.bus));
    if (goesOn) await settle(4);
    const last = goesOn ? 4 : 3;
    await all.time.until("they are there again", async () => (await found()).includes(last));
    assert.deepEqual(await found(), goesOn ? [1, 2, 3, 4] : [1, 2, 3]);
    assert.equal(await metricValue(registry, "lost_ends_total"), 1);
    assert.deepEqual(relay.unready(), []);
    await all.time.finish("it is drained", relay.drain());
  });
