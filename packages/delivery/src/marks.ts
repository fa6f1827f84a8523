import type { Rows, Statement, Store } from "@bourse/store";
import { StoreError } from "@bourse/store";
import type { Advance, Mark } from "./mark.ts";
import { byTopicAndPartition } from "./outbox.ts";
import { PARKED_CHANGED } from "./parked-rows.ts";
import { numberArray, separated } from "./separated.ts";

/** SQLSTATE of a mark that has moved: the records are another consumer's, or were applied already. */
const MARK_MOVED = "BM001";

export const MARKS_ADVANCE = "SELECT marks_advance($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
export const MARKS_READ = `SELECT topic, partition, producer, epoch, sequence, next_offset, topic_id FROM marks
  WHERE subscription = $1 ORDER BY topic, partition, producer`;

/** The compare-and-set of all marks of a unit of work, in lock order (R13). Fails the whole transaction on a mismatch. */
export function advanceStatement(subscription: string, advances: readonly Advance[]): Statement {
  const sorted = [...advances].sort(
    (a, b) => byTopicAndPartition(a.to, b.to) || (a.to.producer < b.to.producer ? -1 : 1),
  );
  return {
    text: MARKS_ADVANCE,
    values: [
      subscription,
      separated(sorted.map(({ to }) => to.topic)),
      numberArray(sorted.map(({ to }) => to.partition)),
      separated(sorted.map(({ to }) => to.producer)),
      numberArray(sorted.map(({ from }) => from?.epoch ?? 0)),
      numberArray(sorted.map(({ from }) => from?.sequence ?? 0)),
      numberArray(sorted.map(({ to }) => to.epoch)),
      numberArray(sorted.map(({ to }) => to.sequence)),
      numberArray(sorted.map(({ to }) => to.nextOffset)),
      separated(sorted.map(({ to }) => to.topicId)),
    ],
  };
}

/** What this consumer knows of the tables is out of date: a mark has moved, or a redrive has unparked a key (R12). */
export function isOutOfDate(error: unknown): boolean {
  return error instanceof StoreError && (error.sqlState === MARK_MOVED || error.sqlState === PARKED_CHANGED);
}

/** All marks of a subscription: partitions x producers of its topics, a few dozen. */
export async function readMarks(store: Store, subscription: string): Promise<readonly Mark[]> {
  return marksOf(await store.query({ text: MARKS_READ, values: [subscription] }));
}

function marksOf(rows: Rows): readonly Mark[] {
  return rows.map((row) => ({
    topic: String(row.topic),
    partition: Number(row.partition),
    producer: String(row.producer),
    epoch: Number(row.epoch),
    sequence: Number(row.sequence),
    nextOffset: BigInt(row.next_offset as bigint | string | number),
    topicId: String(row.topic_id),
  }));
}
