import type { BusRecord, OutgoingRecord, TopicInfo } from "../port.ts";
import type { RunToStore } from "./frame.ts";
import type { Run } from "./run-cache.ts";

/** One run holds at most this many records: what is decoded at once when it is read from disk. */
const MAX_RUN_RECORDS = 1024;
const MAX_RUN_BYTES = 2_000_000;
/** What a record takes in memory besides its value. */
const ABOUT_HEADER_BYTES = 300;

/** One partition's log, as it is in memory. Offsets are safe integers inside this adapter. */
export interface PartitionLog {
  readonly number: number;
  readonly topic: string;
  readonly partition: number;
  /** Nothing is lost as long as the topic is the same. */
  readonly lineage: string;
  earliest: number;
  /** The offset after the last durable record. */
  next: number;
  /** The highest time of any record so far. */
  highMs: number;
  /** Called after records were appended. */
  readonly listeners: Set<() => void>;
  /** Who reads it now: what all of them have read need not stay in memory. */
  readonly followers: Follower[];
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

/** Adds the records as runs with their offsets, as they will be stored and as they are handed to who follows closely. */
export function addRuns(runs: NewRun[], log: PartitionLog, records: readonly OutgoingRecord[]): void {
  let { highMs } = log;
  let start = 0;
  while (start < records.length) {
    let end = start;
    let bytes = 0;
    let maxMs = 0;
    for (; end < records.length; end++) {
      const { value, timestampMs } = records[end] as OutgoingRecord;
      const size = value.length + ABOUT_HEADER_BYTES;
      if (end > start && (end - start >= MAX_RUN_RECORDS || bytes + size > MAX_RUN_BYTES)) break;
      bytes += size;
      if (timestampMs > maxMs) maxMs = timestampMs;
    }
    const part = start === 0 && end === records.length ? records : records.slice(start, end);
    const base = log.next + start;
    highMs = Math.max(highMs, maxMs);
    const run = { base, bytes, records: asBusRecords(log, base, part) };
    runs.push({ log, run, partition: log.number, base, records: part, maxMs, highMs });
    start = end;
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
  const { topic, partition } = log;
  const made: BusRecord[] = new Array(records.length);
  for (let index = 0; index < records.length; index++) {
    const { key, value, headers, timestampMs, decoded } = records[index] as OutgoingRecord;
    made[index] = {
      topic,
      partition,
      offset: BigInt(base + index),
      key,
      value,
      headers,
      timestampMs,
      decoded,
      read: undefined,
    };
  }
  return made;
}
