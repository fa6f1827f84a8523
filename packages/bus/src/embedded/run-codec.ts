import { BusError } from "../bus-error.ts";
import type { BusRecord, Headers, OutgoingRecord } from "../port.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { ByteWriter } from "./byte-writer.ts";

/**
 * The body of one stored run of records: how many bytes of numbers there are (4 bytes), the numbers, and all texts one
 * after the other in UTF-8. The numbers say, in this order:
 * - the times: a byte, {@link SAME} where all are the run's highest, or {@link EACH} and a double each;
 * - the lengths of the keys as a column, of the headers, and of the values, each in UTF-16 units.
 * A column of texts is {@link SAME} and one length, or {@link EACH} and a length each. Headers are {@link SAME}, a
 * count of names and for each the length of the name and its column; where the records have different names
 * {@link EACH}, and for each record a count and the lengths of its names and values. The texts are in the order of
 * their lengths.
 */
const SAME = 0;
const EACH = 1;
/** Instead of a length: null. */
const NO_TEXT = 0xffff_ffff;

/** Longer texts than this would lie among the objects that are too large to be moved. */
const PIECE_UNITS = 32_768;

/** The texts gather beside the numbers, which come before them. Used by one call at a time. */
const texts = new ByteWriter();

export function encodeRun(writer: ByteWriter, records: readonly OutgoingRecord[], maxMs: number): void {
  const names = commonHeaderNames(records);
  const start = writer.end;
  writer.reserve(numberBytesOf(records, names));
  writer.skip(4);
  texts.clear();
  encodeTimes(writer, records, maxMs);
  encodeKeys(writer, records);
  if (names === undefined) encodeHeadersByRecord(writer, records);
  else encodeHeadersByName(writer, records, names);
  encodeValues(writer, records);
  writer.uint32At(start, writer.end - start - 4);
  writer.append(texts.written());
}

/** At least as many bytes as the numbers take. */
function numberBytesOf(records: readonly OutgoingRecord[], names: readonly string[] | undefined): number {
  const perRecord = 8 + 4 + 4 + 4 * (names?.length ?? 1);
  let bytes = 32 + records.length * perRecord;
  if (names !== undefined) return bytes + 5 * names.length;
  for (const { headers } of records) bytes += 8 * Object.keys(headers).length;
  return bytes;
}

function encodeTimes(writer: ByteWriter, records: readonly OutgoingRecord[], maxMs: number): void {
  let isSame = true;
  for (const { timestampMs } of records) isSame &&= timestampMs === maxMs;
  writer.byte(isSame ? SAME : EACH);
  if (!isSame) for (const { timestampMs } of records) writer.double(timestampMs);
}

function encodeText(writer: ByteWriter, text: string | null): void {
  writer.uint32(text === null ? NO_TEXT : text.length);
  if (text !== null) texts.text(text);
}

function encodeKeys(writer: ByteWriter, records: readonly OutgoingRecord[]): void {
  const first = records[0]?.key ?? null;
  let isSame = true;
  for (let index = 1; index < records.length && isSame; index++) isSame = records[index]?.key === first;
  writer.byte(isSame ? SAME : EACH);
  if (isSame) encodeText(writer, first);
  else for (const { key } of records) encodeText(writer, key);
}

function encodeHeadersByName(
  writer: ByteWriter,
  records: readonly OutgoingRecord[],
  names: readonly string[],
): void {
  writer.byte(SAME);
  writer.uint32(names.length);
  for (const name of names) {
    encodeText(writer, name);
    const first = records[0]?.headers[name] ?? "";
    let isSame = true;
    for (let index = 1; index < records.length && isSame; index++)
      isSame = (records[index]?.headers[name] ?? "") === first;
    writer.byte(isSame ? SAME : EACH);
    if (isSame) encodeText(writer, first);
    else for (const { headers } of records) encodeText(writer, headers[name] ?? "");
  }
}

function encodeHeadersByRecord(writer: ByteWriter, records: readonly OutgoingRecord[]): void {
  writer.byte(EACH);
  for (const { headers } of records) {
    const names = Object.keys(headers);
    writer.uint32(names.length);
    for (const name of names) {
      encodeText(writer, name);
      encodeText(writer, headers[name] ?? "");
    }
  }
}

