import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { BusError } from "./bus-error.ts";
import { describeDelivery } from "./conformance-delivery.ts";
import { describeGroups } from "./conformance-groups.ts";
import { describeRawBytes, describeRecords } from "./conformance-records.ts";
import { type BusHarness, busTest, record, type Suite } from "./conformance-suite.ts";
import type { EventBus, PartitionReader } from "./port.ts";

/** A broker that the suite may stop: no other test uses it. */
export interface OutageHarness extends BusHarness {
  stopBroker(): Promise<void>;
  startBroker(): Promise<void>;
}

export interface ConformanceOptions {
  /** Where there is a broker apart from the process. */
  readonly makeOutageHarness?: () => Promise<OutageHarness>;
  /** Others may write to the storage too, so that records may hold what is no UTF-8; the harness has `sendRaw`. */
  readonly rawBytes?: boolean;
  /** The reason why the suite can't run here. */
  readonly skip?: string;
}

/** The suite that every adapter of {@link EventBus} passes. */
export function busConformance(
  name: string,
  makeHarness: () => Promise<BusHarness>,
  { makeOutageHarness, rawBytes = false, skip }: ConformanceOptions = {},
): void {
  describe(`the event bus: ${name}`, { skip: skip ?? false }, () => {
    const suite = suiteOf(makeHarness);
    describeRecords(suite);
    describeDelivery(suite);
    describeGroups(suite);
    if (rawBytes) describeRawBytes(suite);
    if (makeOutageHarness !== undefined) describeOutage(makeOutageHarness);
  });
}

let counter = 0;
/** Tells this run's topics and groups from those of other runs on a shared broker. */
const run = `${process.pid.toString(36)}-${process.hrtime.bigint().toString(36)}`;

function suiteOf(makeHarness: () => Promise<BusHarness>): Suite {
  let current: BusHarness | undefined;
  before(async () => {
    current = await makeHarness();
  });
  after(async () => {
    await current?.close();
  });
  const harness = (): BusHarness => {
    assert.ok(current !== undefined, "the harness is there while tests run");
    return current;
  };
  return { harness, ...namesOf(() => harness().bus) };
}

function namesOf(bus: () => EventBus): Pick<Suite, "topic" | "group"> {
  return {
    topic: async (partitions, retentionMs = -1) => {
      const name = `test-${run}-${++counter}`;
      await bus().ensureTopics([{ name, partitions, retentionMs }]);
      return name;
    },
    group: () => `test-${run}-${++counter}`,
  };
}

function describeOutage(makeOutageHarness: () => Promise<OutageHarness>): void {
  busTest(
    "a broker goes away and comes back: senders send again, consumers wait, nothing is lost",
    async () => {
      const harness = await makeOutageHarness();
      try {
        const names = namesOf(() => harness.bus);
        const topic = await names.topic(1);
        const consumer = await harness.bus.consume({
          group: names.group(),
          topics: [topic],
          onAssigned: async () => new Map(),
        });
        const reader = await harness.bus.read({ topic, partition: 0, from: "earliest" });
        const count = 60;
        const consumed = untilValue(consumer, String(count - 1));
        const read = untilValue(reader, String(count - 1));
        for (let index = 0; index < count; index++) {
          if (index === 20) await harness.stopBroker();
          // The broker comes back while the sender is trying.
          const back = index === 20 ? harness.startBroker() : undefined;
          await sendUntilAcknowledged(harness.bus, topic, String(index));
          await back;
        }
        const expected = Array.from({ length: count }, (_, index) => String(index));
        assert.deepEqual(withoutRepeats(await consumed), expected);
        assert.deepEqual(withoutRepeats(await read), expected);
        await consumer.close();
      } finally {
        await harness.close();
      }
    },
  );
}

async function sendUntilAcknowledged(bus: EventBus, topic: string, value: string): Promise<void> {
  for (;;) {
    try {
      await bus.send([{ topic, partition: 0, records: [record(value)] }]);
      return;
    } catch (error) {
      assert.ok(error instanceof BusError && error.retryable, String(error));
    }
  }
}

/** Drops repetitions of what came already: at least once is allowed, another order is not. */
function withoutRepeats(values: readonly string[]): readonly string[] {
  let highest = -1;
  return values.filter((value) => {
    if (Number(value) <= highest) return false;
    highest = Number(value);
    return true;
  });
}

async function untilValue(from: Pick<PartitionReader, "take">, last: string): Promise<readonly string[]> {
  const values: string[] = [];
  while (values.at(-1) !== last) for (const { value } of await from.take(100)) values.push(value);
  return values;
}
