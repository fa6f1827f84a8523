import assert from "node:assert/strict";
import { test } from "node:test";
import type { OutgoingEvent } from "./envelope.ts";
import { SENT_READ } from "./relay-resume.ts";
import {
  commands,
  everything,
  numbered,
  placed,
  sendAll,
  sequencesOf,
  testBus,
  trades,
} from "./testing/fixtures.ts";
import { memoryStore } from "./testing/memory-store.ts";
import { commit, given, instance, untilSent } from "./testing/relays.ts";

const upTo = (last: number): number[] => Array.from({ length: last }, (_, nth) => nth + 1);

test("R3, R4: committed events arrive numbered, in commit order, with headers, key and time", async (t) => {
  const all = await given(t);
  const { relay, delivery } = instance(all);
  await relay.start();
  await commit(delivery, placed(1), placed(2, 1), placed(3));
  await commit(delivery, placed(4));
  assert.deepEqual(await untilSent(all, 3), [1, 2, 3]);
  const records = await everything(all.bus, commands, 0);
  assert.deepEqual(
    records.map(({ value }) => JSON.parse(value).n),
    [1, 3, 4],
  );
  assert.equal(records[2]?.headers.id, "test-commands/0/1/3");
  assert.equal(records[0]?.key, "k0");
  assert.equal(
    JSON.parse(records[0]?.value ?? "").timestamp,
    new Date(records[0]?.timestampMs ?? 0).toISOString(),
  );
  assert.deepEqual(sequencesOf(await everything(all.bus, commands, 1)), [1]);
  await all.time.finish("it is drained", relay.drain());
});

test("R4: nothing is sent of a transaction that was not committed", async (t) => {
  const all = await given(t);
  const { relay, delivery, faults } = instance(all);
  await relay.start();
  all.store.failNext("not_applied");
  await assert.rejects(commit(delivery, placed(1)), { code: "store_unavailable" });
  await assert.rejects(
    delivery.commit("test", () => Promise.reject(new Error("no"))),
    /no/,
  );
  await all.time.advance(5_000);
  assert.equal(faults.tried.length, 0);
  await all.time.finish("it is drained", relay.drain());
});

test("R4: a crash after the commit and before the relay: the next start sends from the table", async (t) => {
  const all = await given(t);
  const crashed = instance(all);
  await crashed.relay.start();
  crashed.faults.cut();
  await commit(crashed.delivery, placed(1), placed(2));
  await commit(crashed.delivery, placed(3));
  const next = instance(all);
  await next.relay.start();
  assert.deepEqual(await untilSent(all, 3), [1, 2, 3]);
  await all.time.finish("it is drained", next.relay.drain());
});

test("R4: a crash after the send and before it is noted: the topic's own tail says where to go on", async (t) => {
  const all = await given(t);
  const first = instance(all);
  await first.relay.start();
  await commit(first.delivery, placed(1), placed(2));
  await untilSent(all, 2);
  // Gone without a drain: outbox_sent knows nothing.
  const next = instance(all);
  await next.relay.start();
  await commit(next.delivery, placed(3));
  assert.deepEqual(await untilSent(all, 3), [1, 2, 3]);
  await all.time.finish("it is drained", next.relay.drain());
});

test("a topic that the broker does not know yet is waited for at the start, and the relay says so", async (t) => {
  const all = await given(t);
  const late = { ...commands, name: "not-yet" };
  const { name, partitions, retentionMs } = late;
  const { relay } = instance(all, { publishes: [late] });
  const started = relay.start();
  const waits = /^relay: reading back where the topics end: unknown_topic: there is no topic not-yet$/;
  await all.time.until("it waits", () => waits.test(relay.unready().join()));
  await all.bus.ensureTopics([{ name, partitions, retentionMs }]);
  await all.time.finish("it has started", started);
  assert.deepEqual(relay.unready(), []);
  await all.time.finish("it is drained", relay.drain());
});

test("R4: an unknown outcome is sent again, and n+1 never before n is acknowledged", async (t) => {
  const all = await given(t);
  const { relay, delivery, faults } = instance(all);
  await relay.start();
  faults.failNext("unknown", "lost", "unknown");
  await commit(delivery, placed(1));
  await commit(delivery, placed(2));
  await commit(delivery, placed(3));
  const found = await untilSent(all, 3);
  assert.deepEqual(found.slice(0, 3), [1, 1, 1]);
  assert.deepEqual(found.slice(3), [2, 3]);
  assert.deepEqual(relay.unready(), []);
  await all.time.finish("it is drained", relay.drain());
});

