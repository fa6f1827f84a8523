import { isUtf8 } from "node:buffer";
import type { BusRecord, RawHeader } from "../port.ts";
import { mayBeReplaced } from "../record-value.ts";
import type { RecordReader } from "./varint.ts";

/**
 * Key and headers as texts, which all of ours are, and as the bytes that a foreign client wrote where texts don't say
 * them. Bytes are copied: they are a piece of a whole reply, which would stay in memory with them.
 */
export type KeyParts = Pick<BusRecord, "key" | "rawKey">;
export type HeaderParts = Pick<BusRecord, "headers" | "rawHeaders">;

/** An object has one name that is not its own. */
const PROTOTYPE = "__proto__";

export function readKey(reader: RecordReader): KeyParts {
  const start = reader.position;
  const key = reader.text();
  if (key === null || !mayBeReplaced(key)) return { key };
  reader.position = start;
  const bytes = reader.bytes();
  return bytes === null || isUtf8(bytes) ? { key } : { key, rawKey: Uint8Array.from(bytes) };
}

export function readHeaders(reader: RecordReader): HeaderParts {
  const start = reader.position;
  const headers: Record<string, string> = {};
  let isPlain = true;
  for (let left = reader.varInt(); left > 0; left--) {
    const name = reader.text();
    const value = reader.text();
    if (name === null || value === null || name === PROTOTYPE || headers[name] !== undefined) isPlain = false;
    else if (mayBeReplaced(name) || mayBeReplaced(value)) isPlain = false;
    if (name !== null && name !== PROTOTYPE) headers[name] = value ?? "";
  }
  if (isPlain) return { headers };
  reader.position = start;
  const rawHeaders = readRawHeaders(reader);
  return isSaidBy(headers, rawHeaders) ? { headers } : { headers, rawHeaders };
}

function readRawHeaders(reader: RecordReader): readonly RawHeader[] {
  const headers: RawHeader[] = [];
  for (let left = reader.varInt(); left > 0; left--) {
    const name = reader.bytes() ?? [];
    const value = reader.bytes();
    headers.push({ name: Uint8Array.from(name), value: value === null ? null : Uint8Array.from(value) });
  }
  return headers;
}

function isSaidBy(headers: BusRecord["headers"], raw: readonly RawHeader[]): boolean {
  return (
    Object.keys(headers).length === raw.length &&
    raw.every(({ name, value }) => value !== null && isUtf8(name) && isUtf8(value))
  );
}
