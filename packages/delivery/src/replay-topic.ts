import type { BusRecord, EventBus } from "@bourse/bus";
import type { Topic, TopicEvent } from "@bourse/contracts";
import { createDecoder, DecodeError, numberOf } from "./decode.ts";
import type { Envelope } from "./envelope.ts";
import { epochStartOf } from "./epoch-started.ts";
import type { SequenceError } from "./gap.ts";
import { type Numbered, readInOrder } from "./read-in-order.ts";

/** A record that can't be read, or one that comes where an earlier number is missing. */
export type ReplayFault = DecodeError | SequenceError;

/**
 * The events of a partition from its beginning to the end it has now, in batches, each number once and in order: what
 * invariants check tables against. Rejects with `BusError`, and with a {@link ReplayFault} unless `passOver` takes it and
 * goes on.
 */
export async function* replayTopic<T extends Topic>(
  bus: EventBus,
  topic: T,
  partition: number,
  { passOver }: { readonly passOver?: (fault: ReplayFault) => void } = {},
): AsyncGenerator<readonly Envelope<TopicEvent<T>>[]> {
  const tell = (fault: ReplayFault): void => {
    if (passOver === undefined) throw fault;
    passOver(fault);
  };
  const read = readerOf(topic, tell);
  for await (const numbers of readInOrder(bus, { topic, partition, read, missing: tell })) {
    const batch: Envelope<TopicEvent<T>>[] = [];
    for (const each of numbers)
      if (each.event instanceof DecodeError) tell(each.event);
      else if (epochStartOf(each) === undefined) batch.push(each as Envelope<TopicEvent<T>>);
    if (batch.length > 0) yield batch;
  }
}

/** The number of a record that can't be read counts: what comes next is not told of as if it were missing. */
function readerOf(topic: Topic, tell: (fault: ReplayFault) => void): (record: BusRecord) => Numbered | null {
  const decode = createDecoder([topic]);
  return (record) => {
    try {
      return decode(record);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const number = numberOf(record, topic);
      if (number !== null) return { ...number, event: error };
      tell(error);
      return null;
    }
  };
}

/** By partition: whether retention has dropped its beginning, so that a table may know more than it. */
export async function cutPartitions(bus: EventBus, { name }: Topic): Promise<readonly boolean[]> {
  const cut: boolean[] = [];
  for (const { partition, earliest } of await bus.offsets(name)) cut[partition] = earliest > 0n;
  return cut;
}
