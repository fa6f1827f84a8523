import type { DatabaseSync } from "node:sqlite";
import { present } from "@bourse/base";
import { BusError } from "../bus-error.ts";
import type { OutgoingRecord, StartPosition, TopicPartition, TopicSpec } from "../port.ts";
import { type GroupOffsets, groupOffsets } from "./group-offsets.ts";
import { openLogFile } from "./log-file.ts";
import { type PartitionLog, runsOf, type TopicLog } from "./partition-log.ts";
import { type Run, type RunCache, runCache } from "./run-cache.ts";
import { decodeRun, encodeRun } from "./run-codec.ts";
import { busErrorOf } from "./sqlite-failure.ts";
import { type LogStatements, logStatements, type StoredPartition } from "./statements.ts";

/** How many runs of one partition one pass of retention drops: bounds how long the process stands still. */
const RETENTION_RUNS_PER_PASS = 256;
const FETCHED_CACHE_BYTES = 8_000_000;
/** By the time of the records, which is near enough. */
const MAX_AGE_MS = 1_000;

/** The topics and records of one folder. Every method is synchronous; errors are {@link BusError}. */
export class EventLog {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #closeFile: () => void;
  readonly #sql: LogStatements;
  readonly #groupOffsets: GroupOffsets;
  readonly #topics = new Map<string, TopicLog>();
  readonly #recent: RunCache;
  readonly #fetched: RunCache = runCache(FETCHED_CACHE_BYTES, Number.POSITIVE_INFINITY);
  #diskReads = 0;
  #syncs = 0;

  constructor(folder: string, recentBytes: number) {
    const file = openLogFile(folder);
    this.#database = file.database;
    this.#path = file.path;
    this.#closeFile = file.close;
    this.#recent = runCache(recentBytes, MAX_AGE_MS);
    try {
      this.#sql = logStatements(file.database);
      this.#groupOffsets = groupOffsets(this.#sql);
      this.#load();
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
      partitions: created.partitions.map((number, partition) => ({
        number,
        topic: spec.name,
        partition,
        earliest: 0,
        next: 0,
        highMs: 0,
        listeners: new Set<() => void>(),
      })),
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
      for (const log of topic.partitions) this.#sql.deletePartition(log.number);
      this.#sql.deleteTopic(topic.number);
    });
    this.#topics.delete(name);
    for (const log of topic.partitions) {
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
   * Appends to each partition, in one transaction that is synced when this returns, unless that is not asked for. The
   * write-ahead log is one file: what is synced later is never there without what came before. Answers the first offsets.
   */
  append(
    appends: ReadonlyMap<PartitionLog, readonly OutgoingRecord[]>,
    sync: boolean,
  ): ReadonlyMap<PartitionLog, number> {
    const written = Array.from(appends, ([log, records]) => [...runsOf(log, records)]).flat();
    if (sync) this.#syncs++;
    this.#sql.syncCommits(sync);
    this.#transaction(() => {
      for (const { log, sent, run, maxMs, highMs } of written) {
        const head = { number: log.number, base: run.base, count: sent.length, maxMs, highMs };
        this.#sql.insertRun(head, encodeRun(sent));
      }
      this.#groupOffsets.write();
    });
    this.#groupOffsets.written();
    const firstOffsets = new Map(Array.from(appends.keys(), (log) => [log, log.next]));
    for (const { log, run, maxMs, highMs } of written) {
      this.#recent.put(log.number, run, maxMs);
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
      const found = present(
        this.#sql.runBefore(log.number, offset),
        `the run of ${log.topic}/${log.partition} at ${offset}`,
      );
      const cached = this.#recent.get(log.number, found.base) ?? this.#fetched.get(log.number, found.base);
      if (cached !== undefined) return cached;
      const records = decodeRun({ at: log, base: found.base, count: found.count, body: found.body });
      const run: Run = { base: found.base, records, bytes: found.body.byteLength * 3 };
      this.#fetched.put(log.number, run, 0);
      return run;
    } catch (cause) {
      throw busErrorOf(cause, this.#path);
    }
  }

