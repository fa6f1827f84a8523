import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { manualClock } from "@bourse/base/testing";
import { BusError } from "../bus-error.ts";
import { record, records, takeCount, values } from "../conformance-suite.ts";
import { type BusHarness, busConformance } from "../testing.ts";
import { topicPartitionKey } from "../topic-partition.ts";
import { type EmbeddedBus, embeddedBus } from "./embedded-bus.ts";

busConformance("embedded", async (): Promise<BusHarness> => {
  const folder = mkdtempSync(join(tmpdir(), "bus-conformance-"));
  let bus = embeddedBus({ folder });
  return {
    get bus() {
      return bus;
    },
    another: async () => bus,
    reopen: async () => {
      await bus.close();
      bus = embeddedBus({ folder });
      return bus;
    },
    deleteTopic: (topic) => bus.deleteTopic(topic),
    close: async () => {
      await bus.close();
      rmSync(folder, { recursive: true });
    },
  };
});

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bus-embedded-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function busWithTopic(
  context: TestContext,
  options: Partial<Parameters<typeof embeddedBus>[0]> = {},
): Promise<EmbeddedBus> {
  const bus = embeddedBus({ folder: folderFor(context), ...options });
  context.after(() => bus.close());
  await bus.ensureTopics([{ name: "t", partitions: 1, retentionMs: -1 }]);
  return bus;
}

function refusal(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof BusError && error.code === "bus_refused" && pattern.test(error.message);
}

test("a live consumer gets the parsed value that the sender had", async (context) => {
  const bus = await busWithTopic(context);
  const reader = await bus.read({ topic: "t", partition: 0, from: "latest" });
  const decoded = { eventType: "OrderCreated" };
  await bus.send([{ topic: "t", partition: 0, records: [{ ...record(JSON.stringify(decoded)), decoded }] }]);
  const [live] = await reader.take(1);
  assert.equal(live?.decoded, decoded);
});

test("records stay in memory until all who follow have read them, and no longer", async (context) => {
  const bus = await busWithTopic(context);
  const decoded = { eventType: "OrderCreated" };
  const follow = () => bus.read({ topic: "t", partition: 0, from: "earliest" });
  const first = await follow();
  const second = await follow();
  await bus.send([{ topic: "t", partition: 0, records: [{ ...record("{}"), decoded }] }]);
  assert.equal((await first.take(1))[0]?.decoded, decoded);
  assert.equal((await second.take(1))[0]?.decoded, decoded, "it was kept for the second");
  const late = await follow();
  const [again] = await late.take(1);
  assert.deepEqual([again?.value, again?.decoded], ["{}", undefined], "read from the file");
});

test("who is behind is given of each partition alike, and never less than it asks for", async (context) => {
  const bus = await busWithTopic(context);
  await bus.ensureTopics([{ name: "u", partitions: 2, retentionMs: -1 }]);
  await bus.send([
    { topic: "t", partition: 0, records: records(100) },
    { topic: "u", partition: 0, records: records(100) },
    { topic: "u", partition: 1, records: records(5) },
  ]);
  const consumer = await bus.consume({
    group: "g",
    topics: ["t", "u"],
    onAssigned: async (partitions) => new Map(partitions.map((at) => [topicPartitionKey(at), "earliest"])),
    onRevoked: () => {},
  });
  const counts = async (maxRecords: number) => {
    const taken = Map.groupBy(await consumer.take(maxRecords), topicPartitionKey);
    for (const each of taken.values())
      assert.deepEqual(
        each.map(({ offset }) => offset),
        each.map((_, index) => (each[0]?.offset ?? 0n) + BigInt(index)),
      );
    return [...taken.values()].map((each) => each.length).sort((a, b) => a - b);
  };
  assert.deepEqual(await counts(12), [4, 4, 4]);
  const next = await counts(60);
  assert.equal(
    next.reduce((sum, each) => sum + each),
    60,
  );
  assert.deepEqual(next.slice(0, 2), [1, 20]);
  await consumer.close();
});

test("records that left memory are read from the file, in one piece with those that have not", async (context) => {
  const bus = await busWithTopic(context, { recentBytes: 50_000 });
  for (let batch = 0; batch < 30; batch++) {
    await bus.send([{ topic: "t", partition: 0, records: records(100, batch * 100) }]);
  }
  const reader = await bus.read({ topic: "t", partition: 0, from: 42n });
  const taken = await takeCount(reader, 2958);
  taken.forEach((each, index) => {
    assert.equal(each.value, String(42 + index));
    assert.equal(each.offset, BigInt(42 + index));
  });
  assert.deepEqual(values(await bus.tail("t", 0, 2)), ["2998", "2999"]);
});

