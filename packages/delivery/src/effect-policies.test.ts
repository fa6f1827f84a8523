import assert from "node:assert/strict";
import { test } from "node:test";
import { InvariantError, OperationalError } from "@bourse/base";
import type { EmbeddedBus, OutgoingRecord, TopicPartition } from "@bourse/bus";
import type { Registry } from "prom-client";
import type { EffectConsumption } from "./definitions.ts";
import type { EffectRunner } from "./effect-runner.ts";
import type { Envelope } from "./envelope.ts";
import { RecordRefused } from "./failure-policy.ts";
import type { Run } from "./outbox.ts";
import { recordsOfSlice } from "./outgoing-records.ts";
import { effectRunner, type Given, given } from "./testing/effects.ts";
import { commands, metricValue, numbered, testMetrics } from "./testing/fixtures.ts";
import { effect } from "./testing/memory-store.ts";

const nOf = ({ event }: Envelope): number => (event as { n: number }).n;

interface Consumer {
  readonly runner: EffectRunner<null>;
  readonly registry: Registry;
  readonly handed: Run[];
  /** What was tried, batch by batch. */
  readonly tried: number[][];
  /** What memory was told: applied, and parked. */
  readonly told: { readonly applied: number[]; readonly parked: number[] };
}

/** Applies commands by their n, as long as none of them is `bad`. */
function consumer(
  { bus, store, time }: Given,
  options: Partial<EffectConsumption<null>>,
  bad: (n: number) => Error | null = () => null,
): Consumer {
  const { metrics, registry } = testMetrics();
  const handed: Run[] = [];
  const tried: number[][] = [];
  const told: Consumer["told"] = { applied: [], parked: [] };
  const runner = effectRunner(
    { bus, store, time, metrics, handed },
    {
      policy: "skip",
      handle: async (_, batch) => {
        tried.push(batch.map(nOf));
        for (const envelope of batch) {
          const error = bad(nOf(envelope));
          if (error !== null) throw error;
        }
        return { statements: batch.map((each) => effect(`${nOf(each)}`)), events: [], result: undefined };
      },
      committed: (_, batch, parked) => {
        told.applied.push(...batch.map(nOf));
        told.parked.push(...parked.map(nOf));
      },
      ...options,
    },
  );
  return { runner, registry, handed, tried, told };
}

const KEYS = ["a", "b", "c"];
const keyOf = (sequence: number): string => KEYS[sequence % KEYS.length] ?? "a";

/** Records of three keys in turn: n is the sequence. */
function records(from: number, to: number): OutgoingRecord[] {
  return Array.from({ length: to - from + 1 }, (_, nth) => ({
    ...numbered(commands, 0, from + nth),
    key: keyOf(from + nth),
  }));
}

const send = (bus: EmbeddedBus, all: readonly OutgoingRecord[]): Promise<unknown> =>
  bus.send([{ topic: commands.name, partition: 0, records: all }]);

const markOf = ({ store }: Given): number | undefined => store.mark("settle", commands.name, 0, "order");

async function untilMark(all: Given, sequence: number): Promise<void> {
  await all.time.until(`the mark is ${sequence}`, () => markOf(all) === sequence);
  await all.time.settle();
}

const numbersTo = (last: number, without: readonly number[] = []): string[] =>
  Array.from({ length: last }, (_, nth) => nth + 1)
    .filter((n) => !without.includes(n))
    .map(String);

const parkedOf = ({ store }: Given) => store.parked.map(({ sequence, code }) => `${sequence} ${code}`);
const broken =
  (...those: number[]) =>
  (n: number): Error | null =>
    those.includes(n) ? new InvariantError(`${n} holds`) : null;

test("R12: a failing batch is bisected: the good records go on, the bad one is parked after its attempts", async (t) => {
  const all = await given(t);
  const { runner, tried, told, registry } = consumer(all, { failure: { attempts: 3 } }, broken(37));
  await send(all.bus, records(1, 64));
  runner.start();
  await untilMark(all, 64);
  assert.deepEqual(all.store.effects, numbersTo(64, [37]), "each good one once, and in order");
  assert.deepEqual(parkedOf(all), ["37 retries_exhausted"]);
  const failing = tried.filter((batch) => batch.includes(37));
  assert.deepEqual(
    failing.map(({ length }) => length),
    [64, 32, 16, 8, 4, 2, 1, 1, 1],
    "halved until it is alone, then tried three times in all",
  );
  const good = tried.filter((batch) => batch.length > 0 && !batch.includes(37));
  assert.equal(good.length, 6, "each other half in one transaction");
  assert.equal(all.store.parked[0]?.attempts, 9);
  assert.deepEqual(told.parked, [37]);
  assert.deepEqual(runner.unready(), []);
  assert.equal(await metricValue(registry, "dead_letters_total"), 1);
  assert.equal(await metricValue(registry, "parked_records"), 1);
  assert.equal(await metricValue(registry, "record_retries_total"), 3);
  await runner.close();
});

