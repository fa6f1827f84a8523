import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { BusError, type EmbeddedBus, type EventBus } from "@bourse/bus";
import type { ViewConsumption } from "./definitions.ts";
import { SEEN_BACK } from "./highest-numbers.ts";
import { busWith } from "./testing/bus-with.ts";
import { commands, numbered, sendAll, testBus, testLog, testMetrics } from "./testing/fixtures.ts";
import { type VirtualTime, virtualTime } from "./testing/virtual-time.ts";
import { ViewRunner } from "./view-runner.ts";

interface Given {
  readonly bus: EmbeddedBus;
  readonly time: VirtualTime;
}

async function given(t: TestContext): Promise<Given> {
  return { bus: await testBus(t), time: virtualTime() };
}

function view(
  { bus, time }: Given,
  options: Partial<ViewConsumption<string[]>> & { readonly on?: EventBus } = {},
) {
  const seen: string[] = [];
  const log = testLog();
  const runner = new ViewRunner<string[]>(
    { bus: options.on ?? bus, timer: time.timer, log, metrics: testMetrics().metrics },
    seen,
    {
      kind: "view",
      subscription: "book",
      topics: [commands],
      from: "earliest",
      apply: (service, batch) =>
        service.push(...batch.map(({ partition, sequence }) => `${partition}/${sequence}`)),
      ...options,
    },
  );
  return { runner, seen, log };
}

const upTo = (last: number, first = 1): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, nth) => first + nth);

async function place(bus: EventBus, sequences: readonly number[], partition = 0): Promise<void> {
  await sendAll(
    bus,
    commands,
    partition,
    sequences.map((sequence) => numbered(commands, partition, sequence)),
  );
}

test("R1: every instance reads every partition, and is ready only once it has caught up", async (t) => {
  const all = await given(t);
  await place(all.bus, [1, 2, 3]);
  await place(all.bus, [1], 1);
  const [a, b] = [view(all), view(all)];
  a.runner.start();
  assert.match(a.runner.unready().join(), /book: catching up/);
  b.runner.start();
  for (const { runner, seen } of [a, b]) {
    await all.time.until("it is ready", () => runner.unready().length === 0);
    assert.deepEqual([...seen].sort(), ["0/1", "0/2", "0/3", "1/1"]);
  }
  await place(all.bus, [4]);
  await all.time.until("it follows", () => a.seen.includes("0/4") && b.seen.includes("0/4"));
  await a.runner.close();
  await b.runner.close();
});

test("R1: empty partitions are caught up with at once; latest skips what is there", async (t) => {
  const all = await given(t);
  const empty = view(all);
  empty.runner.start();
  await all.time.until("it is ready", () => empty.runner.unready().length === 0);
  await place(all.bus, [1, 2]);
  const late = view(all, { from: "latest" });
  late.runner.start();
  await all.time.until("it is ready", () => late.runner.unready().length === 0);
  await place(all.bus, [3]);
  await all.time.until("it follows", () => late.seen.length > 0);
  assert.deepEqual(late.seen, ["0/3"]);
  await empty.runner.close();
  await late.runner.close();
});

test("R1: a view goes on where the snapshot that its service has loaded ends", async (t) => {
  const all = await given(t);
  await place(all.bus, [1, 2, 3]);
  const partial = view(all, { from: async (_, { partition }) => (partition === 0 ? 2n : "earliest") });
  const whole = view(all, { from: () => 3n });
  for (const { runner } of [partial, whole]) {
    runner.start();
    await all.time.until("it is ready", () => runner.unready().length === 0);
  }
  assert.deepEqual(partial.seen, ["0/3"]);
  assert.deepEqual(whole.seen, []);
  await partial.runner.close();
  await whole.runner.close();
});

test("R5: records of other keys are counted and not decoded: a gap among them stops the view, too", async (t) => {
  const all = await given(t);
  const at = (sequence: number, key: string, value?: string) => {
    const record = numbered(commands, 0, sequence);
    return { ...record, key, value: value ?? record.value };
  };
  await sendAll(all.bus, commands, 0, [at(1, "a"), at(2, "b", "no JSON at all"), at(3, "a")]);
  const { runner, seen } = view(all, { concerns: (_, key) => key === "a" });
  runner.start();
  await all.time.until("it is ready", () => runner.unready().length === 0);
  assert.deepEqual(seen, ["0/1", "0/3"]);
  await sendAll(all.bus, commands, 0, [at(5, "b")]);
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.match(runner.unready().join(), /sequence_gap/);
  await runner.close();
});

