import type { DatabaseSync } from "node:sqlite";
import type { RetentionHour } from "@bourse/base";
import type { TopicInfo, TopicSpec } from "../port.ts";
import type { LogPlace } from "./load-segments.ts";

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

/** The statements of the log's tables, prepared once, with their rows given types. */
export interface LogStatements {
  /** Whether its commit waits for the disk is asked for (SQLite's synchronous FULL, or NORMAL). */
  transaction<T>(options: { readonly sync: boolean }, body: () => T): T;
  topics(): readonly StoredTopic[];
  /** Its id is made by the storage, as a broker makes it. */
  insertTopic(spec: TopicSpec): { readonly number: number; readonly id: string };
  setRetention(topicNumber: number, retentionMs: number): void;
  deleteTopic(topicNumber: number): void;
  partitions(topicNumber: number): readonly StoredPartition[];
  insertPartition(topicNumber: number, partition: number): number;
  deleteGroupOffsets(partitionNumber: number): void;
  setEarliest(partitionNumber: number, earliest: number): void;
  groupOffsets(): readonly {
    readonly group: string;
    readonly partitionNumber: number;
    readonly nextOffset: number;
  }[];
  setGroupOffset(group: string, partitionNumber: number, nextOffset: number): void;
  /** Up to where the segments are known to be durable. */
  durable(): LogPlace | undefined;
  setDurable(place: LogPlace): void;
  retentionHours(): readonly RetentionHour[];
  setRetentionHour(hour: RetentionHour): void;
  deleteRetentionHours(before: number): void;
}

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
  const deleteGroupOffsets = prepare("DELETE FROM group_offsets WHERE partition_number = ?");
  const setEarliest = prepare("UPDATE partitions SET earliest = ? WHERE number = ?");
  const groupOffsets = prepare("SELECT consumer_group, partition_number, next_offset FROM group_offsets");
  const setGroupOffset = prepare("INSERT OR REPLACE INTO group_offsets VALUES (?, ?, ?)");
  const durable = prepare("SELECT segment, position FROM durable_place");
  const setDurable = prepare("INSERT OR REPLACE INTO durable_place VALUES (1, ?, ?)");
  const retentionHours = prepare("SELECT hour, minute, earliest_ms FROM retention_hours ORDER BY hour");
  const setRetentionHour = prepare("INSERT OR REPLACE INTO retention_hours VALUES (?, ?, ?)");
  const deleteRetentionHours = prepare("DELETE FROM retention_hours WHERE hour < ?");

  return {
    transaction: ({ sync }, body) => {
      if (sync !== syncing) database.exec(`PRAGMA synchronous = ${sync ? "FULL" : "NORMAL"}`);
      syncing = sync;
      try {
        begin.run();
        const result = body();
        commit.run();
        return result;
      } catch (cause) {
        if (database.isOpen && database.isTransaction) rollback.run();
        throw cause;
      }
    },
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
    deleteGroupOffsets: (partitionNumber) => void deleteGroupOffsets.run(partitionNumber),
    setEarliest: (partitionNumber, earliest) => void setEarliest.run(earliest, partitionNumber),
    groupOffsets: () =>
      groupOffsets.all().map((row) => ({
        group: String(row.consumer_group),
        partitionNumber: Number(row.partition_number),
        nextOffset: Number(row.next_offset),
      })),
    setGroupOffset: (group, partitionNumber, nextOffset) =>
      void setGroupOffset.run(group, partitionNumber, nextOffset),
    durable: () => durable.get() as unknown as LogPlace | undefined,
    setDurable: ({ segment, position }) => void setDurable.run(segment, position),
    retentionHours: () =>
      retentionHours.all().map((row) => ({
        hour: Number(row.hour),
        minute: Number(row.minute),
        earliestMs: Number(row.earliest_ms),
      })),
    setRetentionHour: ({ hour, minute, earliestMs }) => void setRetentionHour.run(hour, minute, earliestMs),
    deleteRetentionHours: (before) => void deleteRetentionHours.run(before),
  };
}
