import assert from "node:assert/strict";
import { test } from "node:test";
import { BusError } from "@bourse/bus";
import type { Mark } from "./mark.ts";
import { type SeekHint, seekHints } from "./seek-hint.ts";
import { commands, numbered, sendAll, testBus } from "./testing/fixtures.ts";

const mark = (sequence: number, nextOffset: bigint, more: Partial<Mark> = {}): Mark => ({
  topic: commands.name,
  partition: 0,
  producer: "order",
  epoch: 1,
  sequence,
  nextOffset,
  topicId: "id",
  ...more,
});
const HOLDS = (nextOffset: bigint): SeekHint => ({ nextOffset, isDistrusted: false });
const DISTRUSTED: SeekHint = { nextOffset: null, isDistrusted: true };

test("R5: a hint holds where the log has there what was applied last, or nothing that old", async (t) => {
  const bus = await testBus(t);
  const hintOf = async (...marks: Mark[]): Promise<SeekHint | undefined> => {
    const known = { marks, topicIds: new Map([[commands.name, "id"]]) };
    const hints = await seekHints(bus, [{ topic: commands.name, partition: 0 }], known, signal);
    return hints.get(`${commands.name}/0`);
  };
  const { signal } = new AbortController();
  const none: SeekHint = { nextOffset: null, isDistrusted: false };
  await sendAll(
    bus,
    commands,
    0,
    [1, 2, 3].map((sequence) => numbered(commands, 0, sequence)),
  );
  assert.deepEqual(await hintOf(), none);
  assert.deepEqual(await hintOf(mark(3, 3n, { topicId: "another" })), none);
  assert.deepEqual(await hintOf(mark(2, 2n)), HOLDS(2n));
  assert.deepEqual(await hintOf(mark(3, 3n)), HOLDS(3n), "at the end");
  assert.deepEqual(
    await hintOf(mark(1, 1n), mark(1, 3n, { producer: "?" })),
    HOLDS(3n),
    "by its offset alone",
  );
  assert.deepEqual(await hintOf(mark(2, 3n)), DISTRUSTED, "another number");
  assert.deepEqual(await hintOf(mark(3, 3n, { epoch: 2 })), DISTRUSTED, "another epoch");
  assert.deepEqual(await hintOf(mark(3, 3n, { producer: "risk" })), DISTRUSTED, "another producer");
  assert.deepEqual(await hintOf(mark(9, 9n)), DISTRUSTED, "behind the end");

  // Another partition's record is newer by more than the retention.
  const later = 1_700_000_000_000 + 2 * commands.retentionMs;
  await sendAll(bus, commands, 1, [numbered(commands, 1, 1, { timeMs: later })]);
  await bus.dropExpired((retentionMs) => later - retentionMs);
  assert.deepEqual(await hintOf(mark(3, 3n)), HOLDS(3n), "nothing is left");
});

test("R12: a hint holds where what was applied last can't be read any more, and the others are asked as ever", async (t) => {
  const bus = await testBus(t);
  for (const partition of [0, 1])
    await sendAll(bus, commands, partition, [
      numbered(commands, partition, 1),
      numbered(commands, partition, 2),
    ]);
  const read = bus.read.bind(bus);
  t.mock.method(bus, "read", async (options: Parameters<typeof read>[0]) => {
    const reader = await read(options);
    const error = new BusError("unreadable_batch", "checksum", { retryable: false });
    return options.partition === 0 ? { ...reader, poll: () => Promise.reject(error) } : reader;
  });
  const marks = [mark(2, 2n), mark(1, 2n, { partition: 1 })];
  const known = { marks, topicIds: new Map([[commands.name, "id"]]) };
  const partitions = [0, 1].map((partition) => ({ topic: commands.name, partition }));
  const hints = await seekHints(bus, partitions, known, new AbortController().signal);
  assert.deepEqual([...hints.values()], [HOLDS(2n), DISTRUSTED]);
});
