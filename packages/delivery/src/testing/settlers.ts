import type { TestContext } from "node:test";
import type { EmbeddedBus, EventBus, OutgoingRecord } from "@bourse/bus";
import type { BulkBatch } from "../bulk/bulk-definitions.ts";
import { BulkRunner } from "../bulk/bulk-runner.ts";
import { createContracts } from "../contract-check.ts";
import type { EffectParts } from "../effect-parts.ts";
import { EffectRunner } from "../effect-runner.ts";
import type { Envelope } from "../envelope.ts";
import { numbered, retentionBy, testBus, testLog, testMetrics, trades } from "./fixtures.ts";
import { effect, type MemoryStore, memoryStore } from "./memory-store.ts";
import { type VirtualTime, virtualTime } from "./virtual-time.ts";

/** Consumers of the trades of both kinds, one record at a time and in bulk, and the records that they get. */

type Settler = BulkRunner<null> | EffectRunner<null>;

const common = { subscription: "settle", topics: [trades], policy: "skip" } as const;
const nameOf = (partition: number, producer: string, sequence: number) =>
  effect(`${partition} ${producer}/${sequence}`);

/** Each writes `partition producer/sequence` for a record. */
const SETTLERS = {
  effect: (parts: EffectParts): Settler =>
    new EffectRunner<null>(parts, null, {
      kind: "effect",
      ...common,
      handle: async (_, batch: readonly Envelope[]) => ({
        statements: batch.map(({ partition, producer, sequence }) => nameOf(partition, producer, sequence)),
        events: [],
        result: undefined,
      }),
    }),
  bulk: (parts: EffectParts): Settler =>
    new BulkRunner<null>(parts, null, {
      kind: "bulk",
      ...common,
      create: () => ({
        prepare: async ({ ranges }: BulkBatch) => ({
          statements: ranges.flatMap(({ chunk, from, to, producer, firstSequence }) =>
            Array.from({ length: to - from }, (_, nth) =>
              nameOf(chunk.partition, producer, firstSequence + nth),
            ),
          ),
          events: [],
          parked: [],
        }),
        reset: () => undefined,
      }),
    }),
} as const;

export type SettlerKind = keyof typeof SETTLERS;
export const SETTLER_KINDS = Object.keys(SETTLERS) as readonly SettlerKind[];

export interface GivenSettlers {
  readonly bus: EmbeddedBus;
  readonly store: MemoryStore;
  readonly time: VirtualTime;
  readonly start: (on: EventBus) => Settler;
}

/** Settlers of a kind, each of which goes on with what the one before it has left in the store. */
export async function settlers(t: Pick<TestContext, "after">, kind: SettlerKind): Promise<GivenSettlers> {
  const [bus, store, time] = [await testBus(t), memoryStore(), virtualTime()];
  const commit = {
    store,
    clock: time.clock,
    contracts: createContracts("wallet", [trades], true),
    sink: { hand: () => undefined, lookAgain: () => undefined },
    counted: () => undefined,
    retention: retentionBy(time.clock),
  };
  const start = (on: EventBus): Settler => {
    const { metrics } = testMetrics();
    const parts = {
      serviceName: "wallet",
      store,
      bus: on,
      ...time,
      log: testLog(),
      metrics,
      commit,
    } as const;
    const runner = SETTLERS[kind](parts);
    runner.start();
    return runner;
  };
  return { bus, store, time, start };
}

export const executed = (partition: number, ...sequences: readonly number[]): readonly OutgoingRecord[] =>
  sequences.map((sequence) => numbered(trades, partition, sequence, { eventType: "Executed" }));
export const settled = (partition: number, ...sequences: readonly number[]): readonly OutgoingRecord[] =>
  sequences.map((sequence) => numbered(trades, partition, sequence, { eventType: "Settled" }));
