import { OperationalError } from "@bourse/base";
import { BusError, type EventBus } from "@bourse/bus";
import type { Store } from "@bourse/store";
import { askingOnce } from "./elsewhere.ts";
import { readRunsStatement, runsOf } from "./outbox.ts";
import { ownTail } from "./own-tail.ts";
import type { RelayLane } from "./relay-lane.ts";
import type { Position } from "./sequence-check.ts";

interface Head {
  readonly epoch: number;
  readonly next: number;
}

export interface SentMark {
  readonly epoch: number;
  readonly sequence: number;
  readonly topicId: string;
  /** How far the log reached when the number was acknowledged; null: an instance of an earlier version has noted it. */
  readonly end: bigint | null;
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
 * Finds where each lane goes on: behind its own last record of the topic; where retention has emptied the partition,
 * at its own `sent` mark; in a topic that was made anew or has lost everything, at the first run that the outbox still
 * has (R4). For a lane that runs, and whose log has lost its end, that is behind the last of the numbers that it had: what
 * came to the log since lies behind the piece that is missing.
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
  // The ends before the tails: what is lost between them is noticed at the next send.
  const ends = await readEnds(bus, lanes);
  const seen = lanes.map(({ topic, partition, end, acknowledged }) => ({
    topic,
    partition,
    upTo: end === null ? Number.POSITIVE_INFINITY : acknowledged,
  }));
  // The tails before the heads: a row is committed before it is sent, so a head read later is never behind its tail.
  const tails = await readTails(bus, producer, seen);
  const heads = await readHeads(store);
  const ahead = tailsAhead(lanes, tails, heads);
  if (ahead.length > 0) throw new LogAheadOfStoreError(producer, ahead);
  const sent = await readSent(store);
  const epochs = await readEpochs(store);
  for (const [index, lane] of lanes.entries()) {
    const key = laneKey(lane.topic, lane.partition);
    const head = heads.get(key);
    const tail = tails[index] ?? null;
    lane.topicId = topicIds.get(lane.topic) ?? "";
    const mark = sent.get(key);
    // What this relay has sent itself may be on its way into the table.
    lane.sentBefore = Math.max(lane.acknowledged, mark?.topicId === lane.topicId ? mark.sequence : 0);
    const acknowledged =
      tail !== null
        ? withinEpoch(tail, epochs.get(key) ?? [])
        : head === undefined
          ? NOTHING
          : await resumeWithoutTail({ bus, store }, lane, mark);
    lane.resumeAt({
      epoch: head?.epoch ?? 0,
      acknowledgedEpoch: acknowledged.epoch,
      acknowledged: acknowledged.sequence,
      known: head === undefined ? 0 : head.next - 1,
      end: ends[index] ?? 0n,
    });
  }
}

const NOTHING: Position = { epoch: 0, sequence: 0 };

async function readEnds(
  bus: EventBus,
  lanes: readonly RelayLane[],
): Promise<readonly (bigint | undefined)[]> {
  const endsOf = askingOnce(bus);
  return Promise.all(
    lanes.map(
      async ({ topic, partition }) =>
        (await endsOf(topic)).find((each) => each.partition === partition)?.latest,
    ),
  );
}

/** The own last record of each partition, of those with a number up to `upTo`; null where there is none. */
export function readTails(
  bus: EventBus,
  producer: string,
  partitions: readonly { readonly topic: string; readonly partition: number; readonly upTo?: number }[],
): Promise<readonly (Position | null)[]> {
  return Promise.all(partitions.map((at) => ownTail(bus, producer, at, at.upTo)));
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

/** What a zombie of an earlier epoch has sent beyond that epoch's end does not count as sent (R6). */
function withinEpoch(tail: Position, starts: readonly Position[]): Position {
  const next = starts.find(({ epoch }) => epoch > tail.epoch);
  if (next === undefined) return tail;
  return { epoch: tail.epoch, sequence: Math.min(tail.sequence, next.sequence - 1) };
}

/** Retention has emptied the partition, or the topic has lost it all, or is a new one: it is filled from here again (R4). */
async function resumeWithoutTail(
  { bus, store }: { readonly bus: EventBus; readonly store: Store },
  { topic, partition, topicId, end: known }: RelayLane,
  mark: SentMark | undefined,
): Promise<Position> {
  if (mark === undefined) return NOTHING;
  // Every number took at least one offset, which retention leaves behind and a loss does not. Of a lane that runs it is known.
  const ends = known === null && mark.topicId === topicId ? await bus.offsets(topic) : [];
  const end = ends.find((each) => each.partition === partition)?.latest;
  if (end !== undefined && end >= BigInt(mark.sequence)) return mark;
  const first = readRunsStatement({
    topic,
    partition,
    epoch: 0,
    afterSequence: 0,
    rows: 1,
    records: Number.MAX_SAFE_INTEGER,
  });
  const [run] = runsOf(topic, partition, await store.query(first));
  // What retention took after it was sent is lost with the broker: it begins where the rows begin. What was never sent
  // is never dropped, so a row that is missing there is a fault.
  return { epoch: 0, sequence: Math.min(mark.sequence, (run?.firstSequence ?? 1) - 1) };
}

export const HEADS_READ = "SELECT topic, partition, epoch, next FROM outbox_head ORDER BY topic, partition";
export const SENT_READ =
  "SELECT topic, partition, epoch, sequence, topic_id, end_offset FROM outbox_sent ORDER BY topic, partition";

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
      },
    ]),
  );
}

export function laneKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
