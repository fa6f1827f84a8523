import type { EventBus } from "@bourse/bus";
import { EpochStarted, type Topic } from "@bourse/contracts";
import { RecentValues } from "./recent-values.ts";
import { HEADER } from "./record-headers.ts";
import { replayRecords } from "./replay-topic.ts";

/** What a read of a whole topic has shown of its numbers. */
export interface SequenceAudit {
  readonly topic: string;
  readonly records: number;
  readonly duplicates: number;
  /** Duplicates whose number is too far back to be compared with what it said first. */
  readonly unchecked: number;
  /** The last number of each producer in each partition: `order/0` -> 17. */
  readonly last: ReadonlyMap<string, number>;
  /** Each names partition, producer, offset and numbers; at most 20. */
  readonly violations: readonly string[];
}

const LISTED = 20;
const EPOCH_STARTED = `{"eventType":"${EpochStarted.eventType}"`;

/**
 * Checks that the numbers of each producer in each partition have no gap (R3). Duplicates are what relays are allowed;
 * a duplicate with another key or value is not: the newest numbers are compared. A new epoch begins with its
 * EpochStarted, one number further (R6). Where retention has cut the log, it begins at the first number retained.
 */
export async function auditSequences(bus: EventBus, topic: Topic): Promise<SequenceAudit> {
  const last = new Map<string, { epoch: number; sequence: number }>();
  const violations: string[] = [];
  let records = 0;
  let duplicates = 0;
  let unchecked = 0;
  const found = (violation: string): void => {
    if (violations.length < LISTED) violations.push(violation);
  };
  for (let partition = 0; partition < topic.partitions; partition++) {
    const { earliest } = (await bus.offsets(topic.name)).find((each) => each.partition === partition) ?? {
      earliest: 0n,
    };
    const values = new Map<string, RecentValues>();
    for await (const batch of replayRecords(bus, topic.name, partition)) {
      records += batch.length;
      for (const record of batch) {
        const producer = record.headers[HEADER.producer] ?? "nobody";
        const epoch = Number(record.headers[HEADER.epoch]);
        const sequence = Number(record.headers[HEADER.sequence]);
        const place = `${topic.name}/${partition} at offset ${record.offset}: ${producer}'s ${epoch}/${sequence}`;
        const id = `${topic.name}/${partition}/${epoch}/${sequence}`;
        if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(epoch))
          found(`${place} is not a number`);
        if (record.headers[HEADER.id] !== id) found(`${place} has the id ${record.headers[HEADER.id]}`);
        const key = `${producer}/${partition}`;
        const before = last.get(key);
        if (before === undefined) {
          if (sequence !== 1 && earliest === 0n) found(`${place} is the first, 1 was due`);
        } else if (epoch < before.epoch || (epoch === before.epoch && sequence <= before.sequence)) {
          duplicates++;
          const compared = values.get(producer)?.compare({ epoch, sequence }, record) ?? "unknown";
          if (compared === "unknown") unchecked++;
          if (compared === "differs") found(`${place} is there before, with another key or value`);
          continue;
        } else if (epoch > before.epoch && !record.value.startsWith(EPOCH_STARTED)) {
          found(`${place} came after ${before.epoch}/${before.sequence} without an EpochStarted (R6)`);
        } else if (sequence !== before.sequence + 1) {
          found(`${place} came after ${before.epoch}/${before.sequence}`);
        }
        last.set(key, { epoch, sequence });
        const recent = values.get(producer) ?? new RecentValues();
        values.set(producer, recent);
        recent.remember({ epoch, sequence }, record);
      }
    }
  }
  const ends = new Map([...last].map(([key, { sequence }]) => [key, sequence]));
  return { topic: topic.name, records, duplicates, unchecked, last: ends, violations };
}