test("a time is found where times are not in order", async (context) => {
  const bus = await busWithTopic(context);
  for (const times of [[10, 30], [20, 5], [25, 40], [15], [50]]) {
    const part = times.map((timestampMs) => record(String(timestampMs), null, timestampMs));
    await bus.send([{ topic: "t", partition: 0, records: part }]);
  }
  const at = async (timestampMs: number) => (await bus.offsetsAt("t", timestampMs))[0]?.offset;
  assert.equal(await at(1), 0n);
  assert.equal(await at(11), 1n);
  assert.equal(await at(31), 5n);
  assert.equal(await at(41), 7n);
  assert.equal(await at(51), 8n);
});

test("retention drops whole runs by time, and reading goes on at the earliest that is left", async (context) => {
  const folder = folderFor(context);
  const clock = manualClock(1_000_000);
  let bus = embeddedBus({ folder, clock });
  await bus.ensureTopics([
    { name: "short", partitions: 1, retentionMs: 1000 },
    { name: "ever", partitions: 1, retentionMs: -1 },
  ]);
  for (let batch = 0; batch < 3; batch++) {
    const part = [record(`a${batch}`, null, clock.nowMs()), record(`b${batch}`, null, clock.nowMs())];
    await bus.send(["short", "ever"].map((topic) => ({ topic, partition: 0, records: part })));
    clock.advance(600);
  }
  const slow = await bus.read({ topic: "short", partition: 0, from: 0n });
  const dropExpired = (): Promise<void> => bus.dropExpired((retentionMs) => clock.nowMs() - retentionMs);
  await dropExpired();
  assert.deepEqual(await bus.offsets("short"), [{ partition: 0, earliest: 4n, latest: 6n }]);
  assert.deepEqual(await bus.offsets("ever"), [{ partition: 0, earliest: 0n, latest: 6n }]);
  assert.deepEqual(values(await slow.take(10)), ["a2", "b2"]);
  assert.equal((await bus.offsetsAt("short", 0))[0]?.offset, 4n);

  clock.advance(10_000);
  await dropExpired();
  await bus.close();
  bus = embeddedBus({ folder, clock });
  assert.deepEqual(await bus.offsets("short"), [{ partition: 0, earliest: 6n, latest: 6n }]);
  assert.deepEqual(await bus.tail("short", 0, 5), []);
  const [sent] = await bus.send([
    { topic: "short", partition: 0, records: [record("next", null, clock.nowMs())] },
  ]);
  assert.equal(sent?.firstOffset, 6n, "offsets go on where they were");
  await bus.close();
});

/** A minute that passes where a test says so. */
function minutes() {
  let passed = (): void => undefined;
  return {
    timer: {
      every: (intervalMs: number, callback: () => void) => {
        assert.equal(intervalMs, 60_000);
        passed = callback;
        return () => undefined;
      },
    },
    pass: (count: number): void => {
      for (let minute = 0; minute < count; minute++) passed();
    },
  };
}

test("a clock that is a year ahead, or has been, drops nothing before its time, across restarts", async (context) => {
  const YEAR_MS = 365 * 86_400_000;
  const folder = folderFor(context);
  const clock = manualClock();
  const { timer, pass } = minutes();
  const live = (count: number): void => {
    for (let minute = 0; minute < count; minute++) {
      clock.advance(60_000);
      pass(1);
    }
  };
  let bus = embeddedBus({ folder, clock, timer });
  context.after(() => bus.close());
  const reopen = async (): Promise<void> => {
    await bus.close();
    bus = embeddedBus({ folder, clock, timer });
  };
  const earliest = async (): Promise<bigint | undefined> => (await bus.offsets("hour"))[0]?.earliest;
  await bus.ensureTopics([{ name: "hour", partitions: 1, retentionMs: 3_600_000 }]);
  const send = () => bus.send([{ topic: "hour", partition: 0, records: [record("a", null, clock.nowMs())] }]);
  live(150);
  await send();
  clock.advance(YEAR_MS);
  live(30);
  await reopen();
  live(1);
  assert.equal(await earliest(), 0n, "half an hour has been lived");
  clock.advance(-YEAR_MS);
  await send();
  await reopen();
  clock.advance(YEAR_MS);
  await reopen();
  live(20);
  assert.equal(await earliest(), 0n, "not an hour, with three starts");
  clock.advance(-YEAR_MS - 3_600_000);
  live(1);
  clock.advance(3_600_000);
  live(120);
  assert.equal(await earliest(), 2n, "both have been there for more than an hour");
});

