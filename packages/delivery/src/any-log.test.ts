import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import {
  commands,
  everything,
  numbered,
  reports,
  sendAll,
  sequencesOf,
  testBus,
  testFolder,
  testLog,
  testMetrics,
  trades,
} from "./testing/fixtures.ts";
import { executed, SETTLER_KINDS, settled, settlers } from "./testing/settlers.ts";
import { shardRunner, sums, triangle, upTo } from "./testing/shards.ts";
import { virtualTime } from "./testing/virtual-time.ts";
import { ViewRunner } from "./view-runner.ts";

/** Numbers of one producer that follow each other, as a relay sends them. */
interface Sent {
  readonly producer: "matching" | "wallet";
  readonly from: number;
  readonly count: number;
  /** The reader ends before them, and another one begins. */
  readonly ends: boolean;
  /** How far the reader gets before the next ones come. */
  readonly turns: number;
}

const RUNS = 40;

/** Whatever relays that sleep, come back, and find a log without its end make of it: gaps, repetitions, any order. */
const logs = (producers: readonly Sent["producer"][]) =>
  fc.array(
    fc.record({
      producer: fc.constantFrom(...producers),
      from: fc.integer({ min: 1, max: 7 }),
      count: fc.integer({ min: 1, max: 4 }),
      ends: fc.boolean(),
      turns: fc.constantFrom(0, 3, 30),
    }),
    { minLength: 1, maxLength: 9 },
  );

const numbersOf = ({ from, count }: Sent): readonly number[] => upTo(from + count - 1, from);

/** What is applied of a producer, wherever in the log it lies, and whether a number is missing before another. */
function expected(log: readonly Sent[], producer: Sent["producer"]): { applied: number; isWhole: boolean } {
  const numbers = new Set(log.filter((sent) => sent.producer === producer).flatMap(numbersOf));
  let applied = 0;
  while (numbers.has(applied + 1)) applied++;
  return { applied, isWhole: applied === numbers.size };
}

/** A reader over what was sent so far. */
interface Reader {
  /** Of a producer, in the order in which they were applied. */
  readonly applied: (producer: Sent["producer"]) => Promise<readonly number[]>;
  readonly isStopped: () => boolean;
  readonly close: () => Promise<void>;
}

interface Readers {
  readonly send: (sent: Sent) => Promise<void>;
  readonly start: () => Reader;
  readonly until: ReturnType<typeof virtualTime>["until"];
  readonly end: () => Promise<void>;
}

type Ends = (() => Promise<void> | void)[];

const ended = (ends: Ends) => async (): Promise<void> => {
  for (const end of ends.reverse()) await end();
};

const recordsOf = (sent: Sent) => (sent.producer === "matching" ? executed : settled)(0, ...numbersOf(sent));

const KINDS: Readonly<Record<string, () => Promise<Readers>>> = {
  ...Object.fromEntries(
    SETTLER_KINDS.map((kind) => [
      kind,
      async (): Promise<Readers> => {
        const ends: Ends = [];
        const { bus, store, time, start } = await settlers(
          { after: (end) => void ends.push(end as () => void) },
          kind,
        );
        return {
          send: (sent) => sendAll(bus, trades, 0, recordsOf(sent)),
          start: () => {
            const runner = start(bus);
            return {
              applied: async (producer) =>
                store.effects
                  .filter((effect) => effect.startsWith(`0 ${producer}/`))
                  .map((effect) => Number(effect.split("/")[1])),
              isStopped: () => runner.status().state === "stopped",
              close: () => time.finish("it is closed", runner.close()),
            };
          },
          until: time.until,
          end: ended(ends),
        };
      },
    ]),
  ),
  view: async () => {
    const ends: Ends = [];
    const [bus, time] = [await testBus({ after: (end) => ends.push(end) }), virtualTime()];
    return {
      send: (sent) => sendAll(bus, trades, 0, recordsOf(sent)),
      start: () => {
        const seen: { readonly producer: string; readonly sequence: number }[] = [];
        const { metrics } = testMetrics();
        const view = new ViewRunner({ bus, timer: time.timer, log: testLog(), metrics }, null, {
          kind: "view",
          subscription: "book",
          topics: [trades],
          from: "earliest",
          apply: (_, batch) => seen.push(...batch),
        });
        view.start();
        return {
          applied: async (producer) =>
            seen.filter((each) => each.producer === producer).map(({ sequence }) => sequence),
          isStopped: () => view.status().state === "stopped",
          close: () => view.close(),
        };
      },
      until: time.until,
      end: ended(ends),
    };
  },
  shard: async () => {
    const ends: Ends = [];
    const after = { after: (end: () => Promise<void> | void) => ends.push(end) };
    const [bus, time, folder] = [await testBus(after), virtualTime(), testFolder(after)];
    return {
      send: (sent) =>
        sendAll(
          bus,
          commands,
          0,
          numbersOf(sent).map((sequence) => numbered(commands, 0, sequence)),
        ),
      start: () => {
        const runner = shardRunner({ bus, time, folder }, { snapshotEvery: 2 });
        runner.start();
        return {
          applied: async () => {
            const told = sequencesOf(await everything(bus, reports, 0));
            assert.deepEqual(await sums(bus, reports), told.map(triangle), "each sum is of all before it");
            return told;
          },
          isStopped: () => runner.unready().join().includes("the log has no gap"),
          close: () => time.finish("it is closed", runner.close()),
        };
      },
      until: time.until,
      end: ended(ends),
    };
  },
};

for (const [kind, open] of Object.entries(KINDS)) {
  const producers = kind === "shard" ? (["matching"] as const) : (["matching", "wallet"] as const);
  test(`R5: ${kind}: whatever is in the log, each number once and in order, or it stops`, async () => {
    await fc.assert(
      fc.asyncProperty(logs(producers), async (sent) => {
        // Where there is no number 1, a view begins with what comes first.
        const begun = producers.map(
          (producer): Sent => ({ producer, from: 1, count: 1, ends: false, turns: 0 }),
        );
        const log = [...sent, ...begun];
        const { send, start, until, end } = await open();
        try {
          let reader = start();
          for (const each of log) {
            if (each.ends) {
              await reader.close();
              reader = start();
            }
            await send(each);
            for (let turns = each.turns; turns > 0; turns--) await setImmediate();
          }
          // One that has stopped before the rest came does not look again.
          await reader.close();
          reader = start();
          const isWhole = producers.every((producer) => expected(log, producer).isWhole);
          const isDone = async (): Promise<boolean> => {
            for (const producer of producers)
              if ((await reader.applied(producer)).length < expected(log, producer).applied) return false;
            return true;
          };
          await until("it is done", isWhole ? isDone : reader.isStopped);
          for (const producer of producers) {
            const applied = await reader.applied(producer);
            assert.deepEqual(applied, upTo(applied.length), `${producer}'s, each once and in order`);
            assert.ok(applied.length <= expected(log, producer).applied);
          }
          assert.equal(reader.isStopped(), !isWhole);
          await reader.close();
        } finally {
          await end();
        }
      }),
      // One that waits in vain does so for a minute: it is not made smaller.
      { numRuns: RUNS, endOnFailure: true },
    );
  });
}
