import type { BusRecord, EventBus } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import type { Envelope } from "./envelope.ts";
import { epochStartOf } from "./epoch-started.ts";
import { type Gap, lackingRecords, SequenceError } from "./gap.ts";
import { readPartition } from "./read-partition.ts";
import { judgeExact, judgeLatest, type Position, type Verdict } from "./sequence-check.ts";

/** What a record has told of its number, and what else the reader wants of it. */
export type Numbered = Pick<Envelope, "producer" | "epoch" | "sequence" | "event">;

export interface ReadingInOrder<Read extends Numbered> {
  readonly topic: Topic;
  readonly partition: number;
  /** null: it has no number that counts here. */
  readonly read: (record: BusRecord) => Read | null;
  /** By producer: what was applied before. */
  readonly applied?: Iterable<readonly [producer: string, Position]>;
  /** Told of numbers that the log has nowhere. Where it does not throw, what comes next is read as if they had been there. */
  readonly missing: (error: SequenceError) => void;
}

/**
 * A partition from its beginning to the end it has now, as those who apply it read it (R5): each number once, and what lies
 * behind a later number before that (decision 0064). A producer's numbers begin with 1 or, where the log has that nowhere,
 * with what comes first. Rejects with `BusError`.
 */
export async function* readInOrder<Read extends Numbered>(
  bus: EventBus,
  { topic, partition, read, applied = [], missing }: ReadingInOrder<Read>,
): AsyncGenerator<readonly Read[]> {
  const marks = new Map(applied);
  for await (const records of readPartition(bus, topic.name, partition)) {
    let batch: Read[] = [];
    const apply = (each: Read): void => {
      marks.set(each.producer, each);
      batch.push(each);
    };
    for (const record of records) {
      const next = read(record);
      if (next === null) continue;
      let verdict = judge(topic, marks.get(next.producer), next);
      while (verdict === "gap" || verdict === "epoch_ahead") {
        const mark = marks.get(next.producer);
        const fault = new SequenceError(verdict, { record, number: next, mark });
        const found = fault.gap === null ? [] : await lackingIn(bus, fault.gap);
        const lacking = found.map(read).filter((each) => each !== null);
        for (const each of lacking) apply(each);
        if (batch.length > 0) yield batch;
        batch = [];
        if (lacking.length === 0 && mark !== undefined) missing(fault);
        verdict = lacking.length === 0 ? "apply" : judge(topic, marks.get(next.producer), next);
      }
      if (verdict === "apply") apply(next);
    }
    if (batch.length > 0) yield batch;
  }
}

function judge(topic: Topic, mark: Position | undefined, read: Numbered): Verdict {
  return topic.class === "latest"
    ? judgeLatest(mark, read)
    : judgeExact(mark, read, { start: epochStartOf(read) });
}

/** Of a log whose beginning retention has dropped, the first number that is left is the beginning: it lacks nothing. */
async function lackingIn(bus: EventBus, gap: Gap): Promise<readonly BusRecord[]> {
  const { topic, partition } = gap.record;
  if (gap.mark === undefined && (await isCut(bus, topic, partition))) return [];
  return await lackingRecords(bus, gap);
}

/** Whether retention has dropped its beginning. */
export async function isCut(bus: EventBus, topic: string, partition: number): Promise<boolean> {
  const ends = (await bus.offsets(topic)).find((each) => each.partition === partition);
  return (ends?.earliest ?? 0n) > 0n;
}