test("R4: one batch of a partition is in flight; the other partitions flow on", async (t) => {
  const all = await given(t);
  const { relay, delivery, faults } = instance(all);
  await relay.start();
  const release = faults.hold();
  await commit(delivery, placed(1));
  await commit(delivery, placed(2));
  await commit(delivery, placed(3, 1));
  await all.time.settle();
  assert.deepEqual(
    faults.tried.map(({ partition, records }) => [partition, records.length]),
    [
      [0, 1],
      [1, 1],
    ],
  );
  release();
  assert.deepEqual(await untilSent(all, 2), [1, 2]);
  await all.time.finish("it is drained", relay.drain());
});

test("R4: commits whose hand-offs overtake each other are sent in the order of their numbers", async (t) => {
  const all = await given(t);
  const one = instance(all);
  await one.relay.start();
  one.holding = true;
  for (let n = 1; n <= 4; n++) await commit(one.delivery, placed(n));
  for (const runs of [3, 1, 0, 2].map((at) => one.held[at])) one.relay.hand(runs ?? []);
  assert.deepEqual(await untilSent(all, 4), [1, 2, 3, 4]);
  assert.ok(
    !all.store.trips.some(({ name }) => name === "relay.read"),
    "nothing had to be read from the table",
  );
  await all.time.finish("it is drained", one.relay.drain());
});

test("R4: a hand-off that never comes is read from the table", async (t) => {
  const all = await given(t);
  const one = instance(all);
  await one.relay.start();
  one.holding = true;
  for (let n = 1; n <= 3; n++) await commit(one.delivery, placed(n));
  one.relay.hand(one.held[2] ?? []);
  assert.deepEqual(await untilSent(all, 3), [1, 2, 3]);
  await all.time.finish("it is drained", one.relay.drain());
});

test("R5: events of a commit whose outcome was unknown are found in the table", async (t) => {
  const all = await given(t);
  const { relay, delivery } = instance(all);
  await relay.start();
  all.store.failNext("unknown_applied");
  await assert.rejects(commit(delivery, placed(1)), { code: "commit_unknown" });
  await all.time.settle();
  assert.deepEqual(
    sequencesOf(await everything(all.bus, commands, 0)),
    [1],
    "and at once, not at the next poll",
  );
  await all.time.finish("it is drained", relay.drain());
});

test("R4: two relays of one service: duplicates at most, each number's first record in order", async (t) => {
  const all = await given(t);
  const [a, b] = [instance(all), instance(all)];
  await a.relay.start();
  await b.relay.start();
  for (let n = 1; n <= 20; n++) await commit((n % 3 === 0 ? a : b).delivery, placed(n));
  const found = await untilSent(all, 20);
  const firsts = found.filter((sequence, index) => found.indexOf(sequence) === index);
  assert.deepEqual(firsts, upTo(20));
  await all.time.finish("it is drained", a.relay.drain());
  await all.time.finish("it is drained", b.relay.drain());
});

test("R4: rows of an instance that died are sent by another one", async (t) => {
  const all = await given(t);
  const [dead, alive] = [instance(all), instance(all)];
  await dead.relay.start();
  await alive.relay.start();
  dead.faults.cut();
  await commit(dead.delivery, placed(1), placed(2));
  assert.deepEqual(await untilSent(all, 2), [1, 2]);
  await all.time.finish("it is drained", alive.relay.drain());
});

test("R4: what another instance has sent is not sent again by the slow poll", async (t) => {
  const all = await given(t);
  const [a, b] = [instance(all), instance(all)];
  // b polls first, so a has not noted yet what it has sent.
  await b.relay.start();
  await a.relay.start();
  await commit(a.delivery, placed(1), placed(2));
  await untilSent(all, 2);
  await all.time.advance(10_000);
  assert.deepEqual(sequencesOf(await everything(all.bus, commands, 0)), [1, 2]);
  assert.deepEqual([...b.relay.backlog().values()], [0]);
  await all.time.finish("it is drained", a.relay.drain());
  await all.time.finish("it is drained", b.relay.drain());
});

test("R4: of two relays that wake after an outage the later one sends only what the other has not, but for what is on its way", async (t) => {
  const all = await given(t);
  const [a, b] = [instance(all), instance(all, { bounds: { batchRecords: 2 } })];
  await a.relay.start();
  await b.relay.start();
  const [releaseA, releaseB] = [a.faults.hold(), b.faults.hold()];
  for (let n = 1; n <= 20; n++) await commit(a.delivery, placed(n));
  await all.time.until("both have taken the partition up", () => b.faults.tried.length === 1);
  releaseA();
  await untilSent(all, 20);
  await all.time.advance(5_000);
  releaseB();
  await all.time.until("both are at the end", () =>
    [...b.relay.backlog().values()].every((left) => left === 0),
  );
  await all.time.advance(5_000);
  assert.deepEqual(sequencesOf(await everything(all.bus, commands, 0)), [...upTo(20), 1, 2]);
  await commit(b.delivery, placed(21));
  assert.deepEqual((await untilSent(all, 21)).slice(-2), [2, 21]);
  await all.time.finish("it is drained", a.relay.drain());
  await all.time.finish("it is drained", b.relay.drain());
});

