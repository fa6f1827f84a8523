import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { seededRandom, type Timer } from "@bourse/base";
import { BusError, type EventBus, type OutgoingBatch } from "@bourse/bus";
import { ordersFeed, tradeEvents, writtenSchema } from "@bourse/contracts";
import { catalogueRegistry } from "../catalogue-registry.ts";
import type { SchemaRegistry } from "../port.ts";
import { RegistryError } from "../registry-error.ts";
import { type SubjectStrategy, subjectSchemas } from "../subjects.ts";
import { framedBus } from "./framed-bus.ts";
import { fileIdCache, type IdCache } from "./id-cache.ts";
import { registerSubjects } from "./register-subjects.ts";

const STRATEGY: SubjectStrategy = "TopicRecordNameStrategy";
const SUBJECTS = subjectSchemas(STRATEGY, [tradeEvents]);

const noCache: IdCache = { get: () => undefined, put: () => undefined };

/** A registry that is away while `away` is true, and counts what it is asked. */
function flaky(registry: SchemaRegistry = catalogueRegistry({ topics: [] })) {
  const state = { away: false, asked: 0, registered: 0 };
  const find: SchemaRegistry["find"] = async (subject, schema) => {
    state.asked++;
    if (state.away) throw new RegistryError("registry_unavailable", "nobody answers");
    return registry.find(subject, schema);
  };
  const register: SchemaRegistry["register"] = async (subject, schema) => {
    state.registered++;
    return registry.register(subject, schema);
  };
  const methods = { ...bound(registry), find, register };
  return { state, registry: methods };
}

function bound(registry: SchemaRegistry): SchemaRegistry {
  return {
    kind: registry.kind,
    subjects: () => registry.subjects(),
    versions: (subject) => registry.versions(subject),
    version: (subject, version) => registry.version(subject, version),
    schemaOf: (id) => registry.schemaOf(id),
    find: (subject, schema) => registry.find(subject, schema),
    check: (subject, schema) => registry.check(subject, schema),
    register: (subject, schema) => registry.register(subject, schema),
    level: (subject) => registry.level(subject),
    setLevel: (level, subject) => registry.setLevel(level, subject),
    close: () => registry.close(),
  };
}

/** Time that stands still: who sleeps and what is due later wait until a test lets them go on. */
function heldTime() {
  const sleeping: (() => void)[] = [];
  const later = new Set<() => void>();
  const delays: number[] = [];
  const wait = (_delayMs: number, callback: () => void): (() => void) => {
    later.add(callback);
    return () => later.delete(callback);
  };
  const timer: Timer = {
    after: wait,
    every: wait,
    sleep: (delayMs) => {
      delays.push(delayMs);
      return new Promise((resolve) => void sleeping.push(resolve));
    },
  };
  return {
    timer,
    delays,
    wakeSleepers: () => {
      for (const callback of sleeping.splice(0)) callback();
    },
    reachLimits: () => {
      for (const callback of later) callback();
    },
  };
}

const always = { random: seededRandom(1), progress: () => undefined, signal: new AbortController().signal };

/** A bus that keeps what it is sent. */
function keepingBus(): { readonly bus: EventBus; readonly sent: OutgoingBatch[] } {
  const sent: OutgoingBatch[] = [];
  const bus = {
    kind: "kafka",
    send: async (batches: readonly OutgoingBatch[]) => {
      sent.push(...batches);
      return batches.map(({ topic, partition }) => ({ topic, partition, firstOffset: 0n }));
    },
    close: async () => undefined,
  };
  return { bus: bus as unknown as EventBus, sent };
}

function batch(topic: string, ...values: readonly string[]): OutgoingBatch {
  return {
    topic,
    partition: 0,
    records: values.map((value) => ({ key: "k", value, headers: {}, timestampMs: 0 })),
  };
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "registry-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe("registering at start", () => {
  test("is idempotent", async () => {
    const { registry, state } = flaky();
    const options = { ...always, registry, subjects: SUBJECTS, cache: noCache, timer: heldTime().timer };
    const first = await registerSubjects(options);
    assert.equal(state.registered, SUBJECTS.length);
    const again = await registerSubjects(options);
    assert.equal(state.registered, SUBJECTS.length);
    for (const { subject } of SUBJECTS) {
      assert.ok(Number.isInteger(first.idOf(subject)));
      assert.equal(first.idOf(subject), again.idOf(subject));
    }
  });

  test("refuses a schema that readers of what is there could not read, with field, rule and what to do", async () => {
    const { registry } = flaky();
    await registry.setLevel("NONE");
    const [wanted] = SUBJECTS;
    assert.ok(wanted);
    const { notional: _gone, ...properties } = wanted.schema.properties as Record<string, unknown>;
    const required = (wanted.schema.required as readonly string[]).filter((name) => name !== "notional");
    await registry.register(wanted.subject, writtenSchema({ ...wanted.schema, properties, required }));
    await assert.rejects(
      registerSubjects({ ...always, registry, subjects: SUBJECTS, cache: noCache, timer: heldTime().timer }),
      (error) => {
        assert.ok(error instanceof RegistryError);
        assert.equal(error.code, "schema_incompatible");
        assert.match(
          error.message,
          /trade-events-TradeExecuted version 1.*notional.*required_added.*optional/,
        );
        return true;
      },
    );
  });

  test("waits for a registry that is away, longer each time, and never gives up", async () => {
    const { registry, state } = flaky();
    const time = heldTime();
    const lines: string[] = [];
    state.away = true;
    const progress = (line: string): void => void lines.push(line);
    const options = { ...always, registry, subjects: SUBJECTS, cache: noCache, timer: time.timer, progress };
    const registering = registerSubjects({ ...options, random: { next: () => 1, below: () => 0 } });
    while (time.delays.length < 12) {
      await setImmediate();
      time.wakeSleepers();
    }
    assert.deepEqual(time.delays.slice(0, 3), [100, 200, 400]);
    assert.equal(time.delays.at(-1), 10_000);
    assert.match(lines[0] ?? "", /nobody answers; trying again/);
    state.away = false;
    while (state.registered < SUBJECTS.length) {
      time.wakeSleepers();
      await setImmediate();
    }
    assert.notEqual((await registering).idOf("trade-events-TradeExecuted"), undefined);
  });

  test("goes on without it where all ids are known, and tells it later", async (t) => {
    const path = join(folder(t), "ids/schema-ids.json");
    const { registry, state } = flaky();
    const time = heldTime();
    const start = (url: string, subjects = SUBJECTS) =>
      registerSubjects({ ...always, registry, subjects, cache: fileIdCache(path, url), timer: time.timer });
    const first = await start("http://user:secret@registry:1");
    assert.doesNotMatch(readFileSync(path, "utf8"), /secret/);
    state.away = true;
    const second = await start("http://registry:1");
    assert.equal(second.idOf("trade-events-TradeSettled"), first.idOf("trade-events-TradeSettled"));
    const askedWhileAway = state.asked;
    state.away = false;
    while (state.asked === askedWhileAway) {
      time.wakeSleepers();
      await setImmediate();
    }
    // Another registry has other ids; a damaged file has none.
    state.away = true;
    for (const [url, text] of [
      ["http://another:1", undefined],
      ["http://registry:1", "{"],
    ] as const) {
      if (text !== undefined) writeFileSync(path, text);
      let isDone = false;
      void start(url).then(() => {
        isDone = true;
      });
      for (let turn = 0; turn < 20; turn++) await setImmediate();
      assert.equal(isDone, false, url);
    }
  });
});