test("R12: a named business rule refuses at once, without more attempts", async (t) => {
  const all = await given(t);
  const refused = (n: number) => (n === 2 ? new RecordRefused("too_odd", "2 is too odd") : null);
  const { runner, tried } = consumer(all, {}, refused);
  await send(all.bus, records(1, 4));
  runner.start();
  await untilMark(all, 4);
  assert.deepEqual(parkedOf(all), ["2 too_odd"]);
  assert.equal(tried.filter((batch) => batch.length === 1 && batch[0] === 2).length, 1);
  await runner.close();
});

test("R12: a dependency that does not answer is waited for: nothing is ever parked for it", async (t) => {
  const all = await given(t);
  let away = true;
  const pending = () =>
    away ? new OperationalError("reference_pending", "no such symbol yet", { retryable: true }) : null;
  const { runner, registry } = consumer(all, {}, pending);
  const comeBack = all.store.goAway();
  await send(all.bus, records(1, 8));
  runner.start();
  await all.time.advance(600_000);
  comeBack();
  await all.time.advance(3_600_000);
  assert.match(runner.unready().join(), /settle: retrying: .*reference_pending/);
  away = false;
  await untilMark(all, 8);
  assert.deepEqual(all.store.effects, numbersTo(8));
  assert.deepEqual(all.store.parked, []);
  assert.ok((await metricValue(registry, "retries_total")) > 100);
  await runner.close();
});

test("R12: stop stays stop: the record is neither parked nor passed", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all, { policy: "stop" }, broken(3));
  await send(all.bus, records(1, 8));
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.deepEqual(all.store.parked, []);
  assert.equal(markOf(all), undefined);
  await runner.close();
});

test("R12: what can't be read is parked at once with its reason, byte for byte; an unknown type stops", async (t) => {
  const all = await given(t);
  const { runner, handed } = consumer(all, {});
  const [one, two, three, four] = records(1, 4) as [
    OutgoingRecord,
    OutgoingRecord,
    OutgoingRecord,
    OutgoingRecord,
  ];
  const unnumbered = { ...two, value: "\0 not \u001e JSON", headers: { who: "nobody" } };
  await send(all.bus, [
    one,
    { ...two, value: '{"eventType":"OrderPlaced","timestamp":"t","n":"two"}' },
    unnumbered,
    { ...three, value: "no JSON either" },
    { ...three, value: "no JSON either" },
    { ...four, headers: { ...four.headers, producer: "risk" } },
    four,
  ]);
  runner.start();
  await untilMark(all, 4);
  assert.deepEqual(all.store.effects, ["1", "4"]);
  assert.deepEqual(parkedOf(all), [
    "2 schema_violated",
    "null undecodable_record",
    "3 undecodable_record",
    "null not_its_writer",
  ]);
  assert.equal(all.store.parked[1]?.value, "\0 not \u001e JSON");
  const copies = handed.flatMap((run) => recordsOfSlice("wallet", { run, from: 0, to: run.bodies.length }));
  assert.equal(copies.length, 4);
  const copy = copies[1];
  assert.equal(copy?.key, two.key);
  assert.equal(copy?.headers["dead-letter-code"], "undecodable_record");
  assert.equal(copy?.headers["origin-header-who"], "nobody");
  assert.equal(copy?.headers["origin-offset"], "2");
  const event = JSON.parse(copy?.value ?? "") as { value: string; parkedId: string };
  assert.equal(event.value, "\0 not \u001e JSON");
  assert.equal(event.parkedId, "settle/test-commands/0/2");
  await send(all.bus, [{ ...records(5, 5)[0], value: '{"eventType":"Unheard"}' } as OutgoingRecord]);
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.match(runner.status().reason ?? "", /unknown_event_type/);
  await runner.close();
});