  /** The first offset whose record's time is at or after `timestampMs`, or the end. */
  offsetAt(log: PartitionLog, timestampMs: number): number {
    // The highest time so far never falls along the log, so the run is found by halving (each step by the index).
    let low = log.earliest;
    let high = log.next;
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      const run = present(this.#sql.runHeadBefore(log.number, middle), "a run before every offset");
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

  /** Drops whole runs whose newest record is older than the topic keeps them. True when there may be more to drop. */
  dropExpired(nowMs: number): boolean {
    let more = false;
    for (const topic of this.#topics.values()) {
      if (topic.retentionMs < 0) continue;
      for (const log of topic.partitions) {
        if (this.#dropExpiredOf(log, nowMs - topic.retentionMs)) more = true;
      }
    }
    return more;
  }

  #dropExpiredOf(log: PartitionLog, beforeMs: number): boolean {
    if (log.earliest === log.next) return false;
    const runs = this.#sql.oldestRuns(log.number, RETENTION_RUNS_PER_PASS);
    let end = log.earliest;
    for (const run of runs) {
      if (run.maxMs >= beforeMs) break;
      end = run.base + run.count;
    }
    if (end === log.earliest) return false;
    this.#synced(() => this.#sql.dropRuns(log.number, end));
    log.earliest = end;
    return runs.length === RETENTION_RUNS_PER_PASS;
  }

  /** What groups have committed. A new offset is written with the next append, or by {@link flushHints}. */
  get groupOffsets(): GroupOffsets {
    return this.#groupOffsets;
  }

  flushHints(): void {
    if (!this.#groupOffsets.hasUnwritten) return;
    // Marks say where consumers go on (R5): a hint that is lost with the power costs nothing.
    this.#sql.syncCommits(false);
    this.#transaction(() => this.#groupOffsets.write());
    this.#groupOffsets.written();
  }

  close(): void {
    this.#closeFile();
  }

  #load(): void {
    for (const topic of this.#sql.topics()) {
      const partitions = this.#sql
        .partitions(topic.number)
        .map((stored) => this.#loadPartition(topic.info.name, stored));
      this.#topics.set(topic.info.name, { ...topic, partitions });
    }
    const byNumber = new Map<number, PartitionLog>();
    for (const topic of this.#topics.values())
      for (const log of topic.partitions) byNumber.set(log.number, log);
    for (const stored of this.#sql.groupOffsets()) {
      const log = byNumber.get(stored.partitionNumber);
      if (log === undefined) continue;
      this.#groupOffsets.load(stored.group, log, stored.nextOffset);
    }
  }

  #loadPartition(topic: string, { number, partition, earliest }: StoredPartition): PartitionLog {
    const last = this.#sql.runBefore(number, Number.MAX_SAFE_INTEGER);
    if (last !== undefined) {
      // The newest run is the one that a torn write would have damaged.
      decodeRun({ at: { topic, partition }, base: last.base, count: last.count, body: last.body });
    }
    return {
      number,
      topic,
      partition,
      earliest,
      next: last === undefined ? earliest : last.base + last.count,
      highMs: last?.highMs ?? 0,
      listeners: new Set(),
    };
  }

  /** Topics and retention; appends say whether they are synced. */
  #synced<T>(body: () => T): T {
    this.#sql.syncCommits(true);
    return this.#transaction(body);
  }

  #transaction<T>(body: () => T): T {
    let committing = false;
    try {
      this.#sql.begin();
      const result = body();
      committing = true;
      this.#sql.commit();
      return result;
    } catch (cause) {
      throw this.#failedTransaction(cause, committing);
    }
  }

  /** Rolls back; where even COMMIT failed the file says what is there, and the sender does not know. */
  #failedTransaction(cause: unknown, committing: boolean): BusError {
    if (this.#database.isOpen && this.#database.isTransaction) this.#sql.rollback();
    if (!committing) return busErrorOf(cause, this.#path);
    for (const topic of this.#topics.values()) {
      for (const log of topic.partitions) {
        const last = this.#sql.runHeadBefore(log.number, Number.MAX_SAFE_INTEGER);
        log.next = last === undefined ? log.earliest : last.base + last.count;
      }
    }
    return new BusError("bus_outcome_unknown", `the event log ${this.#path} could not be synced`, {
      retryable: true,
      cause,
    });
  }
}
