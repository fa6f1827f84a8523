import type { BusRecord, EventBus } from "@bourse/bus";
import { EpochStarted, type Topic } from "@bourse/contracts";
import { RecentValues } from "./recent-values.ts";
import { HEADER } from "./record-headers.ts";
import { replayRecords } from "./replay-topic.ts";
import type { Position } from "./sequence-check.ts";

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
  const findings: Findings = { records: 0, duplicates: 0, unchecked: 0, violations: [] };
  const last = new Map<string, number>();
  for (let partition = 0; partition < topic.partitions; partition++) {
    const bounds = (await bus.offsets(topic.name)).find((each) => each.partition === partition);
    const isCut = (bounds?.earliest ?? 0n) > 0n;
    const audit = new PartitionAudit(`${topic.name}/${partition}`, { isCut, findings });
    for await (const batch of replayRecords(bus, topic.name, partition))
      for (const record of batch) audit.look(record);
    for (const [producer, { sequence }] of audit.last) last.set(`${producer}/${partition}`, sequence);
  }
  return { topic: topic.name, last, ...findings };
}

interface Findings {
  records: number;
  duplicates: number;
  unchecked: number;
  readonly violations: string[];
}

class PartitionAudit {
  /** By producer. */
  readonly last = new Map<string, Position>();
  readonly #values = new Map<string, RecentValues>();
  /** `order-events/0` */
  readonly #name: string;
  /** Retention has taken its beginning. */
  readonly #isCut: boolean;
  readonly #findings: Findings;

  constructor(name: string, { isCut, findings }: { readonly isCut: boolean; readonly findings: Findings }) {
    this.#name = name;
    this.#isCut = isCut;
    this.#findings = findings;
  }

  look(record: BusRecord): void {
    this.#findings.records++;
    const producer = record.headers[HEADER.producer] ?? "nobody";
    const epoch = Number(record.headers[HEADER.epoch]);
    const sequence = Number(record.headers[HEADER.sequence]);
    const number = { epoch, sequence };
    const found = (what: string): void => {
      const place = `${this.#name} at offset ${record.offset}: ${producer}'s ${epoch}/${sequence}`;
      if (this.#findings.violations.length < LISTED) this.#findings.violations.push(`${place} ${what}`);
    };
    if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(epoch)) found("is not a number");
    const id = record.headers[HEADER.id];
    if (id !== `${this.#name}/${epoch}/${sequence}`) found(`has the id ${id}`);

    const before = this.last.get(producer);
    if (before !== undefined && isDuplicate(number, before)) {
      if (this.#saysAnother(producer, number, record)) found("is there before, with another key or value");
      return;
    }
    const gap = before === undefined ? this.#gapInFront(number) : gapBetween(before, number, record);
    if (gap !== null) found(gap);
    this.last.set(producer, number);
    this.#remember(producer, number, record);
  }

  #gapInFront({ sequence }: Position): string | null {
    return sequence === 1 || this.#isCut ? null : "is the first, 1 was due";
  }

  /** Counts the duplicate, and compares it with what its number said first. */
  #saysAnother(producer: string, number: Position, record: BusRecord): boolean {
    this.#findings.duplicates++;
    const compared = this.#values.get(producer)?.compare(number, record) ?? "unknown";
    if (compared === "unknown") this.#findings.unchecked++;
    return compared === "differs";
  }

  #remember(producer: string, number: Position, record: BusRecord): void {
    const values = this.#values.get(producer) ?? new RecentValues();
    this.#values.set(producer, values);
    values.remember(number, record);
  }
}

function isDuplicate({ epoch, sequence }: Position, before: Position): boolean {
  return epoch < before.epoch || (epoch === before.epoch && sequence <= before.sequence);
}

function gapBetween(before: Position, { epoch, sequence }: Position, record: BusRecord): string | null {
  const came = `came after ${before.epoch}/${before.sequence}`;
  if (epoch > before.epoch && !record.value.startsWith(EPOCH_STARTED))
    return `${came} without an EpochStarted (R6)`;
  return sequence === before.sequence + 1 ? null : came;
}