test("R4: what the bus does not take of one relay and another one has sent is not tried again", async (t) => {
  const all = await given(t);
  const [a, b] = [instance(all), instance(all)];
  await a.relay.start();
  await b.relay.start();
  b.faults.refuse(0);
  for (let n = 1; n <= 20; n++) await commit(b.delivery, placed(n));
  await all.time.until("it is not taken", () => b.relay.unready().length > 0);
  await untilSent(all, 20);
  await all.time.until("it is known", () => b.relay.unready().length === 0);
  b.faults.refuse(null);
  await commit(b.delivery, placed(21));
  assert.deepEqual(await untilSent(all, 21), upTo(21));
  await all.time.finish("it is drained", a.relay.drain());
  await all.time.finish("it is drained", b.relay.drain());
});

test("R4: at start it walks back past another producer's records to its own last one", async (t) => {
  const all = await given(t);
  const wallet = { producer: "wallet", publishes: [trades] } as const;
  const settled = (n: number): OutgoingEvent<typeof trades> => ({
    topic: trades,
    key: "k",
    partition: 0,
    event: { eventType: "Settled", n },
  });
  const first = instance(all, wallet);
  await first.relay.start();
  await commit(first.delivery, settled(1), settled(2));
  await all.time.until("both are sent", async () => (await everything(all.bus, trades, 0)).length === 2);
  const others = Array.from({ length: 200 }, (_, nth) => numbered(trades, 0, nth + 1));
  await sendAll(all.bus, trades, 0, others);
  const next = instance(all, wallet);
  await next.relay.start();
  await commit(next.delivery, settled(3));
  await all.time.until("the third is sent", async () => (await everything(all.bus, trades, 0)).length >= 203);
  assert.deepEqual(sequencesOf(await everything(all.bus, trades, 0), "wallet"), [1, 2, 3]);
  await all.time.finish("it is drained", next.relay.drain());
});

test("R4: a partition that was emptied goes on at the sent mark, a topic made anew is filled again", async (t) => {
  const all = { ...(await given(t)), bus: await testBus(t) };
  const first = instance(all);
  await first.relay.start();
  await commit(first.delivery, placed(1), placed(2));
  await all.time.finish("it is drained", first.relay.drain());
  const spec = { name: commands.name, partitions: commands.partitions, retentionMs: 1 };
  await all.bus.ensureTopics([spec]);
  await all.bus.dropExpired(() => Number.POSITIVE_INFINITY);
  assert.deepEqual(await everything(all.bus, commands, 0), []);
  const next = instance(all);
  await next.relay.start();
  await commit(next.delivery, placed(3));
  const found = await untilSent(all, 3);
  assert.deepEqual(found, [3]);
  await all.time.finish("it is drained", next.relay.drain());
  await all.bus.deleteTopic(commands.name);
  await all.bus.ensureTopics([{ ...spec, retentionMs: commands.retentionMs }]);
  const again = instance(all);
  await again.relay.start();
  assert.deepEqual(await untilSent(all, 3), [1, 2, 3]);
  await all.time.finish("it is drained", again.relay.drain());
});

test("R4: a row that is gone is not skipped: the partition waits, not ready", async (t) => {
  const all = await given(t);
  const first = instance(all);
  await first.relay.start();
  first.faults.cut();
  await commit(first.delivery, placed(1));
  all.store.dropOutbox();
  await commit(first.delivery, placed(2));
  const next = instance(all);
  await next.relay.start();
  await all.time.until("it is not ready", () =>
    next.relay.unready().some((reason) => reason.includes("1/1")),
  );
  assert.equal((await everything(all.bus, commands, 0)).length, 0);
  await all.time.finish("it is drained", next.relay.drain());
});

test("R6: a topic that is ahead of the database refuses the start", async (t) => {
  const all = await given(t);
  const first = instance(all);
  await first.relay.start();
  await commit(first.delivery, placed(1));
  const backup = all.store.copy();
  await commit(first.delivery, placed(2));
  await untilSent(all, 2);
  await assert.rejects(instance({ ...all, store: backup }).relay.start(), {
    code: "log_ahead_of_store",
    retryable: false,
  });
  await assert.rejects(instance({ ...all, store: memoryStore() }).relay.start(), {
    code: "log_ahead_of_store",
  });
  await all.time.finish("it is drained", first.relay.drain());
});

