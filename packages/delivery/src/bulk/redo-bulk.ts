import { chunksOfRecords } from "@bourse/bus";
import type { Row } from "@bourse/store";
import type { Unit } from "../definitions.ts";
import { RecordRefused } from "../failure-policy.ts";
import { UNNUMBERED } from "../mark.ts";
import { busRecordOf } from "../parked-queries.ts";
import type { Redone } from "../redo-effect.ts";
import type { BulkBatch, BulkProgram, BulkRange } from "./bulk-definitions.ts";

/**
 * Parked records once more, by a program that remembers nothing, in a transaction that holds the partition: the
 * consumer's own memory is then behind the tables, and finds out by their versions. Throws `RecordRefused` for one that
 * is refused again.
 */
export async function redoBulk(
  program: BulkProgram,
  rows: readonly Row[],
  { nowMs, run }: Unit,
): Promise<Redone> {
  const ranges = rows.flatMap((row): BulkRange[] => {
    const [slice] = chunksOfRecords([busRecordOf(row)], []);
    if (slice === undefined) return [];
    // One that has no number is told apart by its offset, as it was when it was parked.
    const producer = row.producer === null ? UNNUMBERED : String(row.producer);
    const sequence = row.sequence === null ? Number(row.record_offset) + 1 : Number(row.sequence);
    const epoch = row.epoch === null ? 1 : Number(row.epoch);
    return [{ ...slice, producer, epoch, firstSequence: sequence, topicId: String(row.topic_id) }];
  });
  const batch: BulkBatch = { ranges, count: ranges.length };
  const effects = await program.prepare(batch, {
    nowMs,
    isCareful: true,
    query: async (statement) => (await run([statement]))[0] ?? [],
  });
  const { statements, events, parked, before } = effects;
  const [refused] = parked;
  if (refused !== undefined) throw new RecordRefused(refused.code, refused.message);
  await before?.();
  return {
    count: rows.length,
    effects: { statements, events, result: undefined },
    committed: () => program.committed?.(batch, effects),
  };
}
