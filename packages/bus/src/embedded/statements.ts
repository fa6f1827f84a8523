import type { DatabaseSync } from "node:sqlite";
import type { TopicInfo, TopicSpec } from "../port.ts";

export interface StoredTopic {
  readonly number: number;
  readonly info: TopicInfo;
  readonly retentionMs: number;
}

export interface StoredPartition {
  readonly number: number;
  readonly partition: number;
  readonly earliest: number;
}

/** Everything of a run but its body. */
export interface RunHead {
  readonly base: number;
  readonly count: number;
  readonly maxMs: number;
  readonly highMs: number;
}

/** The statements of the log, prepared once, with their rows given types. */
export interface LogStatements {
  /** Outside a transaction: whether the commits that follow wait for the disk (SQLite's synchronous FULL, or NORMAL). */
  syncCommits(sync: boolean): void;
  begin(): void;
  commit(): void;
  rollback(): void;
  topics(): readonly StoredTopic[];
  /** Its id is made by the storage, as a broker makes it. */
  insertTopic(spec: TopicSpec): { readonly number: number; readonly id: string };
  setRetention(topicNumber: number, retentionMs: number): void;
  deleteTopic(topicNumber: number): void;
  partitions(topicNumber: number): readonly StoredPartition[];
  insertPartition(topicNumber: number, partition: number): number;
  deletePartition(partitionNumber: number): void;
  insertRun(head: RunHead & { readonly number: number }, body: Uint8Array): void;
  /** The last run that starts at or before an offset. */
  runBefore(partitionNumber: number, offset: number): (RunHead & { readonly body: Uint8Array }) | undefined;
  runHeadBefore(partitionNumber: number, offset: number): RunHead | undefined;
  oldestRuns(partitionNumber: number, limit: number): readonly RunHead[];
  /** Drops the runs below an offset, which becomes the earliest. */
  dropRuns(partitionNumber: number, before: number): void;
  groupOffsets(): readonly {
    readonly group: string;
    readonly partitionNumber: number;
    readonly nextOffset: number;
  }[];
  setGroupOffset(group: string, partitionNumber: number, nextOffset: number): void;
}

const RUN_HEAD = `base, count, max_ms AS "maxMs", high_ms AS "highMs"`;
const RUN_BEFORE = "FROM runs WHERE partition_number = ? AND base <= ? ORDER BY base DESC LIMIT 1";

export function logStatements(database: DatabaseSync): LogStatements {
  const prepare = (sql: string) => database.prepare(sql);
  let syncing = true;
  const begin = prepare("BEGIN IMMEDIATE");
  const commit = prepare("COMMIT");
  const rollback = prepare("ROLLBACK");
  const topics = prepare("SELECT number, name, id, partitions, retention_ms FROM topics ORDER BY number");
  const insertTopic = prepare(
    "INSERT INTO topics (name, id, partitions, retention_ms) VALUES (?, lower(hex(randomblob(16))), ?, ?) RETURNING number, id",
  );
  const setRetention = prepare("UPDATE topics SET retention_ms = ? WHERE number = ?");
  const deleteTopic = prepare("DELETE FROM topics WHERE number = ?");
  const deletePartitions = prepare("DELETE FROM partitions WHERE topic_number = ?");
  const partitions = prepare(
    "SELECT number, partition, earliest FROM partitions WHERE topic_number = ? ORDER BY partition",
  );
  const insertPartition = prepare(
    "INSERT INTO partitions (topic_number, partition, earliest) VALUES (?, ?, 0)",
  );
  const deleteRuns = prepare("DELETE FROM runs WHERE partition_number = ?");
  const deleteGroupOffsets = prepare("DELETE FROM group_offsets WHERE partition_number = ?");
  const insertRun = prepare("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)");
  const runBefore = prepare(`SELECT ${RUN_HEAD}, body ${RUN_BEFORE}`);
  const runHeadBefore = prepare(`SELECT ${RUN_HEAD} ${RUN_BEFORE}`);
  const oldestRuns = prepare(`SELECT ${RUN_HEAD} FROM runs WHERE partition_number = ? ORDER BY base LIMIT ?`);
  const dropRuns = prepare("DELETE FROM runs WHERE partition_number = ? AND base < ?");
  const setEarliest = prepare("UPDATE partitions SET earliest = ? WHERE number = ?");
  const groupOffsets = prepare("SELECT consumer_group, partition_number, next_offset FROM group_offsets");
  const setGroupOffset = prepare("INSERT OR REPLACE INTO group_offsets VALUES (?, ?, ?)");

  return {
    syncCommits: (sync) => {
      if (sync === syncing) return;
      database.exec(sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
      syncing = sync;
    },
    begin: () => void begin.run(),
    commit: () => void commit.run(),
    rollback: () => void rollback.run(),
    topics: () =>
      topics.all().map((row) => ({
        number: Number(row.number),
        info: { name: String(row.name), id: String(row.id), partitions: Number(row.partitions) },
        retentionMs: Number(row.retention_ms),
      })),
    insertTopic: (spec) =>
      insertTopic.get(spec.name, spec.partitions, spec.retentionMs) as unknown as {
        readonly number: number;
        readonly id: string;
      },
    setRetention: (topicNumber, retentionMs) => void setRetention.run(retentionMs, topicNumber),
    deleteTopic: (topicNumber) => {
      deletePartitions.run(topicNumber);
      deleteTopic.run(topicNumber);
    },
    partitions: (topicNumber) => partitions.all(topicNumber) as unknown as readonly StoredPartition[],
    insertPartition: (topicNumber, partition) =>
      Number(insertPartition.run(topicNumber, partition).lastInsertRowid),
    deletePartition: (partitionNumber) => {
      deleteRuns.run(partitionNumber);
      deleteGroupOffsets.run(partitionNumber);
    },
    insertRun: ({ number, base, count, maxMs, highMs }, body) =>
      void insertRun.run(number, base, count, maxMs, highMs, body),
    runBefore: (partitionNumber, offset) =>
      runBefore.get(partitionNumber, offset) as unknown as
        | (RunHead & { readonly body: Uint8Array })
        | undefined,
    runHeadBefore: (partitionNumber, offset) =>
      runHeadBefore.get(partitionNumber, offset) as unknown as RunHead | undefined,
    oldestRuns: (partitionNumber, limit) =>
      oldestRuns.all(partitionNumber, limit) as unknown as readonly RunHead[],
    dropRuns: (partitionNumber, before) => {
      dropRuns.run(partitionNumber, before);
      setEarliest.run(before, partitionNumber);
    },
    groupOffsets: () =>
      groupOffsets.all().map((row) => ({
        group: String(row.consumer_group),
        partitionNumber: Number(row.partition_number),
        nextOffset: Number(row.next_offset),
      })),
    setGroupOffset: (group, partitionNumber, nextOffset) =>
      void setGroupOffset.run(group, partitionNumber, nextOffset),
  };
}
