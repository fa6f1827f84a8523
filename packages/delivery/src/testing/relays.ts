import type { EventBus } from "@bourse/bus";
import type { ServiceName, Topic } from "@bourse/contracts";
import type { Registry } from "prom-client";
import { type CommitParts, createDeliveryDoor } from "../commit.ts";
import { createContracts } from "../contract-check.ts";
import type { Delivery } from "../definitions.ts";
import type { OutgoingEvent } from "../envelope.ts";
import type { Run } from "../outbox.ts";
import { Relay, type RelayBounds } from "../relay.ts";
import { type FaultyBus, faultyBus } from "./faulty-bus.ts";
import {
  commands,
  everything,
  retentionBy,
  sequencesOf,
  type TestEnd,
  testBus,
  testLog,
  testMetrics,
} from "./fixtures.ts";
import { type MemoryStore, memoryStore } from "./memory-store.ts";
import { type VirtualTime, virtualTime } from "./virtual-time.ts";

/** A relay, and the door by which events come to it. */
export interface Instance {
  readonly registry: Registry;
  readonly relay: Relay;
  readonly delivery: Delivery;
  readonly faults: FaultyBus;
  /** Runs in the order they were handed over, once a test holds them back. */
  readonly held: Run[][];
  holding: boolean;
}

/** What the instances of a service share. */
export interface Given {
  readonly store: MemoryStore;
  readonly bus: EventBus;
  readonly time: VirtualTime;
}

export async function given(t: TestEnd): Promise<Given> {
  return { store: memoryStore(), bus: await testBus(t), time: virtualTime() };
}

export function instance(
  { store, bus, time }: Given,
  options: {
    readonly producer?: ServiceName;
    readonly publishes?: readonly Topic[];
    readonly bounds?: Partial<RelayBounds>;
  } = {},
): Instance {
  const { producer = "order", publishes = [commands], bounds = {} } = options;
  const faults = faultyBus(bus);
  const { metrics, registry } = testMetrics();
  const parts = {
    producer,
    publishes,
    store,
    bus: faults.bus,
    ...time,
    log: testLog(),
    metrics,
    bounds,
  };
  const relay = new Relay(parts);
  const self: Instance = {
    relay,
    registry,
    faults,
    held: [],
    holding: false,
    delivery: createDeliveryDoor({
      store,
      clock: time.clock,
      contracts: createContracts(producer, publishes, true),
      sink: {
        hand: (runs) => (self.holding ? void self.held.push([...runs]) : relay.hand(runs)),
        lookAgain: () => relay.lookAgain(),
      },
      counted: () => undefined,
      retention: retentionBy(time.clock),
    } satisfies CommitParts),
  };
  return self;
}

export async function commit(delivery: Delivery, ...events: OutgoingEvent[]): Promise<void> {
  await delivery.commit("test", async () => ({ statements: [], events, result: undefined }));
}

export async function untilSent(
  { bus, time }: Given,
  last: number,
  partition = 0,
): Promise<readonly number[]> {
  let found: readonly number[] = [];
  await time.until(`number ${last} is in the topic`, async () => {
    found = sequencesOf(await everything(bus, commands, partition), "order");
    return found.includes(last);
  });
  return found;
}
