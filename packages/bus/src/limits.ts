import { BusError } from "./bus-error.ts";
import type { OutgoingBatch, OutgoingRecord } from "./port.ts";

/**
 * The largest value, in bytes of UTF-8, that both adapters take: what a Kafka broker with default settings
 * (message.max.bytes) accepts with room for key and headers.
 */
export const MAX_VALUE_BYTES: number = 1_000_000;

/** What of a topic's `max.message.bytes` it takes, a broker's default but for the last few: less refuses what was committed. */
export const LEAST_MESSAGE_BYTES = 1_048_576;

/** What a record takes besides its texts: lengths, differences of offset and time, a schema's id. */
const RECORD_OVERHEAD_BYTES = 45;

/** A record's size in bytes, never less than what is sent. */
function recordBytes({ key, value, headers }: OutgoingRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + Buffer.byteLength(value) + (key === null ? 0 : Buffer.byteLength(key));
  for (const name in headers) bytes += name.length * 3 + Buffer.byteLength(headers[name] ?? "") + 4;
  return bytes;
}

/** The size of each record of a batch in bytes. Throws `bus_refused` for a record that no adapter takes. */
export function recordSizes(batch: OutgoingBatch): number[] {
  checkRecords(batch);
  return batch.records.map(recordBytes);
}

/** Throws `bus_refused` for a record that no adapter takes. */
export function checkRecords(batch: OutgoingBatch): void {
  for (const { value, timestampMs } of batch.records) {
    // Only what may be too much is measured: a UTF-16 unit is at most three bytes.
    if (3 * value.length > MAX_VALUE_BYTES) refuseLargeValue(batch, Buffer.byteLength(value));
    if (!Number.isSafeInteger(timestampMs) || timestampMs < 0) {
      throw refused(batch, `the time ${timestampMs}, whole milliseconds since the epoch are taken`);
    }
  }
}

export function sumOf(sizes: readonly number[]): number {
  let total = 0;
  for (const size of sizes) total += size;
  return total;
}

function refuseLargeValue(batch: OutgoingBatch, bytes: number): void {
  if (bytes > MAX_VALUE_BYTES)
    throw refused(batch, `a value of ${bytes} bytes, at most ${MAX_VALUE_BYTES} are taken`);
}

function refused({ topic, partition }: OutgoingBatch, what: string): BusError {
  return new BusError("bus_refused", `a record for ${topic}/${partition} has ${what}`, { retryable: false });
}