test("R5: duplicates are dropped, a gap stops the view with an alarm", async (t) => {
  const all = await given(t);
  await place(all.bus, [1, 2, 1, 2, 3, 5]);
  const { runner, seen, log } = view(all);
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.deepEqual(seen, ["0/1", "0/2", "0/3"]);
  assert.match(runner.unready().join(), /sequence_gap/);
  assert.equal(log.errors.length, 1);
  await runner.close();
});

test("R4: a number from before its start that is sent again behind it begins no view", async (t) => {
  const all = await given(t);
  await place(all.bus, [1, 1, 2]);
  const late = view(all, { from: "latest" });
  const behindSnapshot = view(all, { from: () => 3n });
  for (const { runner } of [late, behindSnapshot]) {
    runner.start();
    await all.time.until("it is ready", () => runner.unready().length === 0);
  }
  // A relay that slept wakes, and sends again what it does not know to be there.
  await place(all.bus, [1, 2, 3]);
  for (const { runner, seen } of [late, behindSnapshot]) {
    await all.time.until("it follows", () => seen.length > 0);
    assert.deepEqual(seen, ["0/3"]);
    await runner.close();
  }
});

test("R4: numbers from before its start begin no view, however far they lie from the start or the start from the end", async (t) => {
  const all = await given(t);
  const numbers = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, nth) => first + nth);
  await place(all.bus, numbers(1, 2 * SEEN_BACK));
  await place(all.bus, numbers(1, 2 * SEEN_BACK));
  await place(all.bus, numbers(2 * SEEN_BACK + 1, 4 * SEEN_BACK));
  // In the middle of what was sent again, and before it.
  const inside = view(all, { from: () => BigInt(3 * SEEN_BACK + 1) });
  const before = view(all, { from: () => BigInt(2 * SEEN_BACK) });
  for (const { runner, seen } of [inside, before]) {
    runner.start();
    await all.time.until("it is ready", () => runner.unready().length === 0);
    assert.equal(seen[0], `0/${2 * SEEN_BACK + 1}`);
    assert.equal(seen.length, 2 * SEEN_BACK);
    await runner.close();
  }
});

/** The bus behind a connection that a test breaks. */
function breakable(bus: EventBus): { readonly on: EventBus; broken: boolean } {
  const connection = { broken: false };
  const failing = (): BusError => new BusError("bus_unavailable", "injected", { retryable: true });
  const read: EventBus["read"] = async (options) => {
    if (connection.broken) throw failing();
    const reader = await bus.read(options);
    return {
      poll: (most, waitMs) => reader.poll(most, waitMs),
      close: () => reader.close(),
      take: async (most) => {
        if (connection.broken) throw failing();
        return reader.take(most);
      },
    };
  };
  return Object.assign(connection, { on: busWith(bus, { read }) });
}

test("a bus that went away is read again from where it was", async (t) => {
  const all = await given(t);
  await place(all.bus, [1, 2]);
  const connection = breakable(all.bus);
  const { runner, seen } = view(all, connection);
  runner.start();
  await all.time.until("it is ready", () => runner.unready().length === 0);
  connection.broken = true;
  await place(all.bus, [3]);
  await all.time.until("it is not ready", () => runner.unready().length > 0);
  await place(all.bus, [4]);
  await all.time.advance(600_000);
  connection.broken = false;
  await all.time.until("it follows again", () => seen.includes("0/4") && runner.unready().length === 0);
  assert.deepEqual(seen, ["0/1", "0/2", "0/3", "0/4"]);
  await runner.close();
});

test("a topic that the broker does not know yet is waited for, and the view says so", async (t) => {
  const all = await given(t);
  const { name, partitions, retentionMs } = { ...commands, name: "not-yet" };
  const { runner, seen, log } = view(all, { topics: [{ ...commands, name }] });
  runner.start();
  const waits = /^book: retrying: not-yet\/0: unknown_topic: there is no topic not-yet$/;
  await all.time.until("it waits", () => waits.test(runner.unready().join()));
  assert.deepEqual(log.errors, []);
  await all.bus.ensureTopics([{ name, partitions, retentionMs }]);
  await all.bus.send([{ topic: name, partition: 0, records: [numbered(commands, 0, 1)] }]);
  await all.time.until("it follows", () => seen.includes("0/1") && runner.unready().length === 0);
  await runner.close();
});

