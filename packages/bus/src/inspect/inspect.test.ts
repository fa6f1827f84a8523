import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type EmbeddedBus, embeddedBus } from "../embedded/embedded-bus.ts";
import { partitionOf } from "../partition-of.ts";
import type { PartitionReader, ReadOptions } from "../port.ts";
import { countRecords } from "./count-records.ts";
import { findPosition } from "./find-position.ts";
import { findBackwards, findForwards } from "./find-records.ts";
import { contentOf, typeOf } from "./record-filter.ts";

const TOPIC = "looked-at";
const PARTITION = partitionOf("A", 3);
const START_MS = 1_700_000_000_000;
const COUNT = 5_000;

/** Number n is of key A, B or none, a Placed or every tenth a Cancelled, n milliseconds after the start. */
describe("looking at a partition", () => {
  const folder = mkdtempSync(join(tmpdir(), "bus-inspect-"));
  let bus: EmbeddedBus;
  const at = { topic: TOPIC, partition: PARTITION, maxScanned: 100_000 };

  before(async () => {
    bus = embeddedBus({ folder });
    await bus.ensureTopics([{ name: TOPIC, partitions: 3, retentionMs: -1 }]);
    const records = Array.from({ length: COUNT }, (_, n) => ({
      key: n % 100 === 99 ? null : n % 2 === 0 ? "A" : "B",
      value: n === 77 ? "{broken" : JSON.stringify({ eventType: n % 10 === 0 ? "Cancelled" : "Placed", n }),
      headers: { epoch: "1", sequence: String(n + 1), producer: "test" },
      timestampMs: START_MS + n,
    }));
    await bus.send([{ topic: TOPIC, partition: PARTITION, records }]);
  });
  after(async () => {
    await bus.close();
    rmSync(folder, { recursive: true });
  });

  const numbers = (found: { readonly records: readonly { readonly offset: bigint }[] }): number[] =>
    found.records.map(({ offset }) => Number(offset));

  it("finds forwards by key, type and time, as many as wanted, and goes on where it ended", async () => {
    const filter = { key: "A", type: "Cancelled", fromMs: START_MS + 1_000, toMs: START_MS + 1_039 };
    const first = await findForwards(bus, { ...at, filter, from: 0n, limit: 3 });
    assert.deepEqual(numbers(first), [1_000, 1_010, 1_020]);
    assert.equal(first.complete, false);
    const rest = await findForwards(bus, { ...at, filter, from: first.nextOffset, limit: 3 });
    assert.deepEqual([numbers(rest), rest.complete], [[1_030], true]);
  });

  it("waits for a broker that is slow to answer", async () => {
    const slow = new Proxy(bus, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== "function") return value;
        if (property !== "read") return value.bind(target);
        return async (options: ReadOptions): Promise<PartitionReader> => {
          const reader = await bus.read(options);
          let polls = 0;
          const poll: PartitionReader["poll"] = async (maxRecords, waitMs) =>
            polls++ % 2 === 0 ? [] : reader.poll(maxRecords, waitMs);
          return { ...reader, poll };
        };
      },
    });
    const { scanned, complete } = await countRecords(slow, { ...at, filter: {}, by: "topic" });
    assert.deepEqual([scanned, complete], [COUNT, true]);
  });

  it("finds the last ones, and those before", async () => {
    const filter = { type: "Cancelled" };
    const last = await findBackwards(bus, { ...at, filter, limit: 2 });
    assert.deepEqual(numbers(last), [4_980, 4_990]);
    const before = await findBackwards(bus, { ...at, filter, limit: 2, before: last.previousOffset });
    assert.deepEqual(numbers(before), [4_960, 4_970]);
    const all = await findBackwards(bus, { ...at, filter, limit: COUNT });
    assert.deepEqual([all.records.length, all.complete], [500, true]);
  });

  it("looks at no more than it may, and says that there is more", async () => {
    const nothing = { key: "nobody" };
    const forwards = await findForwards(bus, {
      ...at,
      filter: nothing,
      from: 0n,
      limit: 1,
      maxScanned: 1_500,
    });
    assert.deepEqual([forwards.scanned, forwards.nextOffset, forwards.complete], [1_500, 1_500n, false]);
    const backwards = await findBackwards(bus, { ...at, filter: nothing, limit: 1, maxScanned: 1_500 });
    assert.deepEqual(
      [backwards.scanned, backwards.previousOffset, backwards.complete],
      [1_500, 3_500n, false],
    );
  });

  it("shows a value as it was written, also where its sender has passed on what it had", async () => {
    const [topic, partition] = [TOPIC, (PARTITION + 2) % 3];
    const value = '{"eventType":"Placed","timestamp":"2026-01-01T00:00:00.000Z","n":1}';
    const decoded = { eventType: "Placed", n: 1, timestamp: "2026-01-01T00:00:00.000Z" };
    const filter = { key: "shown" };
    const coming = findForwards(bus, {
      topic,
      partition,
      filter,
      maxScanned: 10,
      from: 0n,
      limit: 1,
      waitMs: 10_000,
    });
    const record = { key: "shown", value, headers: {}, timestampMs: START_MS, decoded };
    await bus.send([{ topic, partition, records: [record] }]);
    const found = await coming;
    assert.deepEqual(
      found.records.map((record) => JSON.stringify(contentOf(record))),
      [value],
    );
    assert.deepEqual(found.records.map(typeOf), ["Placed"]);
  });

  it("a place behind the end of a log that was shortened is its end, not its beginning", async () => {
    const beyond = { ...at, filter: {}, from: BigInt(COUNT + 40), limit: 10 };
    const waiting = await findForwards(bus, { ...beyond, waitMs: 10_000 });
    const asking = await findForwards(bus, beyond);
    for (const found of [waiting, asking])
      assert.deepEqual([found.records.length, found.nextOffset], [0, BigInt(COUNT)]);
  });

  it("a log that loses its end while somebody waits there is not read from its beginning", async () => {
    const refilled: PartitionReader = {
      take: () => assert.fail("it is polled"),
      poll: async (limit) => await (await bus.read({ ...at, from: "earliest" })).take(limit),
      close: async () => undefined,
    };
    const lossy = new Proxy(bus, {
      get: (_, name) => (name === "read" ? async () => refilled : Reflect.get(bus, name).bind(bus)),
    });
    const options = { ...at, filter: {}, from: BigInt(COUNT), limit: 10, waitMs: 10_000 };
    const found = await findForwards(lossy, options);
    assert.deepEqual([found.records.length, found.nextOffset], [0, BigInt(COUNT)]);
  });

  it("waits for what comes", async () => {
    const filter = { key: "late" };
    const coming = findForwards(bus, {
      topic: TOPIC,
      partition: (PARTITION + 1) % 3,
      maxScanned: 10,
      filter,
      from: 0n,
      limit: 10,
      waitMs: 10_000,
    });
    const record = { key: "late", value: "{}", headers: {}, timestampMs: START_MS };
    await bus.send([{ topic: TOPIC, partition: (PARTITION + 1) % 3, records: [record] }]);
    assert.equal((await coming).records.length, 1);
  });

  it("counts by topic, key and type, in as many requests as it takes", async () => {
    const ask = (by: "topic" | "key" | "type", more: object = {}) =>
      countRecords(bus, { ...at, filter: {}, by, ...more });
    assert.deepEqual((await ask("topic")).counts, [{ name: TOPIC, records: COUNT }]);
    assert.deepEqual(
      new Map((await ask("key")).counts.map(({ name, records }) => [name, records])),
      new Map<string | null, number>([
        ["A", 2_500],
        ["B", 2_450],
        [null, 50],
      ]),
    );
    const byType = new Map((await ask("type")).counts.map(({ name, records }) => [name, records]));
    assert.deepEqual(
      byType,
      new Map<string | null, number>([
        ["Cancelled", 500],
        ["Placed", 4_499],
        [null, 1],
      ]),
    );
    const range = { filter: { fromMs: START_MS + 10, toMs: START_MS + 19 } };
    assert.deepEqual((await ask("topic", range)).counts, [{ name: TOPIC, records: 10 }]);
    let total = 0;
    let from: bigint | undefined;
    for (let requests = 1; ; requests++) {
      const part = await ask("topic", { maxScanned: 2_000, ...(from === undefined ? {} : { from }) });
      total += part.counts[0]?.records ?? 0;
      from = part.nextOffset;
      if (!part.complete) continue;
      assert.deepEqual([total, requests], [COUNT, 3]);
      break;
    }
  });

  it("finds a time, a number, a key's first record, and says where there is none", async () => {
    const find = (sought: Parameters<typeof findPosition>[1]["sought"]) =>
      findPosition(bus, { topic: TOPIC, sought, maxScanned: 100_000 });
    const byTime = (await find({ timeMs: START_MS + 123 })).find(({ partition }) => partition === PARTITION);
    assert.deepEqual([byTime?.offset, byTime?.record?.offset], [123n, 123n]);
    const [byNumber] = await find({ event: { partition: PARTITION, epoch: 1, sequence: 4_000 } });
    assert.equal(byNumber?.offset, 3_999n);
    const [byKey] = await find({ key: "A" });
    assert.deepEqual([byKey?.partition, byKey?.offset], [PARTITION, 0n]);
    const [missing] = await find({ event: { partition: PARTITION, epoch: 2, sequence: 1 } });
    assert.deepEqual([missing?.offset, missing?.record, missing?.complete], [BigInt(COUNT), null, true]);
  });
});
