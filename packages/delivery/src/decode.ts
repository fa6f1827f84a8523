import { OperationalError } from "@bourse/base";
import type { BusRecord } from "@bourse/bus";
import {
  EpochStarted,
  type EventContract,
  speaksFor,
  type Topic,
  type Writer,
  writersOf,
} from "@bourse/contracts";
import { type CompiledSchema, compiledSchema } from "./contract-check.ts";
import type { Envelope } from "./envelope.ts";
import { HEADER } from "./record-headers.ts";
import type { Position } from "./sequence-check.ts";

/** `unknown_event_type` is no poison: a later version of its writer may have more to say, and it stops (R12). */
export type DecodeFault = "undecodable_record" | "schema_violated" | "not_its_writer" | "unknown_event_type";

/** A record that can't be read: it will not get better by reading it again (R12). Names where it lies and why. */
export class DecodeError extends OperationalError {
  override readonly name = "DecodeError";
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly reason: string;

  constructor(
    record: BusRecord,
    reason: string,
    options: { readonly code?: DecodeFault; readonly cause?: unknown } = {},
  ) {
    const { code = "undecodable_record", cause } = options;
    const place = `${record.topic}/${record.partition} at offset ${record.offset}`;
    super(code, `${place}: ${reason}`, { retryable: false, cause });
    this.topic = record.topic;
    this.partition = record.partition;
    this.offset = record.offset;
    this.reason = reason;
  }
}

export type Decoder = (record: BusRecord) => Envelope;

interface Reading {
  /** One, but for delivery's own records, which any writer of the topic may write (R6). */
  readonly writers: readonly Writer[];
  readonly schema: CompiledSchema;
}

/** How the records of one topic are read, by all who read it. */
interface TopicReading {
  readonly byType: ReadonlyMap<string, Reading>;
  /** Of a topic whose values don't say it. */
  readonly plainType: string | undefined;
}

/** An envelope, and which record was read in which way to make it. */
interface ReadRecord {
  readonly of: BusRecord;
  readonly by: TopicReading;
  readonly envelope: Envelope;
}

/**
 * Reads records of the given topics: headers, JSON, schema. Unknown fields are ignored, an unknown event type is a
 * fault (R12), and so is an event from a service that is not its writer (R2). A value that was decoded in this process
 * already is taken as it is, and a record that was read already has its envelope. Throws {@link DecodeError}.
 */
export function createDecoder(topics: readonly Topic[]): Decoder {
  const readings = new Map(topics.map((topic) => [topic.name, topicReading(topic)]));
  let lastTopic = "";
  let last: TopicReading | undefined;
  return (record) => {
    if (record.topic !== lastTopic) {
      lastTopic = record.topic;
      last = readings.get(lastTopic);
    }
    if (last === undefined) throw new DecodeError(record, "nobody reads this topic here");
    const read = record.read as ReadRecord | undefined;
    if (read?.by === last && read.of === record && read.envelope.event === record.decoded)
      return read.envelope;
    const made: ReadRecord = { of: record, by: last, envelope: readRecord(record, last) };
    record.read = made;
    return made.envelope;
  };
}

const TOPIC_READINGS = new WeakMap<Topic, TopicReading>();

/** Made once a process. */
function topicReading(topic: Topic): TopicReading {
  let made = TOPIC_READINGS.get(topic);
  if (made === undefined) {
    const reading = (contract: Omit<EventContract, "writer">, writers: readonly Writer[]) =>
      [contract.eventType, { writers, schema: compiledSchema(contract.schema) }] as const;
    made = {
      plainType: topic.values === "plain" ? topic.events[0]?.eventType : undefined,
      byType: new Map<string, Reading>([
        ...topic.events.map((contract) => reading(contract, writersOfType(topic, contract.eventType))),
        reading(EpochStarted, writersOf(topic)),
      ]),
    };
    TOPIC_READINGS.set(topic, made);
  }
  return made;
}

function readRecord(record: BusRecord, { byType, plainType }: TopicReading): Envelope {
  const parsed = record.decoded ?? parseValue(record);
  const eventType = (parsed as { readonly eventType?: unknown }).eventType ?? plainType;
  const reading = typeof eventType === "string" ? byType.get(eventType) : undefined;
  if (reading === undefined)
    throw new DecodeError(record, `unknown event type ${JSON.stringify(eventType)}`, {
      code: typeof eventType === "string" ? "unknown_event_type" : "undecodable_record",
    });
  if (record.decoded === undefined) {
    if (!reading.schema.check(parsed))
      throw new DecodeError(record, `${eventType}: ${reading.schema.fault(parsed)}`, {
        code: "schema_violated",
      });
    record.decoded = parsed;
  }
  return envelopeOf(record, parsed, reading.writers);
}

/** One, but for the dead letters that every consumer writes. */
function writersOfType(topic: Topic, eventType: string): readonly Writer[] {
  return topic.events.filter((contract) => contract.eventType === eventType).map(({ writer }) => writer);
}

/** Where a record that can't be decoded stands in its writer's numbers; null: it has none that can be believed. */
export function numberOf(record: BusRecord, topic: Topic): (Position & { readonly producer: string }) | null {
  const producer = record.headers[HEADER.producer];
  const epoch = Number(record.headers[HEADER.epoch]);
  const sequence = Number(record.headers[HEADER.sequence]);
  if (producer === undefined || !speaksFor(producer, writersOf(topic))) return null;
  const isNumbered =
    Number.isSafeInteger(epoch) && epoch >= 1 && Number.isSafeInteger(sequence) && sequence >= 1;
  return isNumbered ? { producer, epoch, sequence } : null;
}

function parseValue(record: BusRecord): object {
  if (record.rawValue === null) throw new DecodeError(record, "there is no value (a tombstone)");
  if (record.rawValue !== undefined) throw new DecodeError(record, "the value is not UTF-8");
  let parsed: unknown;
  try {
    parsed = JSON.parse(record.value);
  } catch (error) {
    throw new DecodeError(record, "the value is not JSON", { cause: error });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new DecodeError(record, "the value is not a JSON object");
  }
  return parsed;
}

function envelopeOf(record: BusRecord, event: unknown, writers: readonly Writer[]): Envelope {
  const { headers } = record;
  const producer = headers[HEADER.producer];
  if (producer === undefined) throw new DecodeError(record, "there is no producer header");
  if (!speaksFor(producer, writers)) {
    const { eventType = "its event" } = event as { readonly eventType?: string };
    throw new DecodeError(
      record,
      `${eventType} is ${writers.join("'s or ")}'s to write, not ${producer}'s (R2)`,
      { code: "not_its_writer" },
    );
  }
  const envelope: { -readonly [field in keyof Envelope]: Envelope[field] } = {
    event,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    key: record.key,
    producer,
    epoch: positive(record, HEADER.epoch),
    sequence: positive(record, HEADER.sequence),
    timeMs: record.timestampMs,
  };
  const traceparent = headers[HEADER.traceparent];
  if (traceparent !== undefined) envelope.traceparent = traceparent;
  return envelope;
}

function positive(record: BusRecord, header: string): number {
  const value = Number(record.headers[header]);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new DecodeError(
      record,
      `the ${header} header is a positive integer, got ${JSON.stringify(record.headers[header])}`,
    );
  }
  return value;
}
