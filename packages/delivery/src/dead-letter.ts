import {
  type DeadLettered as DeadLetteredContract,
  deadLetterTopic,
  type EventOf,
  rfc3339,
  type Topic,
} from "@bourse/contracts";
import type { JudgedBatch } from "./effect-batch.ts";
import type { OutgoingEvent } from "./envelope.ts";
import { type ParkedRow, QUEUED } from "./parked-rows.ts";
import type { Parking } from "./parking.ts";
import { base64, base64Headers } from "./record-bytes.ts";

type DeadLettered = Omit<EventOf<typeof DeadLetteredContract>, "timestamp">;

/** PostgreSQL and headers hold neither NUL nor half a surrogate pair; errors may quote both. */
const MAX_MESSAGE = 2_000;
const MAX_STACK = 8_000;
/** A copy must fit into a record whatever its encoding does to it; the table has all of it. */
const MAX_COPIED_BYTES = 256 * 1_024;
const MAX_BASE64_BYTES = Math.ceil(MAX_COPIED_BYTES / 3) * 4;
/** Key and headers are in the copy twice, and JSON makes up to six bytes of a character. */
const MAX_COPIED_KEY = 8 * 1_024;
const MAX_COPIED_HEADERS = 32 * 1_024;
/** What a header takes besides its name and value, about. */
const HEADER_CHARACTERS = 16;

/** The rows of a batch's parkings: each gets its place behind what is parked of its partition. */
export function parkedRows(judged: Pick<JudgedBatch, "parkings">, nowMs: number): readonly ParkedRow[] {
  const next = new Map(judged.parkings.map(({ at }) => [at, at.queues.nextPlace]));
  return judged.parkings.map((parking) => {
    const place = next.get(parking.at) ?? 1;
    next.set(parking.at, place + 1);
    const { failure } = parking;
    const words =
      failure === null ? { message: "a record of its key is parked", stack: null } : describe(failure.error);
    return {
      parking,
      place,
      code: failure?.code ?? QUEUED,
      ...words,
      attempts: failure?.attempts ?? 0,
      firstFailedMs: failure?.firstFailedMs ?? nowMs,
    };
  });
}

/** What an error says, in a form that every place can keep. */
export function describe(error: unknown): { readonly message: string; readonly stack: string | null } {
  if (!(error instanceof Error)) return { message: keepable(String(error), MAX_MESSAGE), stack: null };
  const message = keepable(error.message, MAX_MESSAGE);
  return { message, stack: error.stack === undefined ? null : keepable(error.stack, MAX_STACK) };
}

function keepable(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replaceAll("\0", "\u2400").toWellFormed();
}

export function parkedId(
  subscription: string,
  { topic, partition }: { readonly topic: string; readonly partition: number },
  place: number,
): string {
  return `${subscription}/${topic}/${partition}/${place}`;
}

/** The copies for `dead-letter-<topic>`: of what failed. What only queues is no dead letter. */
export function deadLetters(
  subscription: string,
  rows: readonly ParkedRow[],
  topics: ReadonlyMap<string, Topic>,
): readonly OutgoingEvent[] {
  return rows.flatMap((row): OutgoingEvent[] => {
    const origin = topics.get(row.parking.at.topic);
    if (row.code === QUEUED || origin === undefined) return [];
    const event = copyOf(subscription, row);
    return [{ topic: deadLetterTopic(origin), key: event.originKey, partition: 0, event }];
  });
}

function copyOf(subscription: string, { parking, place, ...why }: ParkedRow): DeadLettered {
  const { record, at } = parking;
  const headers = copiedHeaders(record);
  const key = record.key?.slice(0, MAX_COPIED_KEY).toWellFormed() ?? null;
  const copied = copiedValue(record);
  const bytes = copiedBytes(record);
  const isWhole =
    bytes !== null &&
    key === record.key &&
    Object.keys(headers).length === Object.keys(record.headers).length;
  return {
    eventType: "DeadLettered",
    parkedId: parkedId(subscription, at, place),
    subscription,
    originTopic: at.topic,
    originPartition: at.partition,
    originOffset: String(record.offset),
    originTimeMs: record.timestampMs,
    originHeaders: headers,
    originKey: key,
    ...bytes,
    ...copied,
    truncated: copied.truncated || !isWhole,
    code: why.code.slice(0, 64),
    message: why.message,
    attempts: why.attempts,
    firstFailedAt: rfc3339(why.firstFailedMs),
  };
}

function copiedValue({
  value,
  rawValue,
  schemaId,
}: Parking["record"]): Pick<DeadLettered, "value" | "encoding" | "schemaId" | "valueBytes" | "truncated"> {
  if (rawValue === null) return { value: null, encoding: "utf-8", valueBytes: 0, truncated: false };
  const content = rawValue ?? Buffer.from(value);
  const copied = content.subarray(0, MAX_COPIED_BYTES);
  const truncated = copied.length < content.length;
  const isText =
    rawValue === undefined && !truncated && Buffer.byteLength(JSON.stringify(value)) <= MAX_BASE64_BYTES;
  return {
    value: isText ? value : base64(copied),
    encoding: isText ? "utf-8" : "base64",
    ...(schemaId === undefined ? {} : { schemaId }),
    valueBytes: content.length,
    truncated,
  };
}

/** Of key and headers that texts don't say; null: they are too long. */
function copiedBytes({
  rawKey,
  rawHeaders,
}: Parking["record"]): Pick<DeadLettered, "originKeyBase64" | "originHeadersBase64"> | null {
  if ((rawKey?.length ?? 0) > MAX_COPIED_KEY) return null;
  let headerBytes = 0;
  for (const { name, value } of rawHeaders ?? [])
    headerBytes += name.length + (value?.length ?? 0) + HEADER_CHARACTERS;
  if (headerBytes > MAX_COPIED_HEADERS) return null;
  return {
    ...(rawKey === undefined ? {} : { originKeyBase64: base64(rawKey) }),
    ...(rawHeaders === undefined ? {} : { originHeadersBase64: [...base64Headers(rawHeaders)] }),
  };
}

/** One that is too long is left out, and the others stay. */
function copiedHeaders({ headers }: Parking["record"]): Record<string, string> {
  let left = MAX_COPIED_HEADERS;
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => {
      const characters = name.length + value.length + HEADER_CHARACTERS;
      if (characters > left) return false;
      left -= characters;
      return true;
    }),
  );
}

/** Headers of a dead letter's record besides its own number: why, where from, and those of the origin that are copied. */
export function deadLetterHeaders(event: object): Record<string, string> {
  const letter = event as DeadLettered;
  const headers: Record<string, string> = {
    "dead-letter-id": letter.parkedId,
    "dead-letter-subscription": letter.subscription,
    "dead-letter-code": letter.code,
    "dead-letter-message": letter.message,
    "dead-letter-attempts": String(letter.attempts),
    "dead-letter-first-failed-at": letter.firstFailedAt,
    "origin-topic": letter.originTopic,
    "origin-partition": String(letter.originPartition),
    "origin-offset": letter.originOffset,
    "origin-timestamp-ms": String(letter.originTimeMs),
  };
  for (const [name, value] of Object.entries(letter.originHeaders)) headers[`origin-header-${name}`] = value;
  return headers;
}
