import { assert } from "@bourse/base";
import { BusError } from "../bus-error.ts";
import { checkRecords } from "../limits.ts";
import type { OutgoingBatch, OutgoingRecord, SentBatch } from "../port.ts";
import type { EventLog } from "./event-log.ts";
import type { PartitionLog } from "./partition-log.ts";

/** One append takes about this much, so that a flood of sends can't hold the event loop for long. */
const MAX_APPEND_BYTES = 8_000_000;
/** Senders that don't wait for their answers are refused beyond this. */
const MAX_WAITING_BYTES = 256_000_000;

/** What key and headers of a record take, about. */
const HEADER_BYTES = 200;

interface Call {
  readonly batches: readonly OutgoingBatch[];
  /** The partition of each batch. */
  readonly logs: readonly PartitionLog[];
  readonly bytes: number;
  readonly resolve: (sent: readonly SentBatch[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers the sends of one turn of the event loop into one append for all topics together, synced unless the senders keep it all (R9). */
export interface Appender {
  send(batches: readonly OutgoingBatch[]): Promise<readonly SentBatch[]>;
  /** Appends all that waits, now. */
  drain(): void;
}

export function appender(log: EventLog): Appender {
  let waiting: Call[] = [];
  let waitingBytes = 0;
  let scheduled = false;

  const appendSome = (): void => {
    let count = 0;
    let bytes = 0;
    for (const call of waiting) {
      if (count > 0 && bytes + call.bytes > MAX_APPEND_BYTES) break;
      bytes += call.bytes;
      count++;
    }
    const calls = waiting.slice(0, count);
    waiting = waiting.slice(count);
    waitingBytes -= bytes;
    appendCalls(log, calls);
  };

  const turn = (): void => {
    scheduled = false;
    if (waiting.length > 0) appendSome();
    if (waiting.length > 0) schedule();
  };

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(turn);
  };

  return {
    send: (batches) =>
      new Promise((resolve, reject) => {
        const logs = batches.map((batch) => log.partition(batch));
        const bytes = batches.reduce((sum, batch) => sum + aboutBytes(batch), 0);
        if (waitingBytes + bytes > MAX_WAITING_BYTES && waiting.length > 0) {
          throw new BusError("bus_unavailable", `${waitingBytes} bytes wait to be written`, {
            retryable: true,
          });
        }
        waiting.push({ batches, logs, bytes, resolve, reject });
        waitingBytes += bytes;
        schedule();
      }),
    drain: () => {
      while (waiting.length > 0) appendSome();
    },
  };
}

/** Near enough for the bounds above. Throws `bus_refused` for a record that can't be written. */
function aboutBytes(batch: OutgoingBatch): number {
  checkRecords(batch);
  return batch.records.reduce((sum, { value }) => sum + value.length + HEADER_BYTES, 0);
}

/** Where each batch of a call lies in what its partition gets. */
interface Placed {
  readonly call: Call;
  readonly indexes: readonly number[];
}

function appendCalls(log: EventLog, calls: readonly Call[]): void {
  const appends = new Map<PartitionLog, OutgoingRecord[]>();
  const placed = calls
    .filter((call) => isLive(log, call))
    .map((call): Placed => ({ call, indexes: place(call, appends) }));
  try {
    const sync = calls.some((call) => call.batches.some((batch) => batch.isKept !== true));
    const firstOffsets = log.append(appends, sync);
    for (const { call, indexes } of placed) call.resolve(sentBatches(call, indexes, firstOffsets));
  } catch (cause) {
    for (const { call } of placed) call.reject(cause);
    return;
  }
  for (const partition of appends.keys()) for (const listener of partition.listeners) listener();
}

/** A topic may have been deleted since the call was made. */
function isLive(log: EventLog, call: Call): boolean {
  const gone = call.logs.find((partition) => !log.has(partition));
  if (gone === undefined) return true;
  call.reject(new BusError("unknown_topic", `topic ${gone.topic} was deleted`, { retryable: false }));
  return false;
}

function place(call: Call, appends: Map<PartitionLog, OutgoingRecord[]>): readonly number[] {
  return call.batches.map((batch, index) => {
    const partition = call.logs[index];
    assert(partition !== undefined, "every batch has its partition");
    const records = appends.get(partition);
    if (records === undefined) {
      appends.set(partition, [...batch.records]);
      return 0;
    }
    const start = records.length;
    for (const record of batch.records) records.push(record);
    return start;
  });
}

function sentBatches(
  call: Call,
  indexes: readonly number[],
  firstOffsets: ReadonlyMap<PartitionLog, number>,
): readonly SentBatch[] {
  return call.batches.map(({ topic, partition }, index) => {
    const log = call.logs[index];
    const base = log === undefined ? undefined : firstOffsets.get(log);
    return { topic, partition, firstOffset: BigInt((base ?? 0) + (indexes[index] ?? 0)) };
  });
}
