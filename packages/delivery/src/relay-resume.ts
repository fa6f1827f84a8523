import { OperationalError } from "@bourse/base";
import { BusError, type EventBus } from "@bourse/bus";
import type { Store } from "@bourse/store";
import { askingOnce } from "./elsewhere.ts";
import { epochOf } from "./own-numbers.ts";
import { ownTail } from "./own-tail.ts";
import type { RelayLane } from "./relay-lane.ts";
import { findPlace, type LanePlace, type SentMark } from "./relay-place.ts";
import type { Position } from "./sequence-check.ts";

interface Head {
  readonly epoch: number;
  readonly next: number;
}

/** A partition whose topic has numbers of ours that the database has not (R6). */
export interface AheadOfStore {
  readonly topic: string;
  readonly partition: number;
  readonly tail: Position;
  /** The number that the database would give next. */
  readonly head: { readonly epoch: number; readonly next: number };
}

/** R6: the database was restored, so the service must not start. Names every partition and the command that helps. */
export class LogAheadOfStoreError extends OperationalError {
  override readonly name = "LogAheadOfStoreError";
  readonly service: string;
  readonly partitions: readonly AheadOfStore[];

  constructor(service: string, partitions: readonly AheadOfStore[]) {
    const each = partitions.map(
      ({ topic, partition, tail, head }) =>
        `${topic}/${partition} ends with ${tail.epoch}/${tail.sequence}, the database with ${head.epoch}/${head.next - 1}`,
    );
    super(
      "log_ahead_of_store",
      `${service} does not start: its database was restored, since its topics have numbers that the database has not ` +
        `(${each.join("; ")}). With all instances of ${service} stopped, run \`bourse recover ${service} --dry-run\`, ` +
        `then \`bourse recover ${service}\`, with the environment that it runs with`,
      { retryable: false },
    );
    this.service = service;
    this.partitions = partitions;
  }
}

/**
 * Finds where each lane goes on: behind the last number up to which its topic has them all (R4). What is missing is noted before
 * anything is sent again (decision 0065): whoever goes on, or starts, knows then where the topic is to be filled from.
 * Rejects with {@link LogAheadOfStoreError} when a topic has numbers that the database has not.
 */
export async function resumeLanes(
  parts: { readonly bus: EventBus; readonly store: Store; readonly producer: string },
  lanes: readonly RelayLane[],
): Promise<void> {
  const { bus, store, producer } = parts;
  const topicIds = new Map((await bus.topics()).map((topic) => [topic.name, topic.id]));
  // Without its id a topic would be taken for another one, and filled again.
  for (const { topic } of lanes)
    if (!topicIds.has(topic))
      throw new BusError("unknown_topic", `there is no topic ${topic}`, { retryable: false });
  const sent = await readSent(store);
  const epochs = await readEpochs(store);
  const epochsOf = (lane: RelayLane): readonly Position[] => epochs.get(keyOf(lane)) ?? [];
  // The ends before what lies before them: what is lost between is noticed at the next send.
  const endsOf = askingOnce(bus);
  // A number below one that was due before the outbox was read, and that it has not, is gone from it.
  const due = await readHeads(store);
  const places = await Promise.all(
    lanes.map(async (lane): Promise<[RelayLane, LanePlace]> => {
      const topicId = topicIds.get(lane.topic) ?? "";
      const key = keyOf(lane);
      const next = due.get(key)?.next ?? 1;
      const known = { topicId, mark: sent.get(key), next, epochs: epochsOf(lane), endsOf };
      return [lane, await findPlace(parts, lane, known)];
    }),
  );
  // The topics before the heads: a row is committed before it is sent, so a head read later is never behind its topic.
  const heads = await readHeads(store);
  const tails = places.map(([, { highest }]) => highest);
  const ahead = tailsAhead(lanes, tails, heads);
  if (ahead.length > 0) throw new LogAheadOfStoreError(producer, ahead);
  const lossesOf = (lane: RelayLane): number => sent.get(keyOf(lane))?.losses ?? 0;
  // Before any lane resumes: where this fails all of it is done again, and a lane that goes on already would see a loss.
  for (const [lane, place] of places) {
    if (!place.isNews) continue;
    const epoch = epochOf(place.sequence, epochsOf(lane));
    const topicId = topicIds.get(lane.topic) ?? "";
    await noteLoss(store, lane, { ...place, epoch, topicId, losses: lossesOf(lane) + 1 });
  }
  for (const [lane, place] of places) {
    const head = heads.get(keyOf(lane));
    lane.topicId = topicIds.get(lane.topic) ?? "";
    lane.losses = lossesOf(lane) + (place.isNews ? 1 : 0);
    lane.resumeAt({
      epoch: head?.epoch ?? 0,
      epochs: epochsOf(lane),
      acknowledged: place.sequence,
      known: head === undefined ? 0 : head.next - 1,
      end: place.end,
    });
  }
}

