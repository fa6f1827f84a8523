import assert from "node:assert/strict";
import { busTest, record, records, type Suite, takeCount, until, values } from "./conformance-suite.ts";
import type { BusRecord, EventBus, GroupConsumer, RecordChunk } from "./port.ts";
import { SPAN } from "./record-chunk.ts";
import type { TopicPartition } from "./topic-partition.ts";
import { topicPartitionKey } from "./topic-partition.ts";

const PARTITIONS = 6;

/** Groups: resuming, members that join and leave, hints. */
export function describeGroups({ harness, topic: makeTopic, group: makeGroup }: Suite): void {
  busTest("what was taken and not committed comes again after a crash", async () => {
    const name = await makeTopic(1);
    const group = makeGroup();
    const join = (bus: EventBus) => bus.consume({ group, topics: [name], onAssigned: async () => new Map() });
    await harness().bus.send([{ topic: name, partition: 0, records: records(10) }]);
    const first = await join(harness().bus);
    assert.equal((await takeCount(first, 10)).length, 10);
    const second = await join(await harness().reopen());
    assert.deepEqual(values(await takeCount(second, 10)), values(records(10)));
    await second.close();
  });

  busTest("chunks hold the bytes of what records say, cut where fewer are wanted", async () => {
    const name = await makeTopic(2);
    const { bus } = harness();
    const sent = [
      { ...record("a value"), headers: { producer: "p", epoch: "1", sequence: "1" } },
      { ...record("ü".repeat(200)), key: null, headers: {} },
      { ...record(""), headers: { sequence: "2", "sequence-number": "no", producer: "" } },
    ];
    await bus.send(
      [0, 1].map((partition) => ({ topic: name, partition, records: [...sent, ...records(40)] })),
    );
    const from = async () => new Map([[`${name}/0`, 1n]]);
    const whole = await bus.consume({ group: makeGroup(), topics: [name], onAssigned: from });
    const expected = await takeCount(whole, 85);
    const wanted = ["sequence", "producer"];
    const consumer = await bus.consume({
      group: makeGroup(),
      topics: [name],
      onAssigned: from,
      chunkHeaders: wanted,
    });
    const found: BusRecord[] = [];
    while (found.length < 85) {
      const slices = await consumer.takeChunks(7);
      assert.ok(slices.reduce((sum, slice) => sum + slice.to - slice.from, 0) <= 7);
      for (const { chunk, from: first, to } of slices)
        for (let index = first; index < to; index++) found.push(checkedRecord(chunk, index, wanted));
    }
    const sorted = (taken: readonly BusRecord[]): readonly object[] =>
      [...taken]
        .sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset))
        .map(({ decoded: _, read: __, ...rest }) => rest);
    assert.deepEqual(sorted(found), sorted(expected));
    await whole.close();
    await consumer.close();
  });

  busTest("several take at once, each of partitions of its own", async () => {
    const name = await makeTopic(3);
    const { bus } = harness();
    const from = async () => new Map([0, 1, 2].map((partition) => [`${name}/${partition}`, 0n]));
    const options = { group: makeGroup(), topics: [name], onAssigned: from, chunkHeaders: [] };
    const consumer = await bus.consume(options);
    const taken = async (partition: number): Promise<readonly string[]> => {
      const values: string[] = [];
      while (values.length < 30) {
        const slices = await consumer.takeChunks(7, (at) => at.partition === partition);
        for (const { chunk, from: first, to } of slices) {
          assert.equal(chunk.partition, partition);
          for (let index = first; index < to; index++) values.push(chunk.record(index).value);
        }
      }
      return values;
    };
    const takers = [taken(0), taken(2)];
    // Nobody wants those of the one in between.
    for (const partition of [1, 2, 0]) await bus.send([{ topic: name, partition, records: records(30) }]);
    const expected = records(30).map(({ value }) => value);
    assert.deepEqual(await Promise.all(takers), [expected, expected]);
    const waiting = consumer.takeChunks(7, ({ partition }) => partition === 0);
    await consumer.close();
    assert.deepEqual(await waiting, []);
  });

  busTest("without a mark a consumer starts at the committed offset, with one at the mark", async () => {
    const name = await makeTopic(1);
    const group = makeGroup();
    const { bus } = harness();
    await bus.send([{ topic: name, partition: 0, records: records(10) }]);
    const first = await bus.consume({ group, topics: [name], onAssigned: async () => new Map() });
    await takeCount(first, 10);
    await first.commit([{ topic: name, partition: 0, nextOffset: 4n }]);
    await first.close();
    const committed = async (of: EventBus) => (await of.groups()).find((each) => each.group === group);
    assert.deepEqual((await committed(bus))?.offsets, [{ topic: name, partition: 0, committed: 4n }]);

    const reopened = await harness().reopen();
    assert.deepEqual((await committed(reopened))?.offsets, [{ topic: name, partition: 0, committed: 4n }]);
    assert.deepEqual(await reopened.committed(group), [{ topic: name, partition: 0, committed: 4n }]);
    assert.deepEqual(await reopened.committed(makeGroup()), []);
    const second = await reopened.consume({ group, topics: [name], onAssigned: async () => new Map() });
    assert.equal((await takeCount(second, 6))[0]?.value, "4");
    assert.equal((await committed(reopened))?.members, 1);
    await second.close();
    const marked = async () => new Map([[`${name}/0`, 7n]]);
    const third = await reopened.consume({ group, topics: [name], onAssigned: marked });
    assert.equal((await takeCount(third, 3))[0]?.value, "7");
    await third.close();
  });

  busTest("members join and leave: one owner each, everything delivered, in order", async () => {
    const name = await makeTopic(PARTITIONS);
    const group = makeGroup();
    const marks = new Map<string, bigint>();
    const seen = new Map<number, number[]>();
    const join = async (bus: EventBus): Promise<Member> => startMember(bus, { name, group, marks, seen });

    const members = [await join(harness().bus)];
    let next = 0;
    const sendRound = async (): Promise<void> => {
      const batches = Array.from({ length: PARTITIONS }, (_, partition) => ({
        topic: name,
        partition,
        records: records(5, next),
      }));
      next += 5;
      await harness().bus.send(batches);
    };

    await sendRound();
    await settled(members);
    for (let count = 2; count <= 3; count++) {
      members.push(await join(await harness().another()));
      await sendRound();
      await settled(members);
      await sendRound();
    }
    const [leaver, ...rest] = members;
    await sendRound();
    await leaver?.consumer.close();
    await leaver?.done;
    await sendRound();
    await settled(rest);
    await sendRound();

    const complete = (): boolean =>
      Array.from({ length: PARTITIONS }, (_, partition) => seen.get(partition)?.at(-1)).every(
        (last) => last === next - 1,
      );
    await until(complete);
    for (const [partition, numbers] of seen) {
      assert.deepEqual(
        numbers,
        Array.from({ length: next }, (_, index) => index),
        `partition ${partition}`,
      );
    }
    for (const member of rest) {
      await member.consumer.close();
      await member.done;
    }
  });

  busTest("a member is told of what it loses, and gets no record of it afterwards", async () => {
    const { bus } = harness();
    const name = await makeTopic(2);
    const group = makeGroup();
    const lost: string[] = [];
    const first = await bus.consume({
      group,
      topics: [name],
      onAssigned: async () => new Map(),
      onRevoked: (partitions) => lost.push(...partitions.map(topicPartitionKey)),
    });
    await until(() => first.assigned.length === 2);
    const taking = drain(first);
    const other = await (await harness().another()).consume({
      group,
      topics: [name],
      onAssigned: async () => new Map(),
    });
    await until(() => first.assigned.length === 1 && other.assigned.length === 1);
    assert.equal(lost.length >= 1, true);
    const kept = first.assigned[0]?.partition;
    const before = taking.records.length;
    await bus.send(
      [0, 1].map((partition) => ({ topic: name, partition, records: [record(`to ${partition}`)] })),
    );
    assert.deepEqual(values(await takeCount(other, 1)), [`to ${1 - (kept ?? 0)}`]);
    await until(() => taking.records.length > before);
    assert.deepEqual(values(taking.records.slice(before)), [`to ${kept}`]);
    await other.close();
    await first.close();
    await taking.done;
  });

  busTest("what is lost while it is being given is told of after it was given", async () => {
    const { bus } = harness();
    const name = await makeTopic(2);
    const group = makeGroup();
    const told: { readonly isGiven: boolean; readonly partition: number }[] = [];
    const note = (isGiven: boolean, partitions: readonly TopicPartition[]): void => {
      told.push(...partitions.map(({ partition }) => ({ isGiven, partition })));
    };
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const first = await bus.consume({
      group,
      topics: [name],
      onAssigned: async (partitions) => {
        await asked;
        note(true, partitions);
        return new Map();
      },
      onRevoked: (partitions) => note(false, partitions),
    });
    await until(() => first.assigned.length === 2);
    const other = await (await harness().another()).consume({
      group,
      topics: [name],
      onAssigned: async () => new Map(),
    });
    await until(() => first.assigned.length === 1 && other.assigned.length === 1);
    assert.deepEqual(told, []);
    answer();
    const kept = first.assigned.map(({ partition }) => partition);
    const holds = (): ReadonlySet<number> => {
      const given = new Set<number>();
      for (const { isGiven, partition } of told) {
        if (isGiven) given.add(partition);
        else assert.equal(given.delete(partition), true, JSON.stringify(told));
      }
      return given;
    };
    await until(() => told.length >= 3 && holds().size === 1);
    assert.deepEqual([...holds()], kept);
    await other.close();
    await first.close();
  });

  busTest("two groups do not share: each gets everything", async () => {
    const { bus } = harness();
    const name = await makeTopic(2);
    await bus.send([0, 1].map((partition) => ({ topic: name, partition, records: records(20) })));
    for (let index = 0; index < 2; index++) {
      const consumer = await bus.consume({
        group: makeGroup(),
        topics: [name],
        onAssigned: async () => new Map(),
      });
      assert.equal((await takeCount(consumer, 40)).length, 40);
      await consumer.close();
    }
  });

  busTest("a member may read several topics", async () => {
    const { bus } = harness();
    const names = [await makeTopic(1), await makeTopic(2)];
    const consumer = await bus.consume({
      group: makeGroup(),
      topics: names,
      onAssigned: async () => new Map(),
    });
    for (const name of names) await bus.send([{ topic: name, partition: 0, records: records(3) }]);
    const taken = await takeCount(consumer, 6);
    assert.deepEqual(new Set(taken.map((each) => each.topic)), new Set(names));
    await consumer.close();
  });

  busTest("R5: where to start in a topic made anew is asked again, also of a running consumer", async () => {
    const { bus } = harness();
    const name = await makeTopic(1);
    await bus.send([{ topic: name, partition: 0, records: records(3) }]);
    const ids = new Set<string | undefined>();
    const consumer = await bus.consume({
      group: makeGroup(),
      topics: [name],
      onAssigned: async () => {
        ids.add((await bus.topics()).find((topic) => topic.name === name)?.id);
        return new Map([[`${name}/0`, "earliest"]]);
      },
    });
    assert.deepEqual(values(await takeCount(consumer, 3)), ["0", "1", "2"]);
    await harness().deleteTopic(name);
    await bus.ensureTopics([{ name, partitions: 1, retentionMs: -1 }]);
    await bus.send([{ topic: name, partition: 0, records: records(2, 10) }]);
    assert.deepEqual(values(await takeCount(consumer, 2)), ["10", "11"]);
    assert.equal(ids.size, 2);
    await consumer.close();
  });

  busTest("a start that can't be found out fails the consumer", async () => {
    const { bus } = harness();
    const name = await makeTopic(1);
    const group = makeGroup();
    const failing = await bus.consume({
      group,
      topics: [name],
      onAssigned: async () => {
        throw new Error("no marks");
      },
    });
    await assert.rejects(failing.take(1), /no marks/);
    await failing.close();
    await bus.send([{ topic: name, partition: 0, records: [record("x")] }]);
    const other = await bus.consume({ group, topics: [name], onAssigned: async () => new Map() });
    assert.deepEqual(values(await takeCount(other, 1)), ["x"]);
    await other.close();
  });
}

