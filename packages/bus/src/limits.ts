import { BusError } from "./bus-error.ts";
import type { OutgoingBatch, OutgoingRecord } from "./port.ts";

/**
 * The largest value, in bytes of UTF-8, that both adapters take: what a Kafka broker with default settings
 * (message.max.bytes) accepts with room for key and headers.
 */
export const MAX_VALUE_BYTES: number = 1_000_000;

/** What a record takes besides its value: key, headers, lengths. An estimate to bound buffers and batches. */
const RECORD_OVERHEAD_BYTES = 400;

/** A record's size in bytes, never less than what is sent for usual headers. */
export function recordBytes(record: OutgoingRecord): number {
  return Buffer.byteLength(record.value) + RECORD_OVERHEAD_BYTES;
}

/** The bytes of a batch. Throws `bus_refused` for a record that no adapter takes. */
export function batchBytes(batch: OutgoingBatch): number {
  let total = 0;
  for (const record of batch.records) {
    const bytes = recordBytes(record);
    if (bytes - RECORD_OVERHEAD_BYTES > MAX_VALUE_BYTES) {
      throw refused(
        batch,
        `a value of ${bytes - RECORD_OVERHEAD_BYTES} bytes, at most ${MAX_VALUE_BYTES} are taken`,
      );
    }
    if (!Number.isSafeInteger(record.timestampMs) || record.timestampMs < 0) {
      throw refused(batch, `the time ${record.timestampMs}, whole milliseconds since the epoch are taken`);
    }
    total += bytes;
  }
  return total;
}

function refused({ topic, partition }: OutgoingBatch, what: string): BusError {
  return new BusError("bus_refused", `a record for ${topic}/${partition} has ${what}`, { retryable: false });
}
