import { present, type RetentionHour } from "@bourse/base";
import { BusError } from "../bus-error.ts";
import type { OutgoingRecord, StartPosition, TopicSpec } from "../port.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { convertFormat1 } from "./convert-format-1.ts";
import { type GroupOffsets, groupOffsets } from "./group-offsets.ts";
import type { LogPlace } from "./load-segments.ts";
import { type LogDisk, NODE_DISK } from "./log-disk.ts";
import { FORMAT_WITH_RUNS, type LogFile, openLogFile } from "./log-file.ts";
import { addRuns, type NewRun, type PartitionLog, type TopicLog } from "./partition-log.ts";
import { type Run, type RunCache, runCache } from "./run-cache.ts";
import { decodeRun } from "./run-codec.ts";
import { SegmentLog } from "./segment-log.ts";
import { busErrorOf } from "./sqlite-failure.ts";
import { type LogStatements, logStatements } from "./statements.ts";

const SEGMENT_BYTES = 64_000_000;
const FETCHED_CACHE_BYTES = 8_000_000;
/** By the time of the records, which is near enough. */
const MAX_AGE_MS = 1_000;

export interface EventLogOptions {
  readonly folder: string;
  /** How much of the newest records stays in memory. */
  readonly recentBytes: number;
  /** When a file of the log is followed by the next one. Default 64 MB. */
  readonly segmentBytes?: number;
  /** Told in a sentence what a start had to do to the log. */
  readonly notice?: (line: string) => void;
  readonly disk?: LogDisk;
}

/**
 * The topics and records of one folder. What is known of topics lies in a small SQLite file, the records in segments
 * (0030). Methods are synchronous but for {@link EventLog.reclaim}; errors are {@link BusError}.
 */
export class EventLog {
  readonly #file: LogFile;
  readonly #sql: LogStatements;
  readonly #segments: SegmentLog;
  readonly #groupOffsets: GroupOffsets;
  readonly #topics = new Map<string, TopicLog>();
  readonly #byNumber = new Map<number, PartitionLog>();
  readonly #recent: RunCache;
  readonly #fetched: RunCache = runCache(FETCHED_CACHE_BYTES, Number.POSITIVE_INFINITY);
  #writtenPlace: LogPlace | undefined;
  #diskReads = 0;
  #syncs = 0;

