import type { BusRecord, OutgoingRecord, TopicInfo } from "../port.ts";
import type { RunToStore } from "./frame.ts";
import type { Run } from "./run-cache.ts";

/** One run holds at most this many records: what is decoded at once when it is read from disk. */
const MAX_RUN_RECORDS = 1024;
const MAX_RUN_BYTES = 2_000_000;

/** One partition's log, as it is in memory. Offsets are safe integers inside this adapter. */
export interface PartitionLog {
  readonly number: number;
  readonly topic: string;
  readonly partition: number;
  earliest: number;
  /** The offset after the last durable record. */
  next: number;
  /** The highest time of any record so far. */
  highMs: number;
  /** Called after records were appended. */
  readonly listeners: Set<() => void>;
  /** Who reads it now: what all of them have read need not stay in memory. */
  readonly followers: Set<Follower>;
}

export interface Follower {
  /** The offset of the next record it will read. */
  readonly position: number;
}

export interface TopicLog {
  readonly number: number;
  readonly info: TopicInfo;
  retentionMs: number;
  readonly partitions: readonly PartitionLog[];
}

/** The records as runs with their offsets, as they will be stored and as they are handed to who follows closely. */
export function* runsOf(log: PartitionLog, records: readonly OutgoingRecord[]): Generator<NewRun> {
  let base = log.next;
  let highMs = log.highMs;
  for (const part of inParts(records)) {
    const maxMs = part.records.reduce((highest, record) => Math.max(highest, record.timestampMs), 0);
    highMs = Math.max(highMs, maxMs);
    const run = { base, bytes: part.bytes, records: asBusRecords(log, base, part.records) };
    yield { log, run, partition: log.number, base, records: part.records, maxMs, highMs };
    base += part.records.length;
  }
}

export interface NewRun extends RunToStore {
  readonly log: PartitionLog;
  /** As who follows closely gets it. */
  readonly run: Run;
}

function asBusRecords(
  log: PartitionLog,
  base: number,
  records: readonly OutgoingRecord[],
): readonly BusRecord[] {
  return records.map((record, index) => ({
    topic: log.topic,
    partition: log.partition,
    offset: BigInt(base + index),
    key: record.key,
    value: record.value,
    headers: record.headers,
    timestampMs: record.timestampMs,
    decoded: record.decoded,
    read: undefined,
  }));
}

function* inParts(
  records: readonly OutgoingRecord[],
): Generator<{ readonly records: readonly OutgoingRecord[]; readonly bytes: number }> {
  let start = 0;
  let bytes = 0;
  for (let index = 0; index < records.length; index++) {
    const size = (records[index]?.value.length ?? 0) + 300;
    if (index > start && (index - start >= MAX_RUN_RECORDS || bytes + size > MAX_RUN_BYTES)) {
      yield { records: records.slice(start, index), bytes };
      start = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < records.length) yield { records: start === 0 ? records : records.slice(start), bytes };
}