test("R6: a topic that is ahead refuses the start, also where its last record is an old one that was sent again", async (t) => {
  const all = await given(t);
  const first = instance(all);
  await first.relay.start();
  await commit(first.delivery, placed(1), placed(2));
  const backup = all.store.copy();
  await commit(first.delivery, placed(3));
  await untilSent(all, 3);
  await sendAll(all.bus, commands, 0, [numbered(commands, 0, 1)]);
  await assert.rejects(instance({ ...all, store: backup }).relay.start(), { code: "log_ahead_of_store" });
  await all.time.finish("it is drained", first.relay.drain());
});

test("R12: without a bus the start waits, and it goes on by itself", async (t) => {
  const all = await given(t);
  const comeBack = all.store.goAway();
  const { relay, delivery } = instance(all);
  const started = relay.start();
  await all.time.advance(60_000);
  assert.match(relay.unready().join(), /reading back/);
  comeBack();
  await all.time.until("it has started", () => relay.unready().length === 0);
  await all.time.finish("it has started", started);
  await commit(delivery, placed(1));
  assert.deepEqual(await untilSent(all, 1), [1]);
  await all.time.finish("it is drained", relay.drain());
});

test("memory is bounded: with a small queue everything still arrives once and in order", async (t) => {
  const all = await given(t);
  const { relay, delivery, faults } = instance(all, {
    bounds: { queuedRecords: 5, batchRecords: 2, readRows: 2 },
  });
  await relay.start();
  const release = faults.hold();
  for (let n = 1; n <= 30; n += 3) await commit(delivery, placed(n), placed(n + 1), placed(n + 2));
  release();
  assert.deepEqual(await untilSent(all, 30), upTo(30));
  assert.ok(faults.tried.every(({ records }) => records.length <= 2));
  await all.time.finish("it is drained", relay.drain());
});

test("a drain sends what is committed, and notes how far it got", async (t) => {
  const all = await given(t);
  const { relay, delivery } = instance(all);
  await relay.start();
  await Promise.all(upTo(10).map((n) => commit(delivery, placed(n))));
  await all.time.finish("it is drained", relay.drain());
  assert.deepEqual(sequencesOf(await everything(all.bus, commands, 0)), upTo(10));
  assert.deepEqual(
    (
      await all.store.query({
        text: SENT_READ,
        values: [],
      })
    ).map(({ sequence }) => sequence),
    [10],
  );
});

test("a patient topic's commits travel together, and a drain does not wait for more", async (t) => {
  const all = await given(t);
  const { relay, delivery, faults } = instance(all, { publishes: [{ ...commands, lingerMs: 20 }] });
  await relay.start();
  await commit(delivery, placed(1));
  await commit(delivery, placed(2));
  await all.time.settle();
  assert.equal(faults.tried.length, 0);
  assert.deepEqual(await untilSent(all, 2), [1, 2]);
  assert.equal(faults.tried.length, 1);
  await commit(delivery, placed(3));
  await all.time.finish("it is drained", relay.drain());
  assert.deepEqual(sequencesOf(await everything(all.bus, commands, 0), "order"), [1, 2, 3]);
});

test("a patient topic does not wait once a whole batch is there", async (t) => {
  const all = await given(t);
  const publishes = [{ ...commands, lingerMs: 20 }];
  const { relay, delivery, faults } = instance(all, { publishes, bounds: { batchRecords: 2 } });
  await relay.start();
  await commit(delivery, placed(1), placed(2));
  await all.time.settle();
  assert.equal(faults.tried.length, 1);
  await all.time.finish("it is drained", relay.drain());
});

test("R4: a partition that the bus does not take is told of while the others of its topic go on", async (t) => {
  const all = await given(t);
  const { relay, delivery, faults } = instance(all);
  await relay.start();
  faults.refuse(0);
  await commit(delivery, placed(1));
  await all.time.until("it is not taken", () => relay.failing.has(commands.name));
  await commit(delivery, placed(2, 1));
  await untilSent(all, 1, 1);
  assert.deepEqual([...relay.failing], [commands.name]);
  assert.match(
    relay.unready().join(),
    /the bus does not take records of test-commands: bus_refused: injected/,
  );
  faults.refuse(null);
  await untilSent(all, 1);
  await all.time.until("it is taken", () => relay.unready().length === 0);
  await all.time.finish("it is drained", relay.drain());
});