  constructor(options: EventLogOptions) {
    const {
      folder,
      recentBytes,
      segmentBytes = SEGMENT_BYTES,
      notice = () => {},
      disk = NODE_DISK,
    } = options;
    this.#recent = runCache(recentBytes, MAX_AGE_MS);
    const file = openLogFile(folder);
    this.#file = file;
    try {
      if (file.format === FORMAT_WITH_RUNS) {
        convertFormat1(file.database, { folder, disk, segmentBytes, notice });
        notice(`the event log ${file.path} had its records in a table; they are in segments now`);
      }
      this.#sql = logStatements(file.database);
      this.#groupOffsets = groupOffsets(this.#sql);
      this.#loadTopics();
      this.#writtenPlace = this.#sql.durable();
      this.#segments = new SegmentLog({
        folder,
        segmentBytes,
        disk,
        notice,
        durable: this.#writtenPlace,
        earliestOf: (partition) => this.#byNumber.get(partition)?.earliest,
      });
      for (const log of this.#byNumber.values()) this.#setEnd(log);
      this.#loadGroupOffsets();
    } catch (cause) {
      file.close();
      throw busErrorOf(cause, file.path);
    }
  }

  /** Counts reads that went to the file: whoever reads much of it at once gives way to others in between. */
  get diskReads(): number {
    return this.#diskReads;
  }

  /** Counts the appends that waited for the disk. */
  get syncs(): number {
    return this.#syncs;
  }

  get topics(): ReadonlyMap<string, TopicLog> {
    return this.#topics;
  }

  topic(name: string): TopicLog {
    const topic = this.#topics.get(name);
    if (topic === undefined) {
      throw new BusError("unknown_topic", `there is no topic ${name}`, { retryable: false });
    }
    return topic;
  }

  partition({ topic, partition }: TopicPartition): PartitionLog {
    const log = this.topic(topic).partitions[partition];
    if (log === undefined) {
      throw new BusError("unknown_topic", `topic ${topic} has no partition ${partition}`, {
        retryable: false,
      });
    }
    return log;
  }

  createTopic(spec: TopicSpec): void {
    const created = this.#synced(() => {
      const { number, id } = this.#sql.insertTopic(spec);
      const partitions = Array.from({ length: spec.partitions }, (_, partition) =>
        this.#sql.insertPartition(number, partition),
      );
      return { number, id, partitions };
    });
    this.#topics.set(spec.name, {
      number: created.number,
      info: { name: spec.name, id: created.id, partitions: spec.partitions },
      retentionMs: spec.retentionMs,
      partitions: created.partitions.map((number, partition) =>
        this.#partitionLog({ number, topic: spec.name, lineage: created.id, partition, earliest: 0 }),
      ),
    });
  }

  setRetention(name: string, retentionMs: number): void {
    const topic = this.topic(name);
    if (topic.retentionMs === retentionMs) return;
    this.#synced(() => this.#sql.setRetention(topic.number, retentionMs));
    topic.retentionMs = retentionMs;
  }

  deleteTopic(name: string): void {
    const topic = this.topic(name);
    this.#synced(() => {
      for (const log of topic.partitions) this.#sql.deleteGroupOffsets(log.number);
      this.#sql.deleteTopic(topic.number);
    });
    this.#topics.delete(name);
    for (const log of topic.partitions) {
      this.#byNumber.delete(log.number);
      this.#segments.forget(log.number);
      this.#recent.drop(log.number);
      this.#fetched.drop(log.number);
      this.#groupOffsets.forget(log);
    }
  }

  /** Whether a partition is still there. */
  has(log: PartitionLog): boolean {
    return this.#topics.get(log.topic)?.partitions[log.partition] === log;
  }

  /**
   * Appends to each partition, in one write that is synced when this returns, unless that is not asked for. The log is
   * one order: what is synced later is never there without what came before. Answers the first offsets.
   */
  append(
    appends: ReadonlyMap<PartitionLog, readonly OutgoingRecord[]>,
    sync: boolean,
  ): ReadonlyMap<PartitionLog, number> {
    const written: NewRun[] = [];
    const firstOffsets = new Map<PartitionLog, number>();
    for (const [log, records] of appends) {
      firstOffsets.set(log, log.next);
      addRuns(written, log, records);
    }
    if (sync) this.#syncs++;
    if (written.length > 0) this.#segments.append(written, sync);
    for (const { log, run, maxMs, highMs } of written) {
      if (log.followers.length > 0) this.#recent.put(log.number, run, maxMs);
      log.next = run.base + run.records.length;
      log.highMs = highMs;
    }
    return firstOffsets;
  }

  /**
   * The run that has the record at `offset`, or undefined at the end of the log. Records of runs that came lately are
   * the very objects that were sent, with `decoded`.
   */
  runAt(log: PartitionLog, offset: number): Run | undefined {
    if (offset >= log.next) return undefined;
    const known = this.#recent.get(log.number, offset) ?? this.#fetched.get(log.number, offset);
    if (known !== undefined) return known;
    try {
      this.#diskReads++;
      const { base } = this.#segments.entry(log.number, offset);
      const cached = this.#recent.get(log.number, base) ?? this.#fetched.get(log.number, base);
      if (cached !== undefined) return cached;
      const { count, maxMs, body } = this.#segments.read(log.number, offset);
      const records = decodeRun({ at: log, base, count, maxMs, body });
      const run: Run = { base, records, bytes: body.byteLength * 3 };
      this.#fetched.put(log.number, run, 0);
      return run;
    } catch (cause) {
      throw busErrorOf(cause, this.#file.path);
    }
  }

  /** Forgets what everybody who follows a partition has read. */
  release(log: PartitionLog): void {
    let before = log.next;
    for (const { position } of log.followers) before = Math.min(before, position);
    this.#recent.release(log.number, before);
  }

  /** The first offset whose record's time is at or after `timestampMs`, or the end. */
  offsetAt(log: PartitionLog, timestampMs: number): number {
    // The highest time so far never falls along the log, so the run is found by halving (each step by the tables of runs).
    let low = log.earliest;
    let high = log.next;
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      const run = this.#segments.entry(log.number, middle);
      if (run.highMs >= timestampMs) high = run.base;
      else low = run.base + run.count;
    }
    for (let offset = low; offset < log.next; ) {
      const run = present(this.runAt(log, offset), "a run below the end");
      const index = run.records.findIndex((record) => record.timestampMs >= timestampMs);
      if (index >= 0) return run.base + index;
      offset = run.base + run.records.length;
    }
    return log.next;
  }

  /** Where reading starts: an offset that is not there falls to the earliest (R5). */
  resolve(log: PartitionLog, position: StartPosition): number {
    if (position === "earliest") return log.earliest;
    if (position === "latest") return log.next;
    const offset = Number(position);
    return offset >= log.earliest && offset <= log.next ? offset : log.earliest;
  }

  /** The hours of the retention clock that drops its records. */
  retentionHours(): readonly RetentionHour[] {
    return this.#sql.retentionHours();
  }

  /** Keeps an hour, and none before `first`. What is lost of it with the power is a minute that nobody counts. */
  keepRetentionHour(hour: RetentionHour, first: number): void {
    this.#transaction({ sync: false }, () => {
      this.#sql.setRetentionHour(hour);
      this.#sql.deleteRetentionHours(first);
    });
  }

  /** Of the topics that don't keep their records for ever. */
  get longestRetentionMs(): number {
    return Math.max(0, ...Array.from(this.#topics.values(), ({ retentionMs }) => retentionMs));
  }

  /**
   * Drops whole runs whose newest record is stamped before the cutoff of their topic's retention.
   * {@link EventLog.reclaim} makes space of it.
   */
  dropExpired(cutoffMs: (retentionMs: number) => number): void {
    const dropped = new Map<PartitionLog, number>();
    for (const { retentionMs, partitions } of this.#topics.values()) {
      if (retentionMs < 0) continue;
      for (const log of partitions) {
        const end = this.#segments.endOfOlder(log.number, log.earliest, cutoffMs(retentionMs));
        if (end > log.earliest) dropped.set(log, end);
      }
    }
    if (dropped.size === 0) return;
    this.#synced(() => {
      for (const [log, end] of dropped) this.#sql.setEarliest(log.number, end);
    });
    for (const [log, end] of dropped) {
      log.earliest = end;
      this.#segments.forget(log.number);
    }
  }

  /** Gives the disk back what was dropped, beside everything else. */
  async reclaim(): Promise<void> {
    try {
      await this.#segments.reclaim();
    } catch (cause) {
      throw busErrorOf(cause, this.#file.path);
    }
  }

  /** {@link EventLog.reclaim} ends soon, and for good. */
  stopReclaiming(): void {
    this.#segments.stopReclaiming();
  }

  /** What groups have committed. A new offset is written by {@link flushHints}. */
  get groupOffsets(): GroupOffsets {
    return this.#groupOffsets;
  }

  /** Writes down what groups have committed, and up to where the segments are durable. */
  flushHints(): void {
    const place = this.#segments.durable;
    const { segment, position } = this.#writtenPlace ?? {};
    const hasMoved = place.segment !== segment || place.position !== position;
    if (!hasMoved && !this.#groupOffsets.hasUnwritten) return;
    // Marks say where consumers go on (R5): a hint that is lost with the power costs nothing.
    this.#transaction({ sync: false }, () => {
      this.#groupOffsets.write();
      this.#sql.setDurable(place);
    });
    this.#groupOffsets.written();
    this.#writtenPlace = place;
  }

  /** Syncs what has been appended, and lets the folder go. */
  close(): void {
    try {
      this.#segments.sync();
      this.flushHints();
    } finally {
      this.#segments.close();
      this.#file.close();
    }
  }

  #loadTopics(): void {
    for (const topic of this.#sql.topics()) {
      const { name } = topic.info;
      const partitions = this.#sql
        .partitions(topic.number)
        .map((stored) => this.#partitionLog({ ...stored, topic: name, lineage: topic.info.id }));
      this.#topics.set(name, { ...topic, partitions });
    }
  }

  #partitionLog(
    known: Pick<PartitionLog, "number" | "topic" | "partition" | "lineage" | "earliest">,
  ): PartitionLog {
    const log: PartitionLog = {
      ...known,
      next: known.earliest,
      highMs: 0,
      listeners: new Set(),
      followers: [],
    };
    this.#byNumber.set(log.number, log);
    return log;
  }

  #setEnd(log: PartitionLog): void {
    const end = this.#segments.endOf(log.number);
    log.next = end?.end ?? log.earliest;
    log.highMs = end?.highMs ?? 0;
  }

  #loadGroupOffsets(): void {
    for (const { group, partitionNumber, nextOffset } of this.#sql.groupOffsets()) {
      const log = this.#byNumber.get(partitionNumber);
      // The log may have lost its end with the power, and the hint not.
      if (log !== undefined) this.#groupOffsets.load(group, log, Math.min(nextOffset, log.next));
    }
  }

  #synced<T>(body: () => T): T {
    return this.#transaction({ sync: true }, body);
  }

  #transaction<T>(options: { readonly sync: boolean }, body: () => T): T {
    try {
      return this.#sql.transaction(options, body);
    } catch (cause) {
      throw busErrorOf(cause, this.#file.path);
    }
  }
}
