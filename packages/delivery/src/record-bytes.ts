import { isUtf8 } from "node:buffer";
import { type BusRecord, type RawHeader, type RecordValue, readValue } from "@bourse/bus";

/** What of a record is kept where it can't be applied: each part as its bytes were in the log (R12). */

const utf8 = new TextEncoder();

export function keyBytes({ key, rawKey }: Pick<BusRecord, "key" | "rawKey">): Uint8Array | null {
  return rawKey ?? (key === null ? null : utf8.encode(key));
}

/** A header whose bytes a text does not say. */
export interface Base64Header {
  readonly name: string;
  readonly value: string | null;
}

export function base64Headers(headers: readonly RawHeader[]): readonly Base64Header[] {
  return headers.map(({ name, value }) => ({
    name: base64(name),
    value: value === null ? null : base64(value),
  }));
}

export function base64(bytes: Uint8Array): string {
  return bufferOf(bytes).toString("base64");
}

/** The same bytes. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Headers as the table has them: an object of their texts, or a list of their bytes where texts don't say them. */
export function headersText({ headers, rawHeaders }: Pick<BusRecord, "headers" | "rawHeaders">): string {
  return JSON.stringify(rawHeaders === undefined ? headers : base64Headers(rawHeaders));
}

export function storedKey(bytes: Uint8Array | null): Pick<BusRecord, "key" | "rawKey"> {
  if (bytes === null) return { key: null };
  const key = Buffer.from(bytes).toString();
  return isUtf8(bytes) ? { key } : { key, rawKey: bytes };
}

export function storedValue(bytes: Uint8Array | null): RecordValue {
  return readValue(bytes === null ? null : bufferOf(bytes));
}

export function storedHeaders(text: string): Pick<BusRecord, "headers" | "rawHeaders"> {
  const kept = JSON.parse(text) as Record<string, string> | readonly Base64Header[];
  if (!Array.isArray(kept)) return { headers: kept as Record<string, string> };
  const rawHeaders = (kept as readonly Base64Header[]).map(({ name, value }) => ({
    name: Uint8Array.from(Buffer.from(name, "base64")),
    value: value === null ? null : Uint8Array.from(Buffer.from(value, "base64")),
  }));
  const headers: Record<string, string> = {};
  for (const { name, value } of rawHeaders) {
    const text = Buffer.from(name).toString();
    if (text !== "__proto__") headers[text] = value === null ? "" : Buffer.from(value).toString();
  }
  return { headers, rawHeaders };
}
