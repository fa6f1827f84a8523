import { join } from "node:path";
import { InvariantError } from "@bourse/base";
import type { EmbeddedBus, EventBus } from "@bourse/bus";
import { rfc3339, type Topic } from "@bourse/contracts";
import { createContracts } from "../contract-check.ts";
import type { ShardConsumption, ShardProgram } from "../definitions.ts";
import type { DeliveryMetrics } from "../metrics.ts";
import { ShardRunner } from "../shard-runner.ts";
import { createSnapshotStore, type SnapshotHead } from "../snapshot-store.ts";
import { type FaultyBus, faultyBus } from "./faulty-bus.ts";
import {
  commands,
  everything,
  numbered,
  reports,
  sendAll,
  sequencesOf,
  type TestEnd,
  testBus,
  testFolder,
  testLog,
  testMetrics,
  trades,
} from "./fixtures.ts";
import { type VirtualTime, virtualTime } from "./virtual-time.ts";

/** A shard that sums its commands, its instances, and what a test asks of the log and of the snapshots. */

export interface Given {
  readonly bus: EmbeddedBus;
  readonly time: VirtualTime;
  readonly folder: string;
}

export async function given(t: TestEnd): Promise<Given> {
  return { bus: await testBus(t), time: virtualTime(), folder: testFolder(t) };
}

/** Sums its commands: one report for each, and a trade for every even one. `salt` makes it another program. */
export function summing(salt = 0, breaksAt = Number.NaN): ShardProgram {
  let sum = salt;
  return {
    restore: (snapshot) => {
      if (snapshot !== null) sum = Number(new TextDecoder().decode(snapshot));
    },
    apply: (command, output) => {
      const { n } = command.event as { n: number };
      sum += n;
      const timestamp = rfc3339(command.timeMs);
      output(reports, `k${command.partition}`, { eventType: "Reported", timestamp, n: sum });
      if (n === breaksAt) throw new InvariantError("the sum is never this");
      if (n % 2 === 0) output(trades, `k${command.partition}`, { eventType: "Executed", timestamp, n: sum });
    },
    snapshot: () => new TextEncoder().encode(String(sum)),
    stateHash: () => `sum ${sum}`,
  };
}

/** Notes the sequences of the commands that reach the program. */
export function noting(program: ShardProgram, applied: number[]): ShardProgram {
  return {
    ...program,
    apply: (command, output) => {
      applied.push(command.sequence);
      program.apply(command, output);
    },
  };
}

export interface Shard {
  readonly runner: ShardRunner<null>;
  readonly owned: Map<number, ShardProgram>;
  readonly faults: FaultyBus;
  readonly log: ReturnType<typeof testLog>;
}

interface RunnerParts {
  readonly bus: EventBus;
  readonly time: VirtualTime;
  readonly folder: string;
  readonly log?: ReturnType<typeof testLog>;
  readonly metrics?: DeliveryMetrics;
  /** The instance's. */
  readonly id?: string;
}

/** An instance of the service that has the shard. */
export function shardRunner(
  { bus, time, folder, log = testLog(), metrics = testMetrics().metrics, id = "one" }: RunnerParts,
  consumption: Partial<ShardConsumption<null>>,
): ShardRunner<null> {
  const parts = {
    serviceName: "matching",
    bus,
    ...time,
    log,
    metrics,
    contracts: createContracts("matching", [reports, trades], true),
    sharedFolder: folder,
    openSnapshots: (at: string) => createSnapshotStore(at, id, log),
  };
  return new ShardRunner<null>(parts, null, {
    kind: "shard",
    subscription: "engine",
    input: commands,
    outputs: [reports, trades],
    snapshotEvery: 1_000_000,
    create: () => summing(),
    ...consumption,
  });
}

export function shard(
  { bus, time, folder }: Given,
  {
    on = bus,
    id = "one",
    ...consumption
  }: Partial<ShardConsumption<null>> & { readonly on?: EventBus; readonly id?: string } = {},
): Shard {
  const owned = new Map<number, ShardProgram>();
  const faults = faultyBus(on);
  const log = testLog();
  const runner = shardRunner(
    { bus: faults.bus, time, folder, log, id },
    {
      owned: (_, partition, program) => void owned.set(partition, program),
      lost: (_, partition) => void owned.delete(partition),
      ...consumption,
    },
  );
  return { runner, owned, faults, log };
}

export const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, nth) => first + nth);

export async function place(bus: EventBus, sequences: readonly number[], partition = 0): Promise<void> {
  await sendAll(
    bus,
    commands,
    partition,
    sequences.map((sequence) => numbered(commands, partition, sequence)),
  );
}

export async function untilReported(
  { bus, time }: Given,
  last: number,
  partition = 0,
): Promise<readonly number[]> {
  let found: readonly number[] = [];
  await time.until(`report ${last} is there`, async () => {
    found = sequencesOf(await everything(bus, reports, partition), "matching");
    return found.includes(last);
  });
  return found;
}

export async function sums(bus: EventBus, topic: Topic, partition = 0): Promise<readonly number[]> {
  return (await everything(bus, topic, partition))
    .filter(({ headers }) => headers.producer === "matching")
    .map(({ value }) => JSON.parse(value).n);
}

export const triangle = (n: number): number => (n * (n + 1)) / 2;

export async function snapshotHeads(
  { folder }: Pick<Given, "folder">,
  partition = 0,
): Promise<readonly SnapshotHead[]> {
  const heads: SnapshotHead[] = [];
  const path = join(folder, "engine", `${commands.name}-${partition}`);
  await createSnapshotStore(path, "test", testLog()).newest((head) => {
    heads.push(head);
    return false;
  });
  return heads;
}

export async function untilSnapshot(all: Given, sequence: number): Promise<void> {
  await all.time.until(
    `snapshot ${sequence} is there`,
    async () => (await snapshotHeads(all))[0]?.sequence === sequence,
  );
}

export const closed = (all: Given, { runner }: Shard): Promise<void> =>
  all.time.finish("it is closed", runner.close());
