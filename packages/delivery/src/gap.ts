import { type AbortSignalLike, OperationalError } from "@bourse/base";
import { type BusRecord, type EventBus, topicPartitionKey } from "@bourse/bus";
import { isRetryable } from "./backoff.ts";
import type { Log } from "./log.ts";
import { recordsBetween } from "./read-partition.ts";
import { HEADER } from "./record-headers.ts";
import { judgeExact, type Position } from "./sequence-check.ts";

/** A record that came where a lower number of its producer was due (R5). */
export interface Gap {
  readonly record: BusRecord;
  readonly number: Position & { readonly producer: string };
  /** What was applied last; undefined: nothing. */
  readonly mark: Position | undefined;
}

/** A number is missing or a producer was recovered: what follows may not be applied (R5, R6). */
export class SequenceError extends OperationalError {
  override readonly name = "SequenceError";
  /** null: no number is missing, its epoch was not begun. */
  readonly gap: Gap | null;

  constructor(verdict: "gap" | "epoch_ahead", came: Gap) {
    const { record, number, mark } = came;
    const { producer, epoch, sequence } = number;
    const found = `${topicPartitionKey(record)} at offset ${record.offset}: ${producer}'s number ${epoch}/${sequence}`;
    const due = mark === undefined ? "number 1" : `${mark.epoch}/${mark.sequence + 1}`;
    const code = verdict === "gap" ? "sequence_gap" : verdict;
    super(code, `${found} came where ${due} was due`, { retryable: false });
    // The one that is applied last moves on.
    this.gap = verdict === "gap" ? { record, number, mark: mark === undefined ? mark : { ...mark } } : null;
  }
}

/** A record that was found behind a gap: reading goes on before the gap, not behind the record. */
interface RecordBehind extends BusRecord {
  readonly goesOnAt: bigint;
}

/** Where reading goes on once the record is done with. */
export function placeBehind(record: BusRecord | RecordBehind): bigint {
  return "goesOnAt" in record ? record.goesOnAt : record.offset + 1n;
}

/** So many of them are in memory at once. What is missing beyond that is looked for once these are applied. */
const MOST_RECORDS = 4_000;

export interface LookingBehind {
  readonly bus: EventBus;
  readonly log: Log;
  readonly subscription: string;
  readonly closing: AbortSignalLike;
}

/** As {@link lackingRecords}, for a reader that applies them: its log says so. Empty as well where it is closing. */
export async function recordsBehind(
  { bus, log, subscription, closing }: LookingBehind,
  gap: Gap,
): Promise<readonly BusRecord[]> {
  const found = await lackingRecords(bus, gap, closing);
  if (closing.aborted) return [];
  if (found.length > 0)
    log.warn(
      {
        subscription,
        partition: topicPartitionKey(gap.record),
        offset: gap.record.offset,
        records: found.length,
      },
      "numbers that were missing lie behind a later one: they are applied before it",
    );
  return found;
}

/**
 * The records that a gap lacks, in the order of their numbers, as far as they lie behind it up to the end that the log
 * has now. A log that lost its end may have got a later number before the lost ones were sent again (decision 0064).
 * Empty: it has none of them. Rejects with `BusError`.
 */
export async function lackingRecords(
  bus: EventBus,
  gap: Gap,
  closing?: AbortSignalLike,
): Promise<readonly BusRecord[]> {
  const { topic, partition, offset } = gap.record;
  const [last] = await bus.tail(topic, partition, 1);
  const lacking = new LackingRecords(gap);
  const range = { from: offset, end: (last?.offset ?? 0n) + 1n };
  try {
    for await (const records of recordsBetween(bus, { topic, partition }, range)) {
      if (closing?.aborted === true || records.some((record) => lacking.isFilledBy(record))) break;
    }
  } catch (error) {
    // Where the log can't be read any more there is nothing to be found.
    if (isRetryable(error)) throw error;
  }
  return lacking.found;
}

class LackingRecords {
  readonly found: RecordBehind[] = [];
  readonly #gap: Gap;
  #mark: Position | undefined;

  constructor(gap: Gap) {
    this.#gap = gap;
    this.#mark = gap.mark;
  }

  /** Takes it if it is the next one. True once nothing more is to be taken. */
  isFilledBy(record: BusRecord): boolean {
    const { record: late, number } = this.#gap;
    const { headers } = record;
    if (headers[HEADER.producer] !== number.producer) return false;
    const [epoch, sequence] = [Number(headers[HEADER.epoch]), Number(headers[HEADER.sequence])];
    if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(sequence)) return false;
    if (judgeExact(this.#mark, { epoch, sequence }) !== "apply") return false;
    this.found.push({ ...record, goesOnAt: late.offset });
    this.#mark = { epoch, sequence };
    const isWhole = epoch === number.epoch && sequence + 1 === number.sequence;
    return isWhole || this.found.length === MOST_RECORDS;
  }
}
