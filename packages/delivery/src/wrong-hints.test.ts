import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventBus } from "@bourse/bus";
import { MARKS_READ } from "./marks.ts";
import { busWith } from "./testing/bus-with.ts";
import { sendAll, trades } from "./testing/fixtures.ts";
import { movableMembers } from "./testing/movable-members.ts";
import { executed, SETTLER_KINDS, settled, settlers } from "./testing/settlers.ts";

/** The bus says that the topic is the one of the marks, as after a broker has lost its tail and was filled again. */
function withId(bus: EventBus, id: string): EventBus {
  const { name, partitions } = trades;
  return busWith(bus, { topics: async () => [{ name, id, partitions }] });
}

for (const kind of SETTLER_KINDS) {
  test(`R5: ${kind}: hints of several partitions that turn out wrong at once are all distrusted`, async (t) => {
    const { bus, store, time, start } = await settlers(t, kind);
    const untilApplied = (count: number): Promise<void> =>
      time.until("all are applied", () => store.effects.length === count);
    for (const partition of [0, 1])
      await sendAll(bus, trades, partition, [...executed(partition, 1, 1), ...settled(partition, 1)]);
    const first = start(bus);
    await untilApplied(4);
    await first.close();
    const [mark] = await store.query({ text: MARKS_READ, values: ["settle"] });
    await bus.deleteTopic(trades.name);
    await bus.ensureTopics([{ name: trades.name, partitions: trades.partitions, retentionMs: -1 }]);
    for (const partition of [0, 1])
      await sendAll(bus, trades, partition, [
        ...executed(partition, 1, 2),
        ...settled(partition, 1),
        ...executed(partition, 3),
      ]);
    const next = start(withId(bus, String(mark?.topic_id)));
    await untilApplied(8);
    assert.equal(new Set(store.effects).size, 8, "each once");
    await time.finish("it is closed", next.close());
  });
}

for (const kind of SETTLER_KINDS) {
  test(`R5: ${kind}: what a log that is filled again has elsewhere is found, as often as that happens`, async (t) => {
    const { bus, store, time, start } = await settlers(t, kind);
    const untilApplied = (count: number): Promise<void> =>
      time.until(`${count} are applied`, () => store.effects.length === count);
    const { on, moveBehind } = movableMembers(bus);
    await sendAll(bus, trades, 0, executed(0, 1));
    const runner = start(on);
    for (const last of [1, 3, 5]) {
      await untilApplied(last);
      await moveBehind(BigInt(last + 1), trades, executed(0, last + 1, last + 2));
    }
    await untilApplied(7);
    assert.equal(new Set(store.effects).size, 7, "each once");
    await time.finish("it is closed", runner.close());
  });

  test(`R5: ${kind}: what is nowhere in the log is looked for once`, async (t) => {
    const { bus, store, time, start } = await settlers(t, kind);
    await sendAll(bus, trades, 0, executed(0, 1, 2, 4));
    const runner = start(bus);
    await time.until("it has stopped", () => runner.status().state === "stopped");
    assert.match(runner.status().reason ?? "", /sequence_gap.* 1\/3 was due/);
    assert.equal(store.effects.length, 2);
    await time.finish("it is closed", runner.close());
  });
}

/** What a log has whose gap was written, and filled again behind it; what is applied of it; whether it stops. */
const FILLED_BEHIND = [
  { log: [1, 4, 2, 3, 4], applied: [1, 2, 3, 4], stops: false },
  { log: [1, 4, 2, 3], applied: [1, 2, 3, 4], stops: false },
  { log: [1, 4, 5, 3, 2], applied: [1, 2, 3, 4, 5], stops: false },
  { log: [4, 1, 2, 3], applied: [1, 2, 3, 4], stops: false },
  { log: [1, 4, 7, 2, 3, 4, 5, 6, 7, 8], applied: [1, 2, 3, 4, 5, 6, 7, 8], stops: false },
  { log: [1, 4, 2], applied: [1, 2], stops: true },
  { log: [1, 4, 3, 4, 5], applied: [1], stops: true },
] as const;

for (const kind of SETTLER_KINDS)
  for (const { log, applied, stops } of FILLED_BEHIND)
    test(`R5: ${kind}: of ${log} in the log it applies ${applied}${stops ? ", and stops" : ""}`, async (t) => {
      const { bus, store, time, start } = await settlers(t, kind);
      await sendAll(bus, trades, 0, [...executed(0, ...log.slice(0, 2)), ...settled(0, 1)]);
      await sendAll(bus, trades, 0, executed(0, ...log.slice(2)));
      const names = applied.map((sequence) => `0 matching/${sequence}`);
      const ours = (): readonly string[] => store.effects.filter((each) => each.startsWith("0 matching"));
      // A start in between finds what the one before it has not.
      for (let starts = 1; starts <= 2; starts++) {
        const runner = start(bus);
        if (stops) {
          await time.until("it has stopped", () => runner.status().state === "stopped");
          assert.match(runner.status().reason ?? "", /sequence_gap.* was due/);
        } else await time.until("all are applied", () => ours().length >= names.length);
        await time.settle();
        await time.finish("it is closed", runner.close());
        assert.deepEqual(ours(), names, "each once, in their order");
      }
      assert.equal(store.effects.filter((each) => each.includes("wallet")).length, stops ? 0 : 1);
    });