describe("a framed bus", () => {
  const executed = '{"eventType":"TradeExecuted","n":1}';
  const settled = '{"eventType":"TradeSettled","n":2}';

  async function open(strategy: SubjectStrategy = STRATEGY) {
    const { registry, state } = flaky();
    const time = heldTime();
    const subjects = subjectSchemas(strategy, [tradeEvents]).filter(
      ({ eventType }) => eventType !== "TradeSettled",
    );
    const registration = await registerSubjects({
      ...always,
      registry,
      subjects,
      cache: noCache,
      timer: time.timer,
    });
    const kept = keepingBus();
    const bus = framedBus({ ...kept, registration, strategy, topics: [tradeEvents], timer: time.timer });
    return { ...kept, bus, registration, registry, state, time };
  }

  test("gives each record the id of its own event's schema; other topics are left alone", async () => {
    const { bus, sent, registration } = await open();
    const decoded = {
      key: null,
      value: "{}",
      headers: {},
      timestampMs: 0,
      decoded: { eventType: "EpochStarted" },
    };
    await bus.send([
      { ...batch("trade-events", executed), isKept: true },
      { topic: "trade-events", partition: 1, records: [decoded] },
      batch("sim.trades", executed),
      batch("trade-events", "what is no event"),
    ]);
    assert.deepEqual(
      sent.map(({ records }) => records[0]?.schemaId),
      [
        registration.idOf("trade-events-TradeExecuted"),
        registration.idOf("trade-events-EpochStarted"),
        undefined,
        undefined,
      ],
    );
    assert.equal(sent[0]?.isKept, true);
  });

  test("values of a published contract don't say their type: their topic does", async () => {
    const { registry } = flaky();
    const { timer } = heldTime();
    const subjects = subjectSchemas(STRATEGY, [ordersFeed]);
    const registration = await registerSubjects({ ...always, registry, subjects, cache: noCache, timer });
    const kept = keepingBus();
    const bus = framedBus({ ...kept, registration, strategy: STRATEGY, topics: [ordersFeed], timer });
    await bus.send([batch("orders", '{"client_id":"a"}', '{"eventType":"EpochStarted"}')]);
    assert.deepEqual(
      kept.sent[0]?.records.map(({ schemaId }) => schemaId),
      ["orders-ClientOrderReported", "orders-EpochStarted"].map((subject) => registration.idOf(subject)),
    );
  });

  test("by topic, all of its records have one id", async () => {
    const { bus, sent, registration } = await open("TopicNameStrategy");
    await bus.send([batch("trade-events", executed, settled)]);
    const ids = sent[0]?.records.map(({ schemaId }) => schemaId);
    assert.deepEqual(ids, Array(2).fill(registration.idOf("trade-events-value")));
  });

  test("an id that is not known yet is asked for, and what comes after it does not overtake", async () => {
    const { bus, sent, state, time } = await open();
    state.away = true;
    const first = bus.send([batch("trade-events", settled)]);
    const second = bus.send([batch("trade-events", executed)]);
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    assert.equal(sent.length, 0);
    state.away = false;
    time.wakeSleepers();
    await Promise.all([first, second]);
    assert.deepEqual(
      sent.map(({ records }) => records[0]?.value),
      [settled, executed],
    );
    assert.ok(sent.every(({ records }) => records[0]?.schemaId !== undefined));
  });

  test("a registry that stays away is a bus that does not answer: the sender tries again", async () => {
    const { bus, sent, state, time } = await open();
    state.away = true;
    const sending = bus.send([batch("trade-events", settled)]);
    sending.catch(() => undefined);
    while (time.delays.length === 0) await setImmediate();
    time.reachLimits();
    await assert.rejects(
      sending,
      (error) => error instanceof BusError && error.code === "bus_unavailable" && error.retryable,
    );
    assert.equal(sent.length, 0);
    // Known ids go on.
    await bus.send([batch("trade-events", executed)]);
    assert.equal(sent.length, 1);
  });
});