interface Member {
  readonly consumer: GroupConsumer;
  readonly done: Promise<void>;
}

interface Shared {
  readonly name: string;
  readonly group: string;
  /** As a database would keep them: the next offset of each partition. */
  readonly marks: Map<string, bigint>;
  readonly seen: Map<number, number[]>;
}

/** A member that starts from shared marks and applies each record once, as R5 has it. */
async function startMember(bus: EventBus, { name, group, marks, seen }: Shared): Promise<Member> {
  const consumer = await bus.consume({
    group,
    topics: [name],
    onAssigned: async () => new Map(marks),
    sessionTimeoutMs: 6000,
  });
  const apply = (each: BusRecord): void => {
    const key = topicPartitionKey(each);
    const mark = marks.get(key) ?? 0n;
    if (each.offset < mark) return;
    const numbers = seen.get(each.partition) ?? [];
    seen.set(each.partition, numbers);
    numbers.push(Number(each.value));
    marks.set(key, each.offset + 1n);
  };
  const loop = async (): Promise<void> => {
    for (;;) {
      const taken = await consumer.take(7);
      if (taken.length === 0) return;
      for (const each of taken) apply(each);
    }
  };
  return { consumer, done: loop() };
}

/** Every partition has exactly one owner, and the shares differ by one at most. */
async function settled(members: readonly Member[]): Promise<void> {
  await until(() => {
    const owned = members.flatMap(({ consumer }) => consumer.assigned.map((at) => at.partition));
    const sizes = members.map(({ consumer }) => consumer.assigned.length);
    return (
      owned.length === PARTITIONS &&
      new Set(owned).size === PARTITIONS &&
      Math.max(...sizes) - Math.min(...sizes) <= 1
    );
  });
}

function drain(consumer: GroupConsumer): { readonly records: BusRecord[]; readonly done: Promise<void> } {
  const taken: BusRecord[] = [];
  const loop = async (): Promise<void> => {
    for (;;) {
      const some = await consumer.take(10);
      if (some.length === 0) return;
      taken.push(...some);
    }
  };
  return { records: taken, done: loop() };
}

/** The record at a place of a chunk, after a look at the chunk's own columns. */
function checkedRecord(chunk: RecordChunk, index: number, wanted: readonly string[]): BusRecord {
  const found = chunk.record(index);
  const text = (place: number): string | null => {
    const [start = -1, end = -1] = chunk.spans.subarray(index * chunk.stride + place);
    return start < 0 ? null : chunk.bytes.toString("utf8", start, end);
  };
  assert.equal(BigInt(chunk.offsets[index] ?? -1), found.offset);
  assert.equal(chunk.timesMs[index], found.timestampMs);
  assert.equal(text(SPAN.key), found.key);
  assert.equal(text(SPAN.value) ?? "", found.value);
  wanted.forEach((name, nth) => {
    assert.equal(text(SPAN.headers + 2 * nth), found.headers[name] ?? null);
  });
  return found;
}
