import assert from "node:assert/strict";
import { LogChangedError } from "./bus-error.ts";
import { busTest, record, records, rejectsWith, type Suite, takeCount, values } from "./conformance-suite.ts";
import { MAX_VALUE_BYTES } from "./limits.ts";
import type { OutgoingRecord, SentBatch } from "./port.ts";
import { valueBytes } from "./record-value.ts";

/** Topics, sending, and what comes back of a record. */
export function describeRecords({ harness, topic: makeTopic, group }: Suite): void {
  busTest(
    "ensureTopics makes what is missing, keeps what is there, refuses another partition count",
    async () => {
      const { bus } = harness();
      const name = await makeTopic(3);
      const find = async () => (await bus.topics()).find((each) => each.name === name);
      const first = await find();
      assert.equal(first?.partitions, 3);
      await bus.ensureTopics([{ name, partitions: 3, retentionMs: -1 }]);
      assert.deepEqual(await find(), first);
      await rejectsWith("topic_mismatch", bus.ensureTopics([{ name, partitions: 4, retentionMs: -1 }]));
    },
  );

  busTest("a topic that is made anew has another id, and its readers start at its beginning", async () => {
    const { bus } = harness();
    const name = await makeTopic(1);
    await bus.send([{ topic: name, partition: 0, records: records(5) }]);
    const idOf = async () => (await bus.topics()).find((each) => each.name === name)?.id;
    const before = await idOf();
    const consumer = await bus.consume({ group: group(), topics: [name], onAssigned: async () => new Map() });
    assert.equal((await takeCount(consumer, 5)).length, 5);
    await harness().deleteTopic(name);
    assert.equal(await idOf(), undefined);
    await bus.ensureTopics([{ name, partitions: 1, retentionMs: -1 }]);
    assert.notEqual(await idOf(), before);
    await bus.send([{ topic: name, partition: 0, records: [record("anew")] }]);
    assert.deepEqual(values(await takeCount(consumer, 1)), ["anew"]);
    await consumer.close();
  });

  busTest("a topic or partition that is not there is refused by every call", async () => {
    const { bus } = harness();
    const name = await makeTopic(1);
    for (const at of [
      { topic: `${name}-missing`, partition: 0 },
      { topic: name, partition: 1 },
    ]) {
      await rejectsWith("unknown_topic", bus.send([{ ...at, records: [record("x")] }]));
      await rejectsWith("unknown_topic", bus.read({ ...at, from: "earliest" }));
      await rejectsWith("unknown_topic", bus.tail(at.topic, at.partition, 1));
    }
    const missing = `${name}-missing`;
    await rejectsWith("unknown_topic", bus.offsets(missing));
    await rejectsWith("unknown_topic", bus.offsetsAt(missing, 0));
    const onAssigned = async () => new Map();
    await rejectsWith("unknown_topic", bus.consume({ group: group(), topics: [missing], onAssigned }));
  });

  busTest(
    "keys, values, headers and times come back as they were sent, at once and after opening anew",
    async () => {
      const name = await makeTopic(1);
      const sent: readonly OutgoingRecord[] = [
        {
          key: "ключ-🔑",
          value: "ünïcødé 漢字 🚀",
          headers: { id: "a/0/1/1", name: "wärts 🚀" },
          timestampMs: 1,
        },
        { key: "", value: "", headers: {}, timestampMs: 2 },
        {
          key: null,
          value: '{"eventType":"TimeAdvanced"}',
          headers: { id: "a/0/1/2", empty: "" },
          timestampMs: 3,
        },
        { key: "nul", value: "a\u0000b\r\n\uFEFFc", headers: { other: "x" }, timestampMs: 1_700_000_000_000 },
        { key: "large", value: "é".repeat(450_000), headers: {}, timestampMs: 4 },
        { key: "last", value: "x".repeat(MAX_VALUE_BYTES), headers: {}, timestampMs: 5 },
      ];
      const [answer] = await harness().bus.send([{ topic: name, partition: 0, records: sent }]);
      assert.deepEqual(answer, { topic: name, partition: 0, firstOffset: 0n });
      for (const open of [async () => harness().bus, () => harness().reopen()]) {
        const bus = await open();
        const reader = await bus.read({ topic: name, partition: 0, from: "earliest" });
        const taken = await takeCount(reader, sent.length);
        assert.deepEqual(
          taken.map(({ key, value, headers, timestampMs }) => ({ key, value, headers, timestampMs })),
          sent,
        );
        assert.deepEqual(
          taken.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
          sent.map((_, index) => ({ topic: name, partition: 0, offset: BigInt(index) })),
        );
        await reader.close();
      }
    },
  );

  busTest("a log that ends before what its sender knows of it is told, and gets nothing", async () => {
    const { bus } = harness();
    const name = await makeTopic(2);
    const at = { topic: name, partition: 0 };
    await bus.send([{ ...at, records: records(3) }]);
    await rejectsWith("lost_end", bus.send([{ ...at, records: [record("too far")], behind: 4n }]));
    const [sent] = await bus.send([{ ...at, records: [record("behind")], behind: 3n }]);
    assert.equal(sent?.firstOffset, 3n);
    await bus.send([{ topic: name, partition: 1, records: [record("first")], behind: 0n }]);
    assert.equal((await bus.offsets(name))[0]?.latest, 4n);
  });

  busTest("who does not know what a log goes by is told, and may send once it does", async () => {
    const { bus } = harness();
    const name = await makeTopic(1);
    const at = { topic: name, partition: 0 };
    await bus.send([{ ...at, records: records(2) }]);
    const send = (value: string, lineage: string | null): Promise<readonly SentBatch[]> =>
      bus.send([{ ...at, records: [record(value)], behind: 2n, lineage }]);
    const changed = await send("not looked yet", null).catch((error: unknown) => error);
    assert.ok(changed instanceof LogChangedError, String(changed));
    assert.deepEqual(changed.at, at);
    await rejectsWith("log_changed", send("looked long ago", `${changed.lineage} before`));
    assert.equal((await bus.offsets(name))[0]?.latest, 2n);
    assert.equal((await send("looked", changed.lineage))[0]?.firstOffset, 2n);
    assert.equal((await send("still the same", changed.lineage))[0]?.firstOffset, 3n);
  });

  busTest("a value that is too large, or a time that is none, is refused and changes nothing", async () => {
    const { bus } = harness();
    const name = await makeTopic(1);
    const tooLarge = record("x".repeat(MAX_VALUE_BYTES + 1));
    await rejectsWith("bus_refused", bus.send([{ topic: name, partition: 0, records: [tooLarge] }]));
    const noTime = { ...record("x"), timestampMs: Number.NaN };
    await rejectsWith(
      "bus_refused",
      bus.send([{ topic: name, partition: 0, records: [record("y"), noTime] }]),
    );
    assert.deepEqual(await bus.offsets(name), [{ partition: 0, earliest: 0n, latest: 0n }]);
  });

  busTest(
    "sends made together are answered each with its own offsets, in the order they were made",
    async () => {
      const { bus } = harness();
      const name = await makeTopic(2);
      const sends = Array.from({ length: 50 }, (_, index) =>
        bus.send([
          { topic: name, partition: 0, records: records(2, index * 2) },
          { topic: name, partition: 1, records: records(1, index) },
          { topic: name, partition: 0, records: [] },
        ]),
      );
      const answers = await Promise.all(sends);
      answers.forEach((answer, index) => {
        assert.equal(answer[0]?.firstOffset, BigInt(index * 2));
        assert.equal(answer[1]?.firstOffset, BigInt(index));
      });
      const reader = await bus.read({ topic: name, partition: 0, from: "earliest" });
      assert.deepEqual(
        values(await takeCount(reader, 100)),
        Array.from({ length: 100 }, (_, index) => String(index)),
      );
      await reader.close();
    },
  );

  busTest("a large batch arrives whole", async () => {
    const { bus } = harness();
    const name = await makeTopic(1);
    const count = 20_000;
    const [answer] = await bus.send([{ topic: name, partition: 0, records: records(count) }]);
    assert.equal(answer?.firstOffset, 0n);
    const reader = await bus.read({ topic: name, partition: 0, from: "earliest" });
    const taken = await takeCount(reader, count);
    taken.forEach((each, index) => {
      assert.equal(each.value, String(index));
    });
    await reader.close();
  });

  busTest("the tail of a partition is its last records, oldest first", async () => {
    const { bus } = harness();
    const name = await makeTopic(2);
    assert.deepEqual(await bus.tail(name, 0, 3), []);
    await bus.send([{ topic: name, partition: 0, records: records(10) }]);
    await bus.send([{ topic: name, partition: 0, records: records(10, 10) }]);
    assert.deepEqual(values(await bus.tail(name, 0, 3)), ["17", "18", "19"]);
    assert.deepEqual(values(await bus.tail(name, 0, 1)), ["19"]);
    assert.equal((await bus.tail(name, 0, 100)).length, 20);
    assert.deepEqual(await bus.tail(name, 0, 0), []);
    assert.deepEqual(await bus.tail(name, 1, 3), []);
  });
}

