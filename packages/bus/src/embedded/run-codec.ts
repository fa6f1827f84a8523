import { crc32 } from "node:zlib";
import { BusError } from "../bus-error.ts";
import type { BusRecord, Headers, OutgoingRecord, TopicPartition } from "../port.ts";

/**
 * The body of one stored run of records: CRC-32 of what follows (4 bytes), length of the description (4 bytes),
 * the description as JSON, and the values one after the other in UTF-8. Both integers are big-endian.
 * A column of the description that is the same for the whole run is stored once.
 */
interface Description {
  /** Keys. */
  readonly k: Column<string | null>;
  /** Times in milliseconds since the epoch. */
  readonly t: Column<number>;
  /** Lengths of the values in UTF-16 units. */
  readonly n: Column<number>;
  /** Headers by name, where all records have the same names in the same order. */
  readonly h?: readonly (readonly [string, Column<string>])[];
  /** Headers by record, otherwise. */
  readonly r?: readonly Headers[];
}

type Column<T> = { readonly all: T } | readonly T[];

const PREFIX_BYTES = 8;

export function encodeRun(records: readonly OutgoingRecord[]): Uint8Array {
  let text = "";
  for (const record of records) text += record.value;
  const names = commonHeaderNames(records);
  const description: Description = {
    k: column(records, (record) => record.key),
    t: column(records, (record) => record.timestampMs),
    n: column(records, (record) => record.value.length),
    ...(names === undefined
      ? { r: records.map((record) => record.headers) }
      : { h: names.map((name) => [name, column(records, (record) => record.headers[name] ?? "")] as const) }),
  };
  const json = JSON.stringify(description);
  const jsonBytes = Buffer.byteLength(json);
  const body = Buffer.allocUnsafe(PREFIX_BYTES + jsonBytes + Buffer.byteLength(text));
  body.writeUInt32BE(jsonBytes, 4);
  body.write(json, PREFIX_BYTES, "utf8");
  body.write(text, PREFIX_BYTES + jsonBytes, "utf8");
  body.writeUInt32BE(crc32(body.subarray(4)), 0);
  return body;
}

export interface StoredRun {
  readonly at: TopicPartition;
  readonly base: number;
  readonly count: number;
  readonly body: Uint8Array;
}

/** Throws `bus_refused` where the bytes are not what was written. */
export function decodeRun({ at, base, count, body }: StoredRun): readonly BusRecord[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length < PREFIX_BYTES || bytes.readUInt32BE(0) !== crc32(bytes.subarray(4))) {
    throw new BusError(
      "bus_refused",
      `the records of ${at.topic}/${at.partition} from offset ${base} on are damaged on disk (checksum)`,
      { retryable: false },
    );
  }
  const jsonBytes = bytes.readUInt32BE(4);
  const description = JSON.parse(
    bytes.toString("utf8", PREFIX_BYTES, PREFIX_BYTES + jsonBytes),
  ) as Description;
  const text = bytes.toString("utf8", PREFIX_BYTES + jsonBytes);
  const records: BusRecord[] = new Array(count);
  let start = 0;
  for (let index = 0; index < count; index++) {
    const end = start + cell(description.n, index);
    records[index] = {
      topic: at.topic,
      partition: at.partition,
      offset: BigInt(base + index),
      key: cell(description.k, index),
      value: text.slice(start, end),
      headers: headersOf(description, index),
      timestampMs: cell(description.t, index),
      decoded: undefined,
    };
    start = end;
  }
  return records;
}

function column<T>(records: readonly OutgoingRecord[], pick: (record: OutgoingRecord) => T): Column<T> {
  const cells = records.map(pick);
  const first = cells[0] as T;
  return cells.every((value) => value === first) ? { all: first } : cells;
}

function cell<T>(values: Column<T>, index: number): T {
  return "all" in values ? values.all : (values[index] as T);
}

function headersOf(description: Description, index: number): Headers {
  if (description.h === undefined) return description.r?.[index] ?? {};
  return Object.fromEntries(description.h.map(([name, values]) => [name, cell(values, index)]));
}

function commonHeaderNames(records: readonly OutgoingRecord[]): readonly string[] | undefined {
  const names = Object.keys(records[0]?.headers ?? {});
  for (const record of records) {
    let position = 0;
    for (const name in record.headers) if (names[position++] !== name) return undefined;
    if (position !== names.length) return undefined;
  }
  return names;
}
