import { isUtf8 } from "node:buffer";
import type { BusRecord } from "./port.ts";
import { FRAME_BYTES, isFramed, readSchemaId, writeFrame } from "./schema-frame.ts";

/** A value as a record has it: its text, and what a text does not say of its bytes. */
export type RecordValue = Pick<BusRecord, "value" | "rawValue" | "schemaId">;

/** What a decoder writes in place of bytes that are no UTF-8; anybody may write it, too. */
const REPLACEMENT = "\uFFFD";

export function mayBeReplaced(text: string): boolean {
  return text.includes(REPLACEMENT);
}

/** null: a tombstone. Of `rawValue` there is a copy: the bytes may be a piece of a whole reply, which would stay with them. */
export function readValue(bytes: Buffer | null): RecordValue {
  if (bytes === null) return { value: "", rawValue: null };
  if (!isFramed(bytes)) return readContent(bytes);
  return { ...readContent(bytes.subarray(FRAME_BYTES)), schemaId: readSchemaId(bytes) };
}

function readContent(bytes: Buffer): RecordValue {
  const value = bytes.toString();
  return !mayBeReplaced(value) || isUtf8(bytes) ? { value } : { value, rawValue: Uint8Array.from(bytes) };
}

/** The bytes of which {@link readValue} makes this value: those of the log. */
export function valueBytes({ value, rawValue, schemaId }: RecordValue): Uint8Array | null {
  if (rawValue === null) return null;
  const content = rawValue ?? Buffer.from(value);
  if (schemaId === undefined) return content;
  const framed = Buffer.alloc(FRAME_BYTES + content.length);
  framed.set(content, writeFrame(framed, 0, schemaId));
  return framed;
}