/** For storage that others write to as well, and not only text. */
export function describeRawBytes({ harness, topic: makeTopic }: Suite): void {
  busTest("bytes that are not UTF-8 arrive as they are", async () => {
    const { bus, sendRaw } = harness();
    assert.ok(sendRaw !== undefined, "the harness can write bytes past the adapter");
    const name = await makeTopic(1);
    const bytes = Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d);
    await sendRaw({ topic: name, partition: 0 }, bytes);
    await bus.send([{ topic: name, partition: 0, records: [record("fine")] }]);
    const reader = await bus.read({ topic: name, partition: 0, from: "earliest" });
    const [raw, fine] = await takeCount(reader, 2);
    assert.deepEqual(raw?.rawValue && Uint8Array.from(raw.rawValue), bytes);
    assert.equal(raw?.value, "{\uFFFD\uFFFD}");
    assert.equal(fine?.rawValue, undefined);
    await reader.close();
  });

  busTest(
    "the bytes of a value are those that were written: in a frame, in one of no UTF-8, empty, and none",
    async () => {
      const { bus, sendRaw } = harness();
      assert.ok(sendRaw !== undefined, "the harness can write bytes past the adapter");
      const name = await makeTopic(1);
      const framed = [0, 0x80, 0xc3, 0xff, 1, 0x7b];
      const written = [[...framed, 0x7d], [...framed, 0xff, 0x7d], [], [0], null].map((bytes) =>
        bytes === null ? null : Uint8Array.from(bytes),
      );
      for (const value of written) await sendRaw({ topic: name, partition: 0 }, value);
      const reader = await bus.read({ topic: name, partition: 0, from: "earliest" });
      const taken = await takeCount(reader, written.length);
      assert.deepEqual(
        taken.map((each) => valueBytes(each)).map((bytes) => bytes && Uint8Array.from(bytes)),
        written,
      );
      await reader.close();
    },
  );
}