function encodeValues(writer: ByteWriter, records: readonly OutgoingRecord[]): void {
  let piece = "";
  for (const { value } of records) {
    writer.uint32(value.length);
    piece += value;
    if (piece.length < PIECE_UNITS) continue;
    texts.text(piece);
    piece = "";
  }
  texts.text(piece);
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

export interface StoredRun {
  readonly at: TopicPartition;
  readonly base: number;
  readonly count: number;
  readonly maxMs: number;
  /** Its checksum has been found right. */
  readonly body: Buffer;
}

/** Throws `bus_refused` where the body is none of this format. */
export function decodeRun({ at, base, count, maxMs, body }: StoredRun): readonly BusRecord[] {
  const numberBytes = body.readUInt32LE(0);
  const reading: Decoding = {
    view: new DataView(body.buffer, body.byteOffset, 4 + numberBytes),
    position: 4,
    text: body.toString("utf8", 4 + numberBytes),
    textPosition: 0,
  };
  const times = decodeTimes(reading, count, maxMs);
  const keys = decodeColumn(reading, count);
  const headers = decodeHeaders(reading, count);
  const records: BusRecord[] = new Array(count);
  for (let index = 0; index < count; index++) {
    records[index] = {
      topic: at.topic,
      partition: at.partition,
      offset: BigInt(base + index),
      key: keys(index),
      value: decodeText(reading) ?? "",
      headers: headers(index),
      timestampMs: times(index),
      decoded: undefined,
      read: undefined,
    };
  }
  if (reading.textPosition !== reading.text.length || reading.position !== 4 + numberBytes) {
    throw new BusError(
      "bus_refused",
      `the records of ${at.topic}/${at.partition} from offset ${base} on can't be read: their lengths don't add up`,
      { retryable: false },
    );
  }
  return records;
}

interface Decoding {
  readonly view: DataView;
  position: number;
  readonly text: string;
  textPosition: number;
}

function decodeByte(reading: Decoding): number {
  return reading.view.getUint8(reading.position++);
}

function decodeNumber(reading: Decoding): number {
  const value = reading.view.getUint32(reading.position, true);
  reading.position += 4;
  return value;
}

function decodeText(reading: Decoding): string | null {
  const length = decodeNumber(reading);
  if (length === NO_TEXT) return null;
  const start = reading.textPosition;
  reading.textPosition += length;
  return reading.text.slice(start, reading.textPosition);
}

function decodeTimes(reading: Decoding, count: number, maxMs: number): (index: number) => number {
  if (decodeByte(reading) === SAME) return () => maxMs;
  const start = reading.position;
  reading.position += 8 * count;
  return (index) => reading.view.getFloat64(start + 8 * index, true);
}

function decodeColumn(reading: Decoding, count: number): (index: number) => string | null {
  if (decodeByte(reading) === SAME) {
    const all = decodeText(reading);
    return () => all;
  }
  const cells = Array.from({ length: count }, () => decodeText(reading));
  return (index) => cells[index] ?? null;
}

function decodeHeaders(reading: Decoding, count: number): (index: number) => Headers {
  if (decodeByte(reading) === EACH) {
    const each = Array.from({ length: count }, () => decodeHeadersOfOne(reading));
    return (index) => each[index] ?? {};
  }
  const columns = Array.from({ length: decodeNumber(reading) }, () => {
    const name = decodeText(reading) ?? "";
    return [name, decodeColumn(reading, count)] as const;
  });
  return (index) => {
    const headers: Record<string, string> = {};
    for (const [name, cell] of columns) headers[name] = cell(index) ?? "";
    return headers;
  };
}

function decodeHeadersOfOne(reading: Decoding): Headers {
  const headers: Record<string, string> = {};
  for (let left = decodeNumber(reading); left > 0; left--) {
    const name = decodeText(reading) ?? "";
    headers[name] = decodeText(reading) ?? "";
  }
  return headers;
}
