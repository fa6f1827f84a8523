import { assert, type Clock, present } from "@bourse/base";
import { type EventBus, type OutgoingRecord, partitionOf } from "@bourse/bus";
import { rfc3339, type Topic } from "@bourse/contracts";

/** An event of another service. `partition` for what concerns a whole partition; else it follows from the key. */
export interface TestEvent {
  readonly key: string | null;
  readonly partition?: number;
  /** With `eventType`; `timestamp` is added where it is missing. */
  readonly event: { readonly eventType: string; readonly [field: string]: unknown };
}

/** Publishes as the owners of the events would: numbered for each producer, topic and partition (R3). */
export function testProducer(
  bus: EventBus,
  clock: Clock,
): (topic: Topic, events: readonly TestEvent[]) => Promise<void> {
  const last = new Map<string, number>();
  return async (topic, events) => {
    const batches = new Map<number, OutgoingRecord[]>();
    for (const { key, event, ...given } of events) {
      const contract = present(
        topic.events.find(({ eventType }) => eventType === event.eventType),
        `${event.eventType} of ${topic.name}`,
      );
      assert(key !== null || given.partition !== undefined, "an event without a key names its partition");
      const partition = given.partition ?? partitionOf(key ?? "", topic.partitions);
      const counter = `${contract.writer} ${topic.name}/${partition}`;
      const sequence = (last.get(counter) ?? 0) + 1;
      last.set(counter, sequence);
      const { eventType, timestamp = rfc3339(clock.nowMs()), ...fields } = event;
      const batch = batches.get(partition) ?? [];
      batches.set(partition, batch);
      batch.push({
        key,
        value: JSON.stringify({ eventType, timestamp, ...fields }),
        headers: {
          id: `${topic.name}/${partition}/1/${sequence}`,
          producer: contract.writer,
          epoch: "1",
          sequence: String(sequence),
          "event-version": String(contract.version),
        },
        timestampMs: clock.nowMs(),
      });
    }
    await bus.send([...batches].map(([partition, records]) => ({ topic: topic.name, partition, records })));
  };
}
