import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@bourse/base";
import {
  type BusRecord,
  type EmbeddedBus,
  type EventBus,
  embeddedBus,
  type OutgoingRecord,
} from "@bourse/bus";
import { defineEvent, defineTopic, rfc3339, type ServiceName, type Topic } from "@bourse/contracts";
import { Registry } from "prom-client";
import { Type } from "typebox";
import { createContracts } from "../contract-check.ts";
import type { OutgoingEvent } from "../envelope.ts";
import type { Log } from "../log.ts";
import { createMetrics, type DeliveryMetrics } from "../metrics.ts";
import { HEADER, recordHeaders } from "../record-headers.ts";
import type { Retention } from "../retention.ts";

/** Contracts of delivery's own tests: a command log, and a topic with two writers. */
export const OrderPlaced = defineEvent({
  eventType: "OrderPlaced",
  writer: "order",
  version: 3,
  description: "for tests",
  schema: Type.Object({
    eventType: Type.Literal("OrderPlaced"),
    timestamp: Type.String(),
    n: Type.Integer(),
    note: Type.Optional(Type.String()),
  }),
});

export const commands = defineTopic({
  name: "test-commands",
  description: "for tests",
  class: "exact",
  partitions: 2,
  retentionMs: 86_400_000,
  key: "symbol",
  events: [OrderPlaced],
});

const matched = <Name extends string>(eventType: Name, writer: ServiceName) =>
  defineEvent({
    eventType,
    writer,
    version: 1,
    description: "for tests",
    schema: Type.Object({ eventType: Type.Literal(eventType), timestamp: Type.String(), n: Type.Integer() }),
  });

export const Executed = matched("Executed", "matching");
export const Settled = matched("Settled", "wallet");

export const trades = defineTopic({
  name: "test-trades",
  description: "for tests: two writers",
  class: "exact",
  partitions: 2,
  retentionMs: 86_400_000,
  key: "symbol",
  events: [Executed, Settled],
});

export const Reported = matched("Reported", "matching");

export const reports = defineTopic({
  name: "test-reports",
  description: "for tests",
  class: "exact",
  partitions: 2,
  retentionMs: 86_400_000,
  key: "symbol",
  events: [Reported],
});

export const prices = defineTopic({
  name: "test-prices",
  description: "for tests: conflated",
  class: "latest",
  partitions: 2,
  retentionMs: 86_400_000,
  key: "symbol",
  events: [OrderPlaced],
});

export const TOPICS: readonly Topic[] = [commands, trades, reports, prices];

export interface TestEnd {
  after(fn: () => Promise<void> | void): void;
}

/** The real embedded bus in a folder of its own, with the topics above. */
export async function testBus(t: TestEnd): Promise<EmbeddedBus> {
  const folder = testFolder(t);
  const bus = embeddedBus({ folder });
  t.after(() => bus.close());
  await bus.ensureTopics(
    TOPICS.map(({ name, partitions, retentionMs }) => ({ name, partitions, retentionMs })),
  );
  return bus;
}

export function testFolder(t: TestEnd): string {
  const folder = mkdtempSync(join(tmpdir(), "delivery-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Keeps what was logged, for tests that look for an alarm. */
export function testLog(): Log & { readonly errors: string[] } {
  const errors: string[] = [];
  return {
    errors,
    info: () => undefined,
    warn: () => undefined,
    error: (fields, message) => {
      errors.push(`${message}: ${JSON.stringify((fields as { reason?: unknown }).reason)}`);
    },
  };
}

export function testMetrics(): { readonly metrics: DeliveryMetrics; readonly registry: Registry } {
  const registry = new Registry();
  return { metrics: createMetrics(registry), registry };
}

export async function metricValue(registry: Registry, name: string): Promise<number> {
  const metric = await registry.getSingleMetric(`bourse_delivery_${name}`)?.get();
  return (metric?.values ?? []).reduce((sum, { value }) => sum + value, 0);
}

/** As if all that the clock says had been lived through. */
export function retentionBy(clock: Clock): Retention {
  return { cutoffMs: (retentionMs) => Math.max(0, clock.nowMs() - retentionMs) };
}

export function orderContracts() {
  return createContracts("order", [commands, prices], true);
}

export function placed(n: number, partition = 0): OutgoingEvent<typeof commands> {
  return { topic: commands, key: `k${partition}`, partition, event: { eventType: "OrderPlaced", n } };
}

/** A record as a relay or an engine would have written it. */
export function numbered(
  topic: Topic,
  partition: number,
  sequence: number,
  options: {
    readonly n?: number;
    readonly eventType?: string;
    readonly epoch?: number;
    readonly timeMs?: number;
  } = {},
): OutgoingRecord {
  const eventType = options.eventType ?? topic.events[0]?.eventType ?? "";
  const producer = topic.events.find((contract) => contract.eventType === eventType)?.writer ?? "order";
  const timeMs = options.timeMs ?? 1_700_000_000_000 + sequence;
  const origin = { producer, topic: topic.name, partition, epoch: options.epoch ?? 1 };
  return {
    key: `k${partition}`,
    value: JSON.stringify({ eventType, timestamp: rfc3339(timeMs), n: options.n ?? sequence }),
    headers: recordHeaders(origin, sequence, 1, undefined),
    timestampMs: timeMs,
  };
}

export async function sendAll(
  bus: EventBus,
  topic: Topic,
  partition: number,
  records: readonly OutgoingRecord[],
): Promise<void> {
  await bus.send([{ topic: topic.name, partition, records }]);
}

/** Everything in a partition, for what a test expects of the log. */
export async function everything(
  bus: EventBus,
  topic: Topic,
  partition: number,
): Promise<readonly BusRecord[]> {
  return bus.tail(topic.name, partition, 1_000_000);
}

export function sequencesOf(records: readonly BusRecord[], producer?: string): readonly number[] {
  return records
    .filter((record) => producer === undefined || record.headers[HEADER.producer] === producer)
    .map((record) => Number(record.headers[HEADER.sequence]));
}