export const NOTE_LOSS = `INSERT INTO outbox_sent AS sent (topic, partition, epoch, sequence, topic_id, end_offset, losses)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (topic, partition) DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence,
    topic_id = excluded.topic_id, end_offset = excluded.end_offset, losses = excluded.losses
  WHERE sent.losses = excluded.losses - 1
  RETURNING losses`;

/** Takes the mark back to what the topic has. Rejects where another instance has noted a loss meanwhile. */
async function noteLoss(
  store: Store,
  { topic, partition }: RelayLane,
  { epoch, sequence, topicId, end, losses }: SentMark & { readonly end: bigint },
): Promise<void> {
  const values = [topic, partition, epoch, sequence, topicId, end, losses];
  const [rows] = await store.transaction("relay.lost", (tx) => tx.commit([{ text: NOTE_LOSS, values }]));
  if (rows?.length === 1) return;
  const what = `another instance has noted that ${laneKey(topic, partition)} has lost what it had`;
  throw new OperationalError("loss_noted", what, { retryable: true });
}

/** The own highest number of each partition; null where there is none. */
export function readTails(
  bus: EventBus,
  producer: string,
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): Promise<readonly (Position | null)[]> {
  return Promise.all(partitions.map((at) => ownTail(bus, producer, at)));
}

/** R6: where a topic ends behind the database's last number. A lower epoch's leftovers are nobody's concern. */
export function tailsAhead(
  partitions: readonly { readonly topic: string; readonly partition: number }[],
  tails: readonly (Position | null)[],
  heads: ReadonlyMap<string, Head>,
): readonly AheadOfStore[] {
  return partitions.flatMap(({ topic, partition }, index) => {
    const tail = tails[index] ?? null;
    const head = heads.get(laneKey(topic, partition)) ?? { epoch: 1, next: 1 };
    const ahead =
      tail !== null && (tail.epoch > head.epoch || (tail.epoch === head.epoch && tail.sequence >= head.next));
    return ahead ? [{ topic, partition, tail, head: { epoch: head.epoch, next: head.next } }] : [];
  });
}

export const HEADS_READ = "SELECT topic, partition, epoch, next FROM outbox_head ORDER BY topic, partition";
export const SENT_READ =
  "SELECT topic, partition, epoch, sequence, topic_id, end_offset, losses FROM outbox_sent ORDER BY topic, partition";

export const EPOCHS_READ =
  "SELECT topic, partition, epoch, first_sequence FROM outbox_epochs ORDER BY topic, partition, epoch";

/** The first number of each epoch after the first, by partition, in order. */
export async function readEpochs(store: Store): Promise<ReadonlyMap<string, readonly Position[]>> {
  const rows = await store.query({ text: EPOCHS_READ, values: [] });
  const epochs = new Map<string, Position[]>();
  for (const row of rows) {
    const key = laneKey(String(row.topic), Number(row.partition));
    const start = { epoch: Number(row.epoch), sequence: Number(row.first_sequence) };
    epochs.set(key, [...(epochs.get(key) ?? []), start]);
  }
  return epochs;
}

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
      {
        epoch: Number(row.epoch),
        sequence: Number(row.sequence),
        topicId: String(row.topic_id),
        end: row.end_offset == null ? null : BigInt(String(row.end_offset)),
        losses: Number(row.losses),
      },
    ]),
  );
}

function keyOf({ topic, partition }: RelayLane): string {
  return laneKey(topic, partition);
}

export function laneKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
