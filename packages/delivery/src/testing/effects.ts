import type { TestContext } from "node:test";
import type { EmbeddedBus, EventBus } from "@bourse/bus";
import { deadLetterTopic, type Topic } from "@bourse/contracts";
import type { Registry } from "prom-client";
import { createContracts } from "../contract-check.ts";
import type { EffectConsumption } from "../definitions.ts";
import { EffectRunner } from "../effect-runner.ts";
import type { Envelope } from "../envelope.ts";
import type { Log } from "../log.ts";
import type { DeliveryMetrics } from "../metrics.ts";
import type { Run } from "../outbox.ts";
import {
  commands,
  numbered,
  retentionBy,
  sendAll,
  testBus,
  testLog,
  testMetrics,
  trades,
} from "./fixtures.ts";
import { effect, type MemoryStore, memoryStore } from "./memory-store.ts";
import { type VirtualTime, virtualTime } from "./virtual-time.ts";

/** A consumer of effects over a store in memory, and what a test asks of its marks. */

export interface Given {
  readonly bus: EmbeddedBus;
  readonly store: MemoryStore;
  readonly time: VirtualTime;
}

export async function given(t: TestContext): Promise<Given> {
  return { bus: await testBus(t), store: memoryStore(), time: virtualTime() };
}

export interface Consumer {
  readonly runner: EffectRunner<null>;
  /** What memory was told after commits. */
  readonly remembered: string[];
  readonly log: ReturnType<typeof testLog>;
  readonly registry: Registry;
  readonly handed: Run[];
}

export const nameOf = (envelope: Envelope): string =>
  `${envelope.topic}/${envelope.partition} ${(envelope.event as { eventType: string }).eventType} ${envelope.sequence}`;

interface RunnerParts extends Omit<Given, "bus"> {
  readonly bus: EventBus;
  readonly metrics: DeliveryMetrics;
  readonly log?: Log;
  /** What the relay is handed. */
  readonly handed?: Run[];
}

/** Of the service `wallet`, which settles commands. */
export function effectRunner(
  { bus, store, time, metrics, log = testLog(), handed = [] }: RunnerParts,
  consumption: Partial<EffectConsumption<null>> & Pick<EffectConsumption<null>, "handle">,
): EffectRunner<null> {
  const commit = {
    store,
    clock: time.clock,
    contracts: createContracts("wallet", [trades, deadLetterTopic(commands)], true),
    sink: { hand: (runs: readonly Run[]) => void handed.push(...runs), lookAgain: () => undefined },
    counted: () => undefined,
    retention: retentionBy(time.clock),
  };
  return new EffectRunner<null>({ serviceName: "wallet", store, bus, ...time, log, metrics, commit }, null, {
    kind: "effect",
    subscription: "settle",
    topics: [commands],
    policy: "stop",
    ...consumption,
  });
}

/** Writes one effect for each event. */
export function consumer(
  { bus, store, time }: Given,
  { on = bus, ...options }: Partial<EffectConsumption<null>> & { readonly on?: EventBus } = {},
): Consumer {
  const log = testLog();
  const { metrics, registry } = testMetrics();
  const handed: Run[] = [];
  const remembered: string[] = [];
  const runner = effectRunner(
    { bus: on, store, time, metrics, log, handed },
    {
      handle: async (_, batch) => ({
        statements: batch.map((envelope) => effect(nameOf(envelope))),
        events: [],
        result: undefined,
      }),
      committed: (_, batch) => void remembered.push(...batch.map(nameOf)),
      ...options,
    },
  );
  return { runner, remembered, log, registry, handed };
}

export const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, nth) => first + nth);

export async function place(
  bus: EventBus,
  sequences: readonly number[],
  partition = 0,
  topic: Topic = commands,
): Promise<void> {
  await sendAll(
    bus,
    topic,
    partition,
    sequences.map((sequence) => numbered(topic, partition, sequence)),
  );
}

export const names = (sequences: readonly number[], partition = 0): readonly string[] =>
  sequences.map((sequence) => `test-commands/${partition} OrderPlaced ${sequence}`);

export async function untilMark({ store, time }: Given, sequence: number, partition = 0): Promise<void> {
  await time.until(
    `the mark is ${sequence}`,
    () => store.mark("settle", commands.name, partition, "order") === sequence,
  );
  await time.settle();
}
