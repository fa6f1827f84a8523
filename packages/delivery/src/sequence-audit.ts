import type { BusRecord, EventBus } from "@bourse/bus";
import { EpochStarted, type Topic } from "@bourse/contracts";
import { MissingNumbers } from "./missing-numbers.ts";
import { isCut } from "./read-in-order.ts";
import { readPartition } from "./read-partition.ts";
import { RecentValues } from "./recent-values.ts";
import { HEADER } from "./record-headers.ts";
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
 * Checks that of the numbers of each producer in each partition none is missing (R3). One that lies behind a later number
 * is there: whoever applies them finds it (decision 0064). Duplicates are what relays are allowed; a duplicate with another
 * key or value is not: the newest numbers are compared. A new epoch begins with its EpochStarted, one number further (R6).
 * Where retention has cut the log, it begins at the first number retained.
 */
export async function auditSequences(bus: EventBus, topic: Topic): Promise<SequenceAudit> {
  const findings: Findings = { records: 0, duplicates: 0, unchecked: 0, violations: [] };
  const last = new Map<string, number>();
  for (let partition = 0; partition < topic.partitions; partition++) {
    const audit = new PartitionAudit(`${topic.name}/${partition}`, {
      isCut: await isCut(bus, topic.name, partition),
      findings,
    });
    for await (const batch of readPartition(bus, topic.name, partition))
      for (const record of batch) audit.look(record);
    audit.end();
    for (const [producer, { position }] of audit.producers)
      if (position !== undefined) last.set(`${producer}/${partition}`, position.sequence);
  }
  return { topic: topic.name, last, ...findings };
}

interface Findings {
  records: number;
  duplicates: number;
  unchecked: number;
  readonly violations: string[];
}

/** One producer's numbers of one partition. */
interface AuditedProducer {
  /** Its last number; undefined: none came yet. */
  position: Position | undefined;
  readonly missing: MissingNumbers;
  readonly values: RecentValues;
}

class PartitionAudit {
  readonly producers = new Map<string, AuditedProducer>();
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
    const name = record.headers[HEADER.producer] ?? "nobody";
    const epoch = Number(record.headers[HEADER.epoch]);
    const sequence = Number(record.headers[HEADER.sequence]);
    const number = { epoch, sequence };
    const place = `${this.#name} at offset ${record.offset}: ${name}'s ${epoch}/${sequence}`;
    const found = (what: string): void => this.#found(`${place} ${what}`);
    if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(epoch)) {
      found("is not a number");
      return;
    }
    const id = record.headers[HEADER.id];
    if (id !== `${this.#name}/${epoch}/${sequence}`) found(`has the id ${id}`);
    const producer = this.#producer(name);
    const { position: before, missing, values } = producer;
    if (before !== undefined && isDuplicate(number, before)) {
      if (missing.isFilledBy(number)) values.remember(number, record);
      else if (this.#saysAnother(values, number, record)) found("is there before, with another key or value");
      return;
    }
    if (before !== undefined && epoch > before.epoch && !record.value.startsWith(EPOCH_STARTED))
      found(`came after ${before.epoch}/${before.sequence} without an EpochStarted (R6)`);
    const due = before === undefined && this.#isCut ? number : next(before);
    if (due.sequence !== sequence && !missing.open(due, { sequence, place }))
      found(`came where ${due.epoch}/${due.sequence} was due`);
    producer.position = number;
    values.remember(number, record);
  }

  /** What is still missing is nowhere in the log. */
  end(): void {
    for (const { missing } of this.producers.values())
      for (const { epoch, first, last, place } of missing.left()) {
        const numbers = first === last ? `${epoch}/${first} is` : `${epoch}/${first} to ${epoch}/${last} are`;
        this.#found(`${place} came, ${numbers} nowhere`);
      }
  }

  #found(violation: string): void {
    if (this.#findings.violations.length < LISTED) this.#findings.violations.push(violation);
  }

  #producer(name: string): AuditedProducer {
    let producer = this.producers.get(name);
    if (producer === undefined) {
      producer = { position: undefined, missing: new MissingNumbers(), values: new RecentValues() };
      this.producers.set(name, producer);
    }
    return producer;
  }

  /** Counts the duplicate, and compares it with what its number said first. */
  #saysAnother(values: RecentValues, number: Position, record: BusRecord): boolean {
    this.#findings.duplicates++;
    const compared = values.compare(number, record);
    if (compared === "unknown") this.#findings.unchecked++;
    return compared === "differs";
  }
}

function next(before: Position | undefined): Position {
  return before === undefined
    ? { epoch: 1, sequence: 1 }
    : { epoch: before.epoch, sequence: before.sequence + 1 };
}

function isDuplicate({ epoch, sequence }: Position, before: Position): boolean {
  return epoch < before.epoch || (epoch === before.epoch && sequence <= before.sequence);
}
