import type { BusRecord } from "../port.ts";

/** Which records of a partition a person wants to see. What is absent excludes nothing. */
export interface RecordFilter {
  readonly key?: string;
  /** The value's `eventType`, or a saga message's `type`. */
  readonly type?: string;
  /** By the record's time, both included, in milliseconds since the epoch. */
  readonly fromMs?: number;
  readonly toMs?: number;
}

export function fits(record: BusRecord, { key, type, fromMs, toMs }: RecordFilter): boolean {
  if (key !== undefined && record.key !== key) return false;
  if (fromMs !== undefined && record.timestampMs < fromMs) return false;
  if (toMs !== undefined && record.timestampMs > toMs) return false;
  return type === undefined || typeOf(record) === type;
}

/** null: the value is no JSON object, or names no type. */
export function typeOf(record: BusRecord): string | null {
  const value = record.decoded ?? contentOf(record);
  if (typeof value !== "object" || value === null) return null;
  const { eventType, type } = value as { readonly eventType?: unknown; readonly type?: unknown };
  const named = eventType ?? type;
  return typeof named === "string" ? named : null;
}

/**
 * The parsed value, with its fields in the order in which they were written: what a sender has passed on in its place has
 * the same fields in any order. What is no JSON is a string as it is; null where there is no value.
 */
export function contentOf({ value, rawValue }: BusRecord): unknown {
  if (rawValue === null) return null;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
