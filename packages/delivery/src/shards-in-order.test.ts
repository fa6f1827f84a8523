import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { seededRandom } from "@bourse/base";
import type { BusRecord, EmbeddedBus } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import type { ShardRunner } from "./shard-runner.ts";
import { type FaultyBus, faultyBus } from "./testing/faulty-bus.ts";
import {
  commands,
  everything,
  numbered,
  reports,
  sendAll,
  testBus,
  testFolder,
  trades,
} from "./testing/fixtures.ts";
import { shardRunner, triangle } from "./testing/shards.ts";
import { type VirtualTime, virtualTime } from "./testing/virtual-time.ts";

const SEEDS = 40;
const STEPS = 40;
const PARTITIONS = 2;

interface Member {
  readonly runner: ShardRunner<null>;
  readonly faults: FaultyBus;
}

interface Group {
  readonly bus: EmbeddedBus;
  readonly time: VirtualTime;
  readonly join: () => Member;
}

async function group(t: TestContext, snapshotEvery: number): Promise<Group> {
  const [bus, time, folder] = [await testBus(t), virtualTime(), testFolder(t)];
  let members = 0;
  const join = (): Member => {
    const id = `member-${members++}`;
    const faults = faultyBus(bus);
    const runner = shardRunner({ bus: faults.bus, time, folder, id }, { snapshotEvery });
    runner.start();
    return { runner, faults };
  };
  return { bus, time, join };
}

/** How many commands were sent to each partition. */
async function troubled({ bus, time, join }: Group, seed: number): Promise<readonly number[]> {
  const random = seededRandom(seed);
  const members = [join()];
  const held: (() => void)[] = [];
  const sent = Array.from({ length: PARTITIONS }, () => 0);
  const one = (): Member | undefined => members[random.below(members.length)];
  for (let step = 0; step < STEPS; step++) {
    const partition = random.below(PARTITIONS);
    const before = sent[partition] ?? 0;
    const count = 1 + random.below(10);
    sent[partition] = before + count;
    const records = Array.from({ length: count }, (_, nth) =>
      numbered(commands, partition, before + nth + 1),
    );
    await sendAll(bus, commands, partition, records);
    const chance = random.next();
    if (chance < 0.3) one()?.faults.failNext(random.below(2) === 0 ? "lost" : "unknown");
    // A pause of the process: what it was about to send arrives when others have its partitions.
    if (chance > 0.3 && chance < 0.4) held.push(one()?.faults.hold() ?? assert.fail());
    if (chance > 0.4 && chance < 0.5) held.shift()?.();
    if (chance > 0.5 && chance < 0.7) members.push(join());
    if (chance > 0.6 && chance < 0.8 && members.length > 1) {
      const [leaving] = members.splice(random.below(members.length), 1);
      if (random.below(2) === 0) leaving?.faults.cut();
      await time.finish("one has left", leaving?.runner.close() ?? Promise.resolve());
    }
    for (let turns = random.below(40); turns > 0; turns--) await setImmediate();
  }
  for (const release of held) release();
  for (const [partition, count] of sent.entries())
    await time.until(`partition ${partition} is done`, async () => {
      const records = await everything(bus, reports, partition);
      return records.some(
        ({ headers }) => headers.producer === "matching" && Number(headers.sequence) === count,
      );
    });
  for (const { runner } of members) await time.finish("it is closed", runner.close());
  return sent;
}

/** As whoever counts by the numbers has it (R5): a gap throws, and a number that comes again must say the same. */
function heard(records: readonly BusRecord[], at: string): readonly number[] {
  const values: string[] = [];
  for (const { headers, value } of records) {
    if (headers.producer !== "matching") continue;
    const sequence = Number(headers.sequence);
    assert.ok(sequence <= values.length + 1, `${at}: ${sequence} after ${values.length}`);
    if (sequence === values.length + 1) values.push(value);
    else assert.equal(value, values[sequence - 1], `${at}: ${sequence} once more`);
  }
  return values.map((value) => JSON.parse(value).n);
}

test("whoever joins, pauses, crashes or leaves: each command's outputs once by their numbers, in order (R8)", async (t) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const all = await group(t, seed % 2 === 0 ? 5 : 1_000_000);
    const sent = await troubled(all, seed);
    const of = async (topic: Topic, partition: number): Promise<readonly number[]> =>
      heard(await everything(all.bus, topic, partition), `seed ${seed}, ${topic.name}/${partition}`);
    for (const [partition, count] of sent.entries()) {
      const sums = Array.from({ length: count }, (_, nth) => triangle(nth + 1));
      assert.deepEqual(await of(reports, partition), sums, `seed ${seed}, partition ${partition}`);
      const even = sums.filter((_, nth) => nth % 2 === 1);
      assert.deepEqual(await of(trades, partition), even, `seed ${seed}, partition ${partition}`);
    }
  }
});