test("R12: records that have no number are parked once across restarts", async (t) => {
  const all = await given(t);
  const junk = { key: "a", value: "junk", headers: {}, timestampMs: 1 };
  await send(all.bus, [...records(1, 1), junk]);
  for (const extra of [[], [junk]]) {
    const { runner } = consumer(all, {});
    await send(all.bus, extra);
    runner.start();
    await all.time.until(
      "all is read",
      () => runner.status().partitions[0]?.nextOffset === 2n + BigInt(extra.length),
    );
    await all.time.settle();
    await runner.close();
  }
  assert.deepEqual(
    all.store.parked.map(({ offset }) => offset),
    [1, 2],
  );
  assert.deepEqual(all.store.effects, ["1"]);
});

test("R12: parkKey: later records of the key queue behind it, others go on, also after a restart", async (t) => {
  const all = await given(t);
  const options = { policy: "parkKey", failure: { attempts: 1 } } as const;
  const first = consumer(all, options, broken(4));
  await send(all.bus, records(1, 12));
  first.runner.start();
  await untilMark(all, 12);
  const ofKey = [7, 10];
  assert.deepEqual(all.store.effects, numbersTo(12, [4, ...ofKey]));
  assert.deepEqual(parkedOf(all), ["4 retries_exhausted", "7 queued_behind", "10 queued_behind"]);
  assert.deepEqual(first.told.parked, [4, 7, 10]);
  const letters = first.handed.flatMap(({ bodies }) => bodies);
  assert.equal(letters.length, 1, "what only queues is no dead letter");
  await first.runner.close();
  const next = consumer(all, options);
  await send(all.bus, records(13, 15));
  next.runner.start();
  await untilMark(all, 15);
  assert.deepEqual(parkedOf(all).slice(3), ["13 queued_behind"]);
  assert.deepEqual(all.store.effects, numbersTo(15, [4, ...ofKey, 13]));
  await next.runner.close();
});

test("R12: what only queues is no failure of its minute, however much it is", async (t) => {
  const all = await given(t);
  const failure = { attempts: 1, parkedPerMinute: 2 };
  const { runner } = consumer(all, { policy: "parkKey", failure }, broken(4, 14));
  await send(all.bus, records(1, 12));
  runner.start();
  await untilMark(all, 12);
  await send(all.bus, records(13, 15));
  await untilMark(all, 15);
  const queued = [7, 10, 13].map((sequence) => `${sequence} queued_behind`);
  assert.deepEqual(
    parkedOf(all).toSorted(),
    ["4 retries_exhausted", "14 retries_exhausted", ...queued].toSorted(),
  );
  await runner.close();
});

test("R12: a redrive that frees a key is noticed before the next record of the key", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all, { policy: "parkKey", failure: { attempts: 1 } }, broken(1));
  await send(all.bus, records(1, 4));
  runner.start();
  await untilMark(all, 4);
  assert.deepEqual(parkedOf(all), ["1 retries_exhausted", "4 queued_behind"]);
  all.store.unpark(keyOf(1));
  await send(all.bus, records(5, 7));
  await untilMark(all, 7);
  assert.deepEqual(all.store.effects, ["2", "3", "5", "6", "7"], "and 7 is not parked");
  await runner.close();
});

test("R12: a healthy subscription sends no more than before: marks, effects, one trip", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all, { policy: "parkKey" });
  await send(all.bus, records(1, 3));
  runner.start();
  await untilMark(all, 3);
  const trips = all.store.trips.filter(({ name }) => name === "consume.settle");
  assert.deepEqual(
    trips.map(({ texts }) => texts.map((trip) => trip.length)),
    [[4]],
    "marks_advance and the three effects",
  );
  await runner.close();
});

test("R12: a record without a key can't be parked by key: it stops", async (t) => {
  const all = await given(t);
  const { runner } = consumer(all, { policy: "parkKey", failure: { attempts: 1 } }, broken(2));
  await send(
    all.bus,
    records(1, 3).map((record) => ({ ...record, key: null })),
  );
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.match(runner.status().reason ?? "", /no_key_to_park/);
  assert.deepEqual(all.store.effects, ["1"]);
  await runner.close();
});

