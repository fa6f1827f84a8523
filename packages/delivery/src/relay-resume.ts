import { OperationalError } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { Store } from "@bourse/store";
import { ownTail } from "./own-tail.ts";
import type { RelayLane } from "./relay-lane.ts";

interface Head {
  readonly epoch: number;
  readonly next: number;
}

export interface SentMark {
  readonly epoch: number;
  readonly sequence: number;
  readonly topicId: string;
}

/**
 * Finds where each lane goes on: behind its own last record of the topic; where retention has emptied the partition,
 * at its own `sent` mark (R4). Rejects with `log_ahead_of_store` when a topic has numbers that the database has not:
 * it was restored, and the service must not start (R6).
 */
export async function resumeLanes(
  parts: { readonly bus: EventBus; readonly store: Store; readonly producer: string },
  lanes: readonly RelayLane[],
): Promise<void> {
  const { bus, store, producer } = parts;
  const topicIds = new Map((await bus.topics()).map((topic) => [topic.name, topic.id]));
  // The tails before the heads: a row is committed before it is sent, so a head read later is never behind its tail.
  const tails = await Promise.all(lanes.map((lane) => ownTail(bus, producer, lane.topic, lane.partition)));
  const heads = await readHeads(store);
  const sent = await readSent(store);
  lanes.forEach((lane, index) => {
    const key = laneKey(lane.topic, lane.partition);
    const head = heads.get(key);
    const tail = tails[index] ?? null;
    lane.topicId = topicIds.get(lane.topic) ?? "";
    if (tail !== null && (head === undefined || tail.epoch > head.epoch || tail.sequence >= head.next)) {
      throw new OperationalError(
        "log_ahead_of_store",
        `${lane.topic}/${lane.partition} has ${producer}'s number ${tail.epoch}/${tail.sequence}, the database ends ` +
          `before ${head === undefined ? "1/1" : `${head.epoch}/${head.next}`}: it was restored. See \`bourse recover\` (R6)`,
        { retryable: false },
      );
    }
    const mark = sent.get(key);
    const markSequence = mark !== undefined && mark.topicId === lane.topicId ? mark.sequence : 0;
    lane.resumeAt({
      epoch: head?.epoch ?? 0,
      acknowledged: tail?.sequence ?? markSequence,
      known: head === undefined ? 0 : head.next - 1,
    });
  });
}

export const HEADS_READ = "SELECT topic, partition, epoch, next FROM outbox_head ORDER BY topic, partition";
export const SENT_READ =
  "SELECT topic, partition, epoch, sequence, topic_id FROM outbox_sent ORDER BY topic, partition";

export async function readHeads(store: Store): Promise<ReadonlyMap<string, Head>> {
  const rows = await store.query({ text: HEADS_READ, values: [] });
  return new Map(
    rows.map((row) => [
      laneKey(String(row.topic), Number(row.partition)),
      { epoch: Number(row.epoch), next: Number(row.next) },
    ]),
  );
}

export async function readSent(store: Store): Promise<ReadonlyMap<string, SentMark>> {
  const rows = await store.query({ text: SENT_READ, values: [] });
  return new Map(
    rows.map((row) => [
      laneKey(String(row.topic), Number(row.partition)),
      { epoch: Number(row.epoch), sequence: Number(row.sequence), topicId: String(row.topic_id) },
    ]),
  );
}

export function laneKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
