import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { BusError, type BusErrorCode } from "./bus-error.ts";
import type { BusRecord, EventBus, OutgoingRecord, PartitionReader } from "./port.ts";
import type { TopicPartition } from "./topic-partition.ts";

/** What the suite needs of an adapter. */
export interface BusHarness {
  /** The bus under test. */
  readonly bus: EventBus;
  /** Another client of the same storage; where one process owns the storage, the same bus. */
  another(): Promise<EventBus>;
  /** Opens the storage anew, as after a crash: what the bus had in memory is gone. `bus` is the new one. */
  reopen(): Promise<EventBus>;
  deleteTopic(topic: string): Promise<void>;
  /** Appends bytes that need not be UTF-8, or a record without a value, as a foreign client can, where the storage takes such. */
  readonly sendRaw?: (at: TopicPartition, value: Uint8Array | null) => Promise<void>;
  close(): Promise<void>;
}

export interface Suite {
  readonly harness: () => BusHarness;
  /** Makes a topic with a name of its own and answers the name. */
  topic(partitions: number, retentionMs?: number): Promise<string>;
  group(): string;
}

/** A record that never comes is a failure by name, not a run that hangs. It leaves two starts of a broker their own limits. */
const TEST_LIMIT_MS = 300_000;

export function busTest(name: string, body: (context: TestContext) => Promise<void> | void): void {
  test(name, { timeout: TEST_LIMIT_MS }, body);
}

export function record(
  value: string,
  key: string | null = "key",
  timestampMs = 1_700_000_000_000,
): OutgoingRecord {
  return { key, value, headers: {}, timestampMs };
}

/** Numbered records: "0", "1", ... */
export function records(count: number, first = 0): readonly OutgoingRecord[] {
  return Array.from({ length: count }, (_, index) => record(String(first + index)));
}

/** Takes until so many have come. */
export async function takeCount(from: Pick<PartitionReader, "take">, count: number): Promise<BusRecord[]> {
  const taken: BusRecord[] = [];
  while (taken.length < count) {
    const some = await from.take(count - taken.length);
    assert.ok(some.length > 0, "the consumer is open");
    taken.push(...some);
  }
  return taken;
}

export function values(taken: readonly { readonly value: string }[]): readonly string[] {
  return taken.map((each) => each.value);
}

/** Waits until a condition holds that no event tells of. The test's time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

export async function rejectsWith(code: BusErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof BusError && error.code === code);
}