test("R12: more than N a minute stop the subscription, a restart included; what was before is parked", async (t) => {
  const all = await given(t);
  const options = { failure: { attempts: 1, parkedPerMinute: 3 } };
  const first = consumer(all, options, (n) => (n > 2 ? new InvariantError("n is small") : null));
  await send(all.bus, records(1, 9));
  first.runner.start();
  await all.time.until("it has stopped", () => first.runner.status().state === "stopped");
  assert.match(first.runner.status().reason ?? "", /too_many_parked: more than 3 records a minute/);
  assert.deepEqual(
    parkedOf(all),
    ["3", "4", "5"].map((n) => `${n} retries_exhausted`),
  );
  assert.equal(await metricValue(first.registry, "stopped"), 1);
  const again = consumer(all, options, (n) => (n > 2 ? new InvariantError("n is small") : null));
  again.runner.start();
  await all.time.until("it has stopped again", () => again.runner.status().state === "stopped");
  assert.equal(all.store.parked.length, 3);
  await all.time.advance(120_000);
  const fixed = consumer(all, options);
  fixed.runner.start();
  await untilMark(all, 9);
  assert.deepEqual(all.store.effects, numbersTo(9, [3, 4, 5]));
  await fixed.runner.close();
});

test("R12: what was parked by a COMMIT of unknown outcome counts among the failures of its minute", async (t) => {
  const all = await given(t);
  const failure = { attempts: 1, parkedPerMinute: 3 };
  const { runner } = consumer(all, { failure }, (n) => (n > 2 ? new InvariantError("n is small") : null));
  all.store.failNext(...new Array<"unknown_applied">(9).fill("unknown_applied"));
  await send(all.bus, records(1, 9));
  runner.start();
  await all.time.until("it is at its end", () => markOf(all) === 9 || runner.status().state === "stopped");
  assert.match(runner.status().reason ?? "", /too_many_parked/);
  assert.equal(all.store.parked.length, 3);
  await runner.close();
});

test("R12: a clock that goes back makes no failures of the last minute out of older ones, at a restart neither", async (t) => {
  const { time, ...others } = await given(t);
  let backMs = 0;
  const clock = { nowMs: () => time.clock.nowMs() - backMs };
  const all = { ...others, time: { ...time, clock } };
  const options = { failure: { attempts: 1, parkedPerMinute: 3 } };
  const bad = (n: number): Error | null => (n % 2 === 0 ? new InvariantError("n is odd") : null);
  const first = consumer(all, options, bad);
  await send(all.bus, records(1, 6));
  first.runner.start();
  await untilMark(all, 6);
  backMs = 3_600_000;
  await time.advance(600_000);
  await send(all.bus, records(7, 8));
  await untilMark(all, 8);
  await first.runner.close();
  backMs *= 2;
  await time.advance(600_000);
  const again = consumer(all, options, bad);
  again.runner.start();
  await send(all.bus, records(9, 10));
  await untilMark(all, 10);
  await again.runner.close();
});

test("R12: a partition that goes and comes back brings no failures that were counted before", async (t) => {
  const all = await given(t);
  const odd = (n: number): Error | null => (n % 2 === 1 ? new InvariantError("n is even") : null);
  const { runner } = consumer(all, { failure: { attempts: 1, parkedPerMinute: 4 } }, odd);
  const group = { group: "wallet.settle", topics: [commands.name] };
  const place = (sequence: number): Promise<unknown> =>
    all.bus.send([{ topic: commands.name, partition: 1, records: [numbered(commands, 1, sequence)] }]);
  const mark = (): number | undefined => all.store.mark("settle", commands.name, 1, "order");
  runner.start();
  await place(1);
  await all.time.until("one is parked", () => mark() === 1);
  for (let times = 0; times < 5; times++) {
    let given = 0;
    const other = await all.bus.consume({
      ...group,
      onAssigned: async (partitions) => {
        given = partitions.filter(({ partition }) => partition === 1).length;
        return new Map();
      },
    });
    await all.time.until("the other has the partition", () => given === 1);
    await other.close();
    await all.time.until("it is back", () => runner.status().partitions.length === 2);
  }
  for (const sequence of [2, 3, 4, 5, 6]) await place(sequence);
  await all.time.until("all are done with", () => mark() === 6 || runner.status().state === "stopped");
  assert.equal(runner.status().reason, null);
  assert.deepEqual(
    parkedOf(all),
    ["1", "3", "5"].map((n) => `${n} retries_exhausted`),
  );
  await runner.close();
});

