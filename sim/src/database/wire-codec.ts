import type { WireValue } from "@bourse/store/testing";

/** The part of PostgreSQL's frontend protocol that is spoken here (https://www.postgresql.org/docs/18/protocol.html). */

const ZERO = Buffer.from([0]);
const NO_PARAMETER_TYPES = Buffer.from([0, 0]);
const ALL_RESULTS_AS_TEXT = Buffer.from([0, 0]);
const NULL = int32(-1);

export const SYNC: Buffer = message("S", []);
/** The unnamed portal, all rows. */
export const EXECUTE: Buffer = message("E", [ZERO, int32(0)]);

export function queryMessage(text: string): Buffer {
  return message("Q", [Buffer.from(text), ZERO]);
}

/** Prepares anew under a name, whatever had it, and asks for the columns of its result. */
export function prepareMessages(name: string, text: string): Buffer {
  const named = Buffer.from(`S${name}\0`);
  return Buffer.concat([
    message("C", [named]),
    message("P", [Buffer.from(`${name}\0${text}\0`), NO_PARAMETER_TYPES]),
    message("D", [named]),
  ]);
}

export function bindMessage(name: string, values: readonly WireValue[]): Buffer {
  const count = int16(values.length);
  const formats = values.map((value) => int16(value instanceof Buffer ? 1 : 0));
  const parts = [Buffer.from(`\0${name}\0`), count, ...formats, count];
  for (const value of values) {
    if (value === null) {
      parts.push(NULL);
      continue;
    }
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    parts.push(int32(bytes.length), bytes);
  }
  return message("B", [...parts, ALL_RESULTS_AS_TEXT]);
}

/** The data of a COPY that was executed just before. */
export function copyMessages(pieces: readonly Uint8Array[]): Buffer {
  return Buffer.concat([...pieces.map((piece) => message("d", [Buffer.from(piece)])), message("c", [])]);
}

/** What the server answered, in order. */
export interface AnswerReader {
  columns(columns: readonly { readonly name: string; readonly typeId: number }[]): void;
  row(fields: readonly (string | null)[]): void;
  complete(): void;
  error(error: ServerFailure): void;
}

/** An ErrorResponse, with the fields under the names that drivers give them. */
export class ServerFailure extends Error {
  override readonly name = "ServerFailure";
  readonly severity: string;
  readonly code: string;
  readonly detail: string | undefined;
  readonly constraint: string | undefined;

  constructor(fields: ReadonlyMap<string, string>) {
    super(fields.get("M") ?? "an error without a message");
    this.severity = fields.get("V") ?? fields.get("S") ?? "ERROR";
    this.code = fields.get("C") ?? "XX000";
    this.detail = fields.get("D");
    this.constraint = fields.get("n");
  }
}

export function readAnswers(bytes: Buffer, reader: AnswerReader): void {
  for (let at = 0; at < bytes.length; ) {
    const kind = String.fromCharCode(bytes[at] ?? 0);
    const end = at + 1 + bytes.readInt32BE(at + 1);
    const body = bytes.subarray(at + 5, end);
    if (kind === "D") reader.row(fieldsOf(body));
    else if (kind === "T") reader.columns(columnsOf(body));
    else if (kind === "C" || kind === "I") reader.complete();
    else if (kind === "E") reader.error(failureOf(body));
    at = end;
  }
}

function fieldsOf(body: Buffer): readonly (string | null)[] {
  const fields: (string | null)[] = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left--) {
    const length = body.readInt32BE(at);
    at += 4;
    fields.push(length < 0 ? null : body.toString("utf8", at, at + length));
    at += Math.max(0, length);
  }
  return fields;
}

function columnsOf(body: Buffer): readonly { readonly name: string; readonly typeId: number }[] {
  const columns: { name: string; typeId: number }[] = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left--) {
    const end = body.indexOf(0, at);
    columns.push({ name: body.toString("utf8", at, end), typeId: body.readInt32BE(end + 7) });
    at = end + 19;
  }
  return columns;
}

function failureOf(body: Buffer): ServerFailure {
  const fields = new Map<string, string>();
  for (let at = 0; body[at] !== 0 && at < body.length; ) {
    const end = body.indexOf(0, at);
    fields.set(String.fromCharCode(body[at] ?? 0), body.toString("utf8", at + 1, end));
    at = end + 1;
  }
  return new ServerFailure(fields);
}

function message(kind: string, parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([Buffer.from(kind), int32(length), ...parts]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}
