import { assert } from "@bourse/base";
import { BusError, LogChangedError, lostEnd } from "../bus-error.ts";
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
  let bytes = 0;
  for (const { value } of batch.records) bytes += value.length + HEADER_BYTES;
  return bytes;
}

/** Where each batch of a call lies in what its partition gets. */
interface Placed {
  readonly call: Call;
  readonly indexes: readonly number[];
}

/** What each partition gets: the records of its only batch, or those of several in a list of their own. */
class Appends {
  readonly byPartition = new Map<PartitionLog, readonly OutgoingRecord[]>();
  #joined: Map<PartitionLog, OutgoingRecord[]> | undefined;

  /** How many records of the partition lie before these. */
  add(partition: PartitionLog, records: readonly OutgoingRecord[]): number {
    const before = this.byPartition.get(partition);
    if (before === undefined) {
      this.byPartition.set(partition, records);
      return 0;
    }
    this.#joined ??= new Map();
    let joined = this.#joined.get(partition);
    if (joined === undefined) {
      joined = [...before];
      this.#joined.set(partition, joined);
      this.byPartition.set(partition, joined);
    }
    const start = joined.length;
    for (const record of records) joined.push(record);
    return start;
  }
}

function appendCalls(log: EventLog, calls: readonly Call[]): void {
  const appends = new Appends();
  const placed: Placed[] = [];
  let sync = false;
  for (const call of calls) {
    sync ||= call.batches.some((batch) => batch.isKept !== true);
    if (isLive(log, call) && isWhole(call)) placed.push({ call, indexes: place(call, appends) });
  }
  try {
    const firstOffsets = log.append(appends.byPartition, sync);
    for (const { call, indexes } of placed) call.resolve(sentBatches(call, indexes, firstOffsets));
  } catch (cause) {
    for (const { call } of placed) call.reject(cause);
    return;
  }
  for (const partition of appends.byPartition.keys()) for (const listener of partition.listeners) listener();
}

/** A topic may have been deleted since the call was made. */
function isLive(log: EventLog, call: Call): boolean {
  const gone = call.logs.find((partition) => !log.has(partition));
  if (gone === undefined) return true;
  call.reject(new BusError("unknown_topic", `topic ${gone.topic} was deleted`, { retryable: false }));
  return false;
}

/** Nothing is lost here while the process lives; a topic may have been made anew. */
function isWhole(call: Call): boolean {
  for (const [index, batch] of call.batches.entries()) {
    const { behind, lineage } = batch;
    const log = call.logs[index] as PartitionLog;
    const isShorter = behind !== undefined && BigInt(log.next) < behind;
    const isChanged = lineage !== undefined && lineage !== log.lineage;
    if (!isShorter && !isChanged) continue;
    call.reject(isShorter ? lostEnd(batch, BigInt(log.next)) : new LogChangedError(batch, log.lineage));
    return false;
  }
  return true;
}

function place(call: Call, appends: Appends): readonly number[] {
  return call.batches.map((batch, index) => {
    const partition = call.logs[index];
    assert(partition !== undefined, "every batch has its partition");
    return appends.add(partition, batch.records);
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
