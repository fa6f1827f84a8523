import { BusError, type BusRecord, type EventBus, type TopicPartition, topicPartitionKey } from "@bourse/bus";
import { askingOnce, type EndsOf, furthestMark } from "./elsewhere.ts";
import { type Mark, UNNUMBERED } from "./mark.ts";
import { pollLog } from "./poll-log.ts";
import { HEADER } from "./record-headers.ts";

/** A record of a partition, right before `nextOffset`. Without a producer there is only one; numbers are of one epoch. */
export type LastApplied = Omit<Mark, "producer" | "epoch" | "topicId"> &
  Partial<Pick<Mark, "producer" | "epoch">>;

/** Where reading goes on in a partition. */
export interface SeekHint {
  /** null: at the beginning. */
  readonly nextOffset: bigint | null;
  /** There was a hint, and the log has something else there. */
  readonly isDistrusted: boolean;
}

/**
 * Where a subscription goes on in each partition, by its marks (R5). Behind them, where the log has there what they say:
 * one that lost its end and was filled again has the same records at other places, and of those that came before the hint
 * nobody would hear as long as none comes behind it. Rejects with `BusError`.
 */
export async function seekHints(
  bus: EventBus,
  partitions: readonly TopicPartition[],
  known: { readonly marks: readonly Mark[]; readonly topicIds: ReadonlyMap<string, string> },
  closing: AbortSignal,
): Promise<ReadonlyMap<string, SeekHint>> {
  const endsOf = askingOnce(bus);
  const hints = await Promise.all(
    partitions.map(async ({ topic, partition }): Promise<[string, SeekHint]> => {
      const own = known.marks.filter((mark) => mark.topic === topic && mark.partition === partition);
      const last = furthestMark(own, known.topicIds.get(topic) ?? "");
      const holds = last !== null && (await isInLog({ bus, endsOf, closing }, last));
      const hint = { nextOffset: holds ? last.nextOffset : null, isDistrusted: last !== null && !holds };
      return [topicPartitionKey({ topic, partition }), hint];
    }),
  );
  return new Map(hints);
}

/**
 * Whether the log has a record where it was when it was applied, or nothing that old is retained. Where that can't be read
 * any more nothing speaks against it: the numbers behind it decide. Rejects with `BusError`.
 */
export async function isInLog(
  {
    bus,
    endsOf,
    closing,
  }: { readonly bus: EventBus; readonly endsOf: EndsOf; readonly closing?: AbortSignal },
  last: LastApplied,
): Promise<boolean> {
  const { topic, partition, nextOffset } = last;
  const ends = (await endsOf(topic)).find((each) => each.partition === partition);
  if (ends === undefined || ends.latest < nextOffset) return false;
  if (ends.earliest >= nextOffset) return true;
  const offset = nextOffset - 1n;
  const reader = await bus.read({ topic, partition, from: offset, bufferRecords: 1 });
  try {
    const isClosed = (): boolean => closing?.aborted === true;
    const [record] = await pollLog(bus, { topic, partition, reader, nextOffset: offset, isClosed }, 1);
    return record?.offset === offset && isNumbered(record, last);
  } catch (error) {
    if (error instanceof BusError && error.code === "unreadable_batch") return true;
    throw error;
  } finally {
    await reader.close();
  }
}

function isNumbered({ headers }: BusRecord, { producer, epoch, sequence }: LastApplied): boolean {
  // It was told apart by its offset alone.
  if (producer === UNNUMBERED) return true;
  return (
    (producer === undefined || headers[HEADER.producer] === producer) &&
    (epoch === undefined || Number(headers[HEADER.epoch]) === epoch) &&
    Number(headers[HEADER.sequence]) === sequence
  );
}