test("R10, R12: a handler parks one record of a batch, under stop too; its key queues, the batch commits", async (t) => {
  const all = await given(t);
  const seen: { readonly batch: number[]; readonly parked: number[] }[] = [];
  const { runner, told } = consumer(all, {
    policy: "stop",
    failure: { key: (envelope) => `order-${nOf(envelope) % 2}` },
    handle: async (_, batch, unit) => {
      seen.push({ batch: batch.map(nOf), parked: unit.parked.map(nOf) });
      for (const envelope of batch)
        if (nOf(envelope) === 3) unit.park(envelope, { code: "illegal_transition", message: "3 came late" });
      return { statements: batch.map((each) => effect(`${nOf(each)}`)), events: [], result: undefined };
    },
  });
  await send(all.bus, records(1, 6));
  runner.start();
  await untilMark(all, 6);
  assert.deepEqual(seen, [
    { batch: [1, 2, 3, 4, 5, 6], parked: [] },
    { batch: [1, 2, 4, 6], parked: [3, 5] },
  ]);
  assert.deepEqual(all.store.effects, ["1", "2", "4", "6"]);
  assert.deepEqual(parkedOf(all), ["3 illegal_transition", "5 queued_behind"]);
  assert.deepEqual(told, { applied: [1, 2, 4, 6], parked: [3, 5] });
  await runner.close();
});

test("R12: a handler parks a record of a partition that another member is given meanwhile", async (t) => {
  const all = await given(t);
  const partition = 1;
  let asked = 0;
  let isGiven = false;
  const { runner } = consumer(all, {
    policy: "skip",
    handle: async (_, batch, unit) => {
      asked++;
      if (asked === 1) {
        const onAssigned = async (partitions: readonly TopicPartition[]) => {
          isGiven ||= partitions.some((at) => at.partition === partition);
          return new Map();
        };
        const other = await all.bus.consume({ group: "wallet.settle", topics: [commands.name], onAssigned });
        t.after(() => other.close());
        await all.time.until("the other has the partition", () => isGiven);
      }
      assert.ok(asked < 10, "it is asked without an end");
      for (const envelope of batch)
        if (nOf(envelope) === 2) unit.park(envelope, { code: "too_late", message: "2 came late" });
      return { statements: batch.map((each) => effect(`${nOf(each)}`)), events: [], result: undefined };
    },
  });
  const some = [1, 2, 3].map((n) => numbered(commands, partition, n));
  await all.bus.send([{ topic: commands.name, partition, records: some }]);
  runner.start();
  await all.time.until("it is parked", () => all.store.parked.length > 0);
  assert.equal(all.store.mark("settle", commands.name, partition, "order"), 3);
  assert.equal(asked, 2);
  assert.deepEqual(all.store.effects, ["1", "3"]);
  assert.deepEqual(parkedOf(all), ["2 too_late"]);
  await runner.close();
});

test("R12: a handler that parks what it was not given fails, and is not asked without an end", async (t) => {
  const all = await given(t);
  let asked = 0;
  const { runner } = consumer(all, {
    policy: "stop",
    handle: async (_, batch, unit) => {
      asked++;
      for (const envelope of batch) unit.park({ ...envelope }, { code: "too_late", message: "a copy" });
      return { statements: [], events: [], result: undefined };
    },
  });
  await send(all.bus, records(1, 1));
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.match(runner.status().reason ?? "", /a handler parks what it was given/);
  assert.equal(asked, 1);
  await runner.close();
});

for (const fault of ["not_applied", "unknown_applied", "unknown_not_applied", "deadlock"] as const) {
  test(`R12: parking is applied once whatever a commit comes to: ${fault}`, async (t) => {
    const all = await given(t);
    const { runner } = consumer(all, { policy: "parkKey", failure: { attempts: 2 } }, broken(5, 6));
    await send(all.bus, records(1, 12));
    // Each commit of the bisection in its turn.
    for (let nth = 0; nth < 8; nth++) all.store.failNext(fault);
    runner.start();
    await untilMark(all, 12);
    await send(all.bus, records(13, 15));
    await untilMark(all, 15);
    assert.deepEqual(all.store.effects, ["1", "2", "3", "4", "7", "10", "13"]);
    assert.deepEqual(parkedOf(all), [
      "5 retries_exhausted",
      "6 retries_exhausted",
      ...["8", "9", "11", "12", "14", "15"].map((n) => `${n} queued_behind`),
    ]);
    await runner.close();
  });
}
