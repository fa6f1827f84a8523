import assert from "node:assert/strict";
import {
  busTest,
  record,
  records,
  rejectsWith,
  type Suite,
  takeCount,
  until,
  values,
} from "./conformance-suite.ts";
import { partitionOf } from "./partition-of.ts";
import type { StartPosition } from "./port.ts";
import { topicPartitionKey } from "./topic-partition.ts";

/** Reading: order, replay, pausing, back-pressure. */
export function describeDelivery({ harness, topic: makeTopic, group }: Suite): void {
  busTest("records of one key arrive in the order they were sent", async () => {
    const { bus } = harness();
    const name = await makeTopic(4);
    const keys = ["BTC-USD", "ETH-USD", "AAPL", "AMZN", "MSFT", "SOL-USD", "TSLA"];
    const consumer = await bus.consume({ group: group(), topics: [name], onAssigned: async () => new Map() });
    const rounds = 40;
    for (let round = 0; round < rounds; round++) {
      const batches = keys.map((key) => ({
        topic: name,
        partition: partitionOf(key, 4),
        records: [record(String(round), key)],
      }));
      await bus.send(batches);
    }
    const byKey = Map.groupBy(await takeCount(consumer, keys.length * rounds), (each) => each.key);
    const expected = Array.from({ length: rounds }, (_, round) => String(round));
    for (const key of keys) assert.deepEqual(values(byKey.get(key) ?? []), expected, key);
    await consumer.close();
  });

  busTest("replay from an offset, from a time, from both ends", async () => {
    const { bus } = harness();
    const name = await makeTopic(1);
    for (let batch = 0; batch < 4; batch++) {
      const part = Array.from({ length: 5 }, (_, index) => {
        const number = batch * 5 + index;
        return record(String(number), "key", 1_700_000_000_000 + number * 1000);
      });
      await bus.send([{ topic: name, partition: 0, records: part }]);
    }
    const firstFrom = async (from: StartPosition): Promise<string | undefined> => {
      const reader = await bus.read({ topic: name, partition: 0, from });
      const [first] = await reader.take(1);
      await reader.close();
      return first?.value;
    };
    assert.equal(await firstFrom("earliest"), "0");
    assert.equal(await firstFrom(7n), "7");
    assert.equal(await firstFrom(99n), "0", "an offset that is not there falls to the earliest (R5)");
    const offsetAt = async (timestampMs: number) => (await bus.offsetsAt(name, timestampMs))[0]?.offset;
    assert.equal(await offsetAt(1_700_000_012_000), 12n);
    assert.equal(await offsetAt(1_700_000_011_001), 12n);
    assert.equal(await offsetAt(0), 0n);
    assert.equal(await offsetAt(1_800_000_000_000), 20n);
    assert.deepEqual(await bus.offsets(name), [{ partition: 0, earliest: 0n, latest: 20n }]);

    const latest = await bus.read({ topic: name, partition: 0, from: "latest" });
    assert.deepEqual(await latest.poll(10, 50), []);
    await bus.send([{ topic: name, partition: 0, records: [record("new")] }]);
    assert.deepEqual(values(await latest.take(10)), ["new"]);
    await latest.close();
  });

  busTest(
    "a reader that waits gets what comes, at most as many as it asks for, until it is closed",
    async () => {
      const { bus } = harness();
      const name = await makeTopic(1);
      const reader = await bus.read({ topic: name, partition: 0, from: "earliest" });
      const waiting = reader.take(3);
      await bus.send([{ topic: name, partition: 0, records: records(10) }]);
      const taken = [...(await waiting)];
      assert.ok(taken.length >= 1 && taken.length <= 3);
      taken.push(...(await takeCount(reader, 10 - taken.length)));
      assert.deepEqual(values(taken), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
      const forever = reader.take(1);
      await reader.close();
      assert.deepEqual(await forever, []);
      assert.deepEqual(await reader.poll(1, 10), []);
    },
  );

  busTest("readers outside groups each get everything", async () => {
    const { bus } = harness();
    const name = await makeTopic(1);
    const other = await harness().another();
    const readers = await Promise.all(
      [bus, bus, other].map((each) => each.read({ topic: name, partition: 0, from: "earliest" })),
    );
    await bus.send([{ topic: name, partition: 0, records: records(100) }]);
    for (const reader of readers) {
      assert.equal((await takeCount(reader, 100)).at(-1)?.value, "99");
      await reader.close();
    }
  });

  busTest("one partition is paused and sought, the others flow on", async () => {
    const { bus } = harness();
    const name = await makeTopic(2);
    const consumer = await bus.consume({ group: group(), topics: [name], onAssigned: async () => new Map() });
    const send = (partition: number, first: number) =>
      bus.send([{ topic: name, partition, records: records(10, first) }]);
    await send(0, 0);
    await send(1, 0);
    await takeCount(consumer, 20);

    const paused = { topic: name, partition: 0 };
    consumer.pause(paused);
    await send(0, 10);
    await send(1, 10);
    const whilePaused = await takeCount(consumer, 10);
    assert.ok(whilePaused.every((each) => each.partition === 1));
    await send(1, 20);
    const stillPaused = await takeCount(consumer, 10);
    assert.deepEqual(values(stillPaused), values(records(10, 20)));

    consumer.resume(paused);
    assert.deepEqual(
      (await takeCount(consumer, 10)).map(({ partition, value }) => `${partition}:${value}`),
      Array.from({ length: 10 }, (_, index) => `0:${10 + index}`),
    );

    consumer.seek(paused, 5n);
    await send(1, 30);
    const both = await takeCount(consumer, 25);
    assert.deepEqual(values(both.filter((each) => each.partition === 0)), values(records(15, 5)));
    assert.deepEqual(values(both.filter((each) => each.partition === 1)), values(records(10, 30)));

    consumer.seek(paused, "latest");
    // Where the end is may be asked when the next record is on its way: some record arrives, none from before the seek.
    const next = consumer.take(1);
    let arrived = false;
    void next.then(() => {
      arrived = true;
    });
    await until(async () => {
      await send(0, 100);
      return arrived;
    });
    const [first] = await next;
    assert.ok(first?.partition === 0 && Number(first.value) >= 100);
    await consumer.close();
  });

  busTest("a paused partition with a backlog does not fill the others' buffer", async () => {
    const { bus } = harness();
    const name = await makeTopic(2);
    await bus.send([{ topic: name, partition: 0, records: records(5000) }]);
    const consumer = await bus.consume({
      group: group(),
      topics: [name],
      bufferRecords: 100,
      onAssigned: async () => new Map(),
    });
    await takeCount(consumer, 10);
    consumer.pause({ topic: name, partition: 0 });
    await bus.send([{ topic: name, partition: 1, records: records(1000) }]);
    const taken = await takeCount(consumer, 1000);
    assert.ok(taken.every((each) => each.partition === 1));
    consumer.resume({ topic: name, partition: 0 });
    assert.deepEqual(values(await takeCount(consumer, 4990)), values(records(4990, 10)));
    await consumer.close();
  });

  busTest(
    "nothing more is fetched ahead than the buffer holds while the consumer does not take",
    async () => {
      const { bus } = harness();
      const name = await makeTopic(2);
      const value = "x".repeat(1000);
      const part = Array.from({ length: 3000 }, () => record(value));
      await bus.send([
        { topic: name, partition: 0, records: part },
        { topic: name, partition: 1, records: part },
      ]);
      const consumer = await bus.consume({
        group: group(),
        topics: [name],
        bufferRecords: 50,
        onAssigned: async () => new Map(),
      });
      let taken = (await takeCount(consumer, 1)).length;
      let most = consumer.bufferedRecords;
      // A second consumer reads everything meanwhile: the first had the same time to fetch.
      const other = await bus.consume({ group: group(), topics: [name], onAssigned: async () => new Map() });
      await takeCount(other, 6000);
      most = Math.max(most, consumer.bufferedRecords);
      while (taken < 6000) {
        taken += (await consumer.take(500)).length;
        most = Math.max(most, consumer.bufferedRecords);
      }
      assert.ok(most < 2500, `${most} records were fetched ahead`);
      await other.close();
      await consumer.close();
    },
  );

  busTest("one bus serves many readers of one and of several partitions at once", async () => {
    const { bus } = harness();
    const name = await makeTopic(8);
    const readers = await Promise.all(
      Array.from({ length: 8 }, (_, partition) => bus.read({ topic: name, partition, from: "earliest" })),
    );
    await bus.send(
      readers.map((_, partition) => ({ topic: name, partition, records: records(50, partition * 100) })),
    );
    const all = await Promise.all(readers.map((reader) => takeCount(reader, 50)));
    all.forEach((taken, partition) => {
      assert.deepEqual(values(taken), values(records(50, partition * 100)));
    });
    for (const reader of readers) await reader.close();
  });

  busTest("a closed bus ends its readers and consumers and refuses new calls", async () => {
    const name = await makeTopic(1);
    const { bus } = harness();
    const reader = await bus.read({ topic: name, partition: 0, from: "earliest" });
    const consumer = await bus.consume({ group: group(), topics: [name], onAssigned: async () => new Map() });
    const waiting = [reader.take(1), consumer.take(1)];
    const acknowledged = bus.send([{ topic: name, partition: 0, records: [record("in flight")] }]).then(
      () => true,
      () => false,
    );
    const wasAcknowledged = await acknowledged;
    await bus.close();
    await bus.close();
    for (const each of await Promise.all(waiting)) assert.ok(each.length <= 1);
    assert.deepEqual(await reader.take(1), []);
    assert.deepEqual(await consumer.take(1), []);
    await rejectsWith("bus_closed", bus.send([{ topic: name, partition: 0, records: [record("late")] }]));
    const next = await harness().reopen();
    assert.ok(wasAcknowledged);
    assert.deepEqual(values(await next.tail(name, 0, 10)), ["in flight"]);
  });

  busTest("where a consumer starts is asked for each partition it is given", async () => {
    const { bus } = harness();
    const name = await makeTopic(3);
    await bus.send([0, 1, 2].map((partition) => ({ topic: name, partition, records: records(10) })));
    const asked: string[] = [];
    const consumer = await bus.consume({
      group: group(),
      topics: [name],
      onAssigned: async (partitions) => {
        asked.push(...partitions.map(topicPartitionKey));
        return new Map<string, StartPosition>([
          [`${name}/0`, 8n],
          [`${name}/1`, "latest"],
        ]);
      },
    });
    const taken = await takeCount(consumer, 12);
    assert.deepEqual(values(taken.filter((each) => each.partition === 0)), ["8", "9"]);
    assert.equal(taken.filter((each) => each.partition === 2).length, 10);
    assert.deepEqual(asked.sort(), [`${name}/0`, `${name}/1`, `${name}/2`]);
    assert.equal(consumer.assigned.length, 3);
    await consumer.close();
  });
}