test("a view of the latest misses nothing of what came while the bus was away", async (t) => {
  const all = await given(t);
  await place(all.bus, [1, 2]);
  const connection = breakable(all.bus);
  const { runner, seen } = view(all, { ...connection, from: "latest" });
  runner.start();
  await all.time.until("it is ready", () => runner.unready().length === 0);
  connection.broken = true;
  await all.time.settle();
  await place(all.bus, [3]);
  await all.time.until("it is not ready", () => runner.unready().length > 0);
  connection.broken = false;
  await all.time.until("it follows", () => seen.length > 0);
  assert.deepEqual(seen, ["0/3"]);
  await runner.close();
});

/** Readers of `bus` pass over these offsets once: what was there before a log lost its end and was filled again. */
function passingOver(bus: EventBus, offsets: ReadonlySet<bigint>): EventBus {
  const left = new Set(offsets);
  const read: EventBus["read"] = async (options) => {
    const reader = await bus.read(options);
    return {
      close: () => reader.close(),
      poll: (maxRecords, waitMs) => reader.poll(maxRecords, waitMs),
      take: async (maxRecords) => {
        const records = await reader.take(maxRecords);
        const here = records.filter(({ offset }) => !left.delete(offset));
        return here.length > 0 ? here : reader.take(maxRecords);
      },
    };
  };
  return busWith(bus, { read });
}

for (const [began, from, seen] of [
  ["at the beginning", "earliest", [1, 2, 3, 4, 5, 6]],
  ["behind a snapshot", () => 1n, [2, 3, 4, 5, 6]],
] as const)
  test(`R5: a view that began ${began} finds what a log that is filled again has elsewhere, as often as that happens`, async (t) => {
    const all = await given(t);
    await place(all.bus, upTo(2));
    const { runner, seen: applied } = view(all, { from, on: passingOver(all.bus, new Set([2n, 4n])) });
    runner.start();
    await all.time.until("it is ready", () => runner.unready().length === 0);
    await place(all.bus, upTo(4, 3));
    await all.time.until("the first is found", () => applied.includes("0/4"));
    await place(all.bus, upTo(6, 5));
    await all.time.until("the second is found", () => applied.includes("0/6"));
    assert.deepEqual(
      applied,
      seen.map((sequence) => `0/${sequence}`),
    );
    await place(all.bus, [8]);
    await all.time.until("it has stopped", () => runner.status().state === "stopped");
    await runner.close();
  });

test("R5: a view applies what lies behind a later number before that, and stops where it is nowhere", async (t) => {
  const all = await given(t);
  await place(all.bus, [1, 4, 7, 2, 3, 4, 5]);
  const { runner, seen } = view(all, { from: "earliest" });
  runner.start();
  await all.time.until("it has stopped", () => runner.status().state === "stopped");
  assert.match(runner.status().reason ?? "", /number 1\/7 came where 1\/6 was due/);
  assert.deepEqual(
    seen,
    upTo(5).map((sequence) => `0/${sequence}`),
  );
  await runner.close();
  await place(all.bus, [6]);
  const again = view(all, { from: "earliest" });
  again.runner.start();
  await all.time.until("it is ready", () => again.runner.unready().length === 0);
  assert.deepEqual(
    again.seen,
    upTo(7).map((sequence) => `0/${sequence}`),
  );
  await again.runner.close();
});

test("R5: a view begins with number 1 wherever that lies, and where it is nowhere with what comes first", async (t) => {
  const all = await given(t);
  await place(all.bus, [4, 1, 2, 3, 4, 5]);
  await place(all.bus, [7, 8], 1);
  const { runner, seen } = view(all, { from: "earliest" });
  runner.start();
  await all.time.until("it is ready", () => runner.unready().length === 0);
  assert.deepEqual([...seen].sort(), ["0/1", "0/2", "0/3", "0/4", "0/5", "1/7", "1/8"]);
  await runner.close();
});

test("R5: a view begins where retention has cut the log, and does not read it all to look for more", async (t) => {
  const all = await given(t);
  await place(all.bus, [7, 8]);
  let reads = 0;
  const on = busWith(all.bus, {
    offsets: async (topic) =>
      (await all.bus.offsets(topic)).map((at) => ({ ...at, earliest: at.latest === 0n ? 0n : 1n })),
    read: (options) => {
      if (options.partition === 0 && options.from !== "earliest") reads++;
      return all.bus.read(options);
    },
  });
  const { runner, seen } = view(all, { on });
  runner.start();
  await all.time.until("it is ready", () => runner.unready().length === 0);
  assert.deepEqual([seen, reads], [["0/7", "0/8"], 0]);
  await runner.close();
});