test("a folder has one owner, and the second is told who", async (context) => {
  const folder = folderFor(context);
  const bus = embeddedBus({ folder });
  assert.throws(() => embeddedBus({ folder }), refusal(new RegExp(`in use by process ${process.pid}`)));
  const child = startChild(folder);
  const [line] = await child.lines;
  assert.match(line, new RegExp(`bus_refused .*in use by process ${process.pid}`));
  await bus.close();
  await embeddedBus({ folder }).close();
});

test("after kill -9 everything acknowledged is there, and the folder can be opened at once", async (context) => {
  const folder = folderFor(context);
  const { process: child, lines } = startChild(folder);
  assert.deepEqual(await lines, ["owner"]);
  const acknowledged: number[] = [];
  const reading = createInterface({ input: child.stdout ?? process.stdin });
  reading.on("line", (line) => {
    acknowledged.push(Number(line));
    if (acknowledged.length === 50) child.kill("SIGKILL");
  });
  await Promise.all([once(child, "exit"), once(reading, "close")]);
  const bus = embeddedBus({ folder });
  const [{ latest } = { latest: 0n }] = await bus.offsets("t");
  const last = acknowledged.at(-1) ?? Number.NaN;
  assert.ok(Number(latest) > last, `${last} was acknowledged, the log ends at ${latest}`);
  const reader = await bus.read({ topic: "t", partition: 0, from: "earliest" });
  const taken = await takeCount(reader, Number(latest));
  taken.forEach((each, index) => {
    assert.equal(each.value, String(index));
  });
  await bus.close();
});

test("a damaged log is refused by name", async (context) => {
  const torn = await closedLog(context);
  truncateSync(torn.path, Math.floor(statSync(torn.path).size / 2));
  assert.throws(() => embeddedBus(torn), refusal(/damaged/));

  const foreign = folderFor(context);
  writeFileSync(join(foreign, "log.sqlite"), "not a database, but long enough to look like one".repeat(100));
  assert.throws(() => embeddedBus({ folder: foreign }), refusal(/not an event log/));

  const zeroed = await closedLog(context);
  const file = openSync(zeroed.path, "r+");
  writeSync(file, Buffer.alloc(8192), 0, 8192, 4096);
  assert.throws(() => embeddedBus(zeroed), refusal(/damaged/));
});

test("a log of another format is refused with both numbers, and left as it is", async (context) => {
  const log = await closedLog(context);
  const setFormat = (format: number): void => {
    const database = new DatabaseSync(log.path);
    database.exec(`PRAGMA user_version = ${format}`);
    database.close();
  };
  setFormat(3);
  assert.throws(
    () => embeddedBus(log),
    isOfFormat(/log\.sqlite has format 3, .* format 2\. Run the version/),
  );
  setFormat(2);

  const [name = ""] = readdirSync(log.folder).filter((file) => file.endsWith(".segment"));
  const segment = join(log.folder, name);
  const written = readFileSync(segment);
  const later = Buffer.from(written);
  later.writeUInt32LE(2, 8);
  later.writeUInt32LE(crc32(later.subarray(0, 20)), 20);
  writeFileSync(segment, later);
  assert.throws(() => embeddedBus(log), isOfFormat(/segment has format 2, .* format 1\. Run the version/));
  assert.deepEqual(readFileSync(segment), later);
  writeFileSync(segment, written);
  const bus = embeddedBus(log);
  assert.equal((await bus.offsets("t"))[0]?.latest, 2_000n);
  await bus.close();
});

function isOfFormat(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof BusError && error.code === "bus_format" && message.test(error.message);
}

async function closedLog(context: TestContext): Promise<{ readonly folder: string; readonly path: string }> {
  const folder = folderFor(context);
  const bus = embeddedBus({ folder });
  await bus.ensureTopics([{ name: "t", partitions: 1, retentionMs: -1 }]);
  for (let batch = 0; batch < 20; batch++)
    await bus.send([{ topic: "t", partition: 0, records: records(100) }]);
  await bus.close();
  return { folder, path: join(folder, "log.sqlite") };
}

interface Child {
  readonly process: ChildProcess;
  /** The first line that it says. */
  readonly lines: Promise<readonly [string]>;
}

/** Opens the folder in another process, which appends numbered records and says each number once acknowledged. */
function startChild(folder: string): Child {
  const script = fileURLToPath(new URL("./append-forever.fixture.ts", import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  const first = async (): Promise<readonly [string]> => {
    const reading = createInterface({ input: child.stdout });
    const [line] = (await once(reading, "line")) as [string];
    reading.close();
    return [line];
  };
  return { process: child, lines: first() };
}
