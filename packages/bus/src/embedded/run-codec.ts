import { BusError } from "../bus-error.ts";
import type { BusRecord, Headers, OutgoingRecord, TopicPartition } from "../port.ts";
import type { ByteWriter } from "./byte-writer.ts";

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

/** What is encoded: the texts gather until the numbers are all there. */
interface Encoding {
  readonly writer: ByteWriter;
  text: string;
}

export function encodeRun(writer: ByteWriter, records: readonly OutgoingRecord[], maxMs: number): void {
  const names = commonHeaderNames(records);
  const start = writer.end;
  writer.reserve(numberBytesOf(records, names), 0);
  writer.skip(4);
  const encoding: Encoding = { writer, text: "" };
  encodeTimes(writer, records, maxMs);
  encodeColumn(
    encoding,
    records.map(({ key }) => key),
  );
  if (names === undefined) encodeHeadersByRecord(encoding, records);
  else encodeHeadersByName(encoding, records, names);
  let { text } = encoding;
  for (const { value } of records) {
    writer.uint32(value.length);
    text += value;
  }
  writer.uint32At(start, writer.end - start - 4);
  writer.reserve(0, text.length);
  writer.text(text);
}

/** At least as many bytes as the numbers take. */
function numberBytesOf(records: readonly OutgoingRecord[], names: readonly string[] | undefined): number {
  const perRecord = 8 + 4 + 4 + 4 * (names?.length ?? 1);
  const byRecord =
    names === undefined
      ? records.reduce((sum, { headers }) => sum + 8 * Object.keys(headers).length, 0)
      : 5 * names.length;
  return 32 + records.length * perRecord + byRecord;
}

function encodeTimes(writer: ByteWriter, records: readonly OutgoingRecord[], maxMs: number): void {
  if (records.every(({ timestampMs }) => timestampMs === maxMs)) {
    writer.byte(SAME);
    return;
  }
  writer.byte(EACH);
  for (const { timestampMs } of records) writer.double(timestampMs);
}

function encodeColumn(encoding: Encoding, cells: readonly (string | null)[]): void {
  const first = cells[0] ?? null;
  if (cells.every((cell) => cell === first)) {
    encoding.writer.byte(SAME);
    encodeText(encoding, first);
    return;
  }
  encoding.writer.byte(EACH);
  for (const cell of cells) encodeText(encoding, cell);
}

function encodeText(encoding: Encoding, text: string | null): void {
  encoding.writer.uint32(text === null ? NO_TEXT : text.length);
  if (text !== null) encoding.text += text;
}

function encodeHeadersByName(
  encoding: Encoding,
  records: readonly OutgoingRecord[],
  names: readonly string[],
): void {
  encoding.writer.byte(SAME);
  encoding.writer.uint32(names.length);
  for (const name of names) {
    encodeText(encoding, name);
    encodeColumn(
      encoding,
      records.map(({ headers }) => headers[name] ?? ""),
    );
  }
}

function encodeHeadersByRecord(encoding: Encoding, records: readonly OutgoingRecord[]): void {
  encoding.writer.byte(EACH);
  for (const { headers } of records) {
    const entries = Object.entries(headers);
    encoding.writer.uint32(entries.length);
    for (const [name, value] of entries) {
      encodeText(encoding, name);
      encodeText(encoding, value);
    }
  }
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
