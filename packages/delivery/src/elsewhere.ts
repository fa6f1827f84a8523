import type { EventBus, PartitionOffsets, TopicPartition } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import type { Store } from "@bourse/store";
import { numberOf } from "./decode.ts";
import type { Mark } from "./mark.ts";
import { readMarks } from "./marks.ts";
import { judgeLatest } from "./sequence-check.ts";
import type { ElsewhereStatus, PartitionElsewhere } from "./status.ts";

/** The ends of a topic's logs, asked for once by whoever looks at several subscriptions. */
export type EndsOf = (topic: string) => Promise<readonly PartitionOffsets[]>;

export function askingOnce(bus: EventBus): EndsOf {
  const asked = new Map<string, ReturnType<EndsOf>>();
  return (topic) => {
    const answer = asked.get(topic) ?? bus.offsets(topic);
    asked.set(topic, answer);
    return answer;
  };
}

/**
 * What is left to do in partitions that this instance was not given; of those that are done with nothing is said. Rejects
 * where that is not known of one.
 */
export async function leftElsewhere(
  { subscription, kind }: Pick<ElsewhereStatus, "subscription" | "kind">,
  elsewhere: readonly PartitionElsewhere[],
  { bus, endsOf }: { readonly bus: EventBus; readonly endsOf: EndsOf },
): Promise<readonly ElsewhereStatus[]> {
  const found = await Promise.all(
    elsewhere.map(async (at): Promise<ElsewhereStatus | null> => {
      const { topic, partition } = at;
      const ends = (await endsOf(topic)).find((each) => each.partition === partition);
      if (ends === undefined) throw new Error(`the end of ${topic}/${partition} is not known`);
      const from = startIn(ends, at.nextOffset);
      if (from >= ends.latest || (await isOnlyRepeated(bus, at, from))) return null;
      const lag = Number(ends.latest - from);
      return { subscription, kind, topic, partition, endOffset: ends.latest, lag };
    }),
  );
  return found.filter((each) => each !== null);
}

/** Where a partition is read on; what retention has dropped is nobody's to read. */
export function startIn(ends: PartitionOffsets, nextOffset: bigint | null): bigint {
  return nextOffset === null || nextOffset < ends.earliest ? ends.earliest : nextOffset;
}

/** Partitions of these topics but for the ones given to this instance. */
export function partitionsElsewhere(
  topics: Iterable<Topic>,
  isGiven: (at: TopicPartition) => boolean,
): readonly TopicPartition[] {
  return [...topics].flatMap(({ name, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })).filter(
      (at) => !isGiven(at),
    ),
  );
}

/** R5: the tables say how far partitions are done that are not given to this instance, whoever did it. */
export async function elsewhereOfMarks(
  { bus, store }: { readonly bus: EventBus; readonly store: Store },
  subscription: string,
  topics: readonly Topic[],
  isGiven: (at: TopicPartition) => boolean,
): Promise<readonly PartitionElsewhere[]> {
  const missing = partitionsElsewhere(topics, isGiven);
  if (missing.length === 0) return [];
  const [infos, marks] = await Promise.all([bus.topics(), readMarks(store, subscription)]);
  const ids = new Map(infos.map(({ name, id }) => [name, id]));
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  return missing.flatMap((at) => {
    const topic = byName.get(at.topic);
    return topic === undefined
      ? []
      : [elsewhereByMarks(at, topic, { marks, topicId: ids.get(at.topic) ?? "" })];
  });
}

function elsewhereByMarks(
  at: TopicPartition,
  topic: Topic,
  known: { readonly marks: readonly Mark[]; readonly topicId: string },
): PartitionElsewhere {
  const own = known.marks.filter(
    ({ topic: name, partition }) => name === at.topic && partition === at.partition,
  );
  const byProducer = new Map(own.map((mark) => [mark.producer, mark]));
  return {
    ...at,
    nextOffset: furthestMark(own, known.topicId)?.nextOffset ?? null,
    isApplied: (record) => {
      const number = numberOf(record, topic);
      return number !== null && judgeLatest(byProducer.get(number.producer), number) === "drop";
    },
  };
}

/** A partition is applied in the order of its log, so the furthest mark says how far all of it is done. */
export function furthestMark(marks: readonly Mark[], topicId: string): Mark | null {
  return marks
    .filter((mark) => mark.topicId === topicId)
    .reduce<Mark | null>(
      (far, mark) => (far === null || mark.nextOffset > far.nextOffset ? mark : far),
      null,
    );
}

const BATCH = 1_000;
const WAIT_MS = 1_000;

/** Whether all that lies between was applied before. Ends at the first record that was not: mostly the last one. */
async function isOnlyRepeated(
  bus: EventBus,
  { topic, partition, isApplied }: PartitionElsewhere,
  from: bigint,
): Promise<boolean> {
  const [last] = await bus.tail(topic, partition, 1);
  if (last === undefined || last.offset < from) return true;
  if (!isApplied(last)) return false;
  const reader = await bus.read({ topic, partition, from });
  try {
    for (;;) {
      const records = await reader.poll(BATCH, WAIT_MS);
      if (records.length === 0 || !records.every(isApplied)) return false;
      if ((records.at(-1)?.offset ?? 0n) >= last.offset) return true;
    }
  } finally {
    await reader.close();
  }
}
