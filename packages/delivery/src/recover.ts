import { assert } from "@bourse/base";
import type { BusRecord, EventBus } from "@bourse/bus";
import { EpochStarted, rfc3339, type Topic } from "@bourse/contracts";
import { type Statement, type Store, sqlArray } from "@bourse/store";
import { createDecoder, numberOf } from "./decode.ts";
import type { Envelope } from "./envelope.ts";
import { epochStartOf, isEpochStarted } from "./epoch-started.ts";
import { stampBody } from "./outbox.ts";
import { type Numbered, readInOrder } from "./read-in-order.ts";
import { HEADER } from "./record-headers.ts";
import { type AheadOfStore, readHeads, readTails, tailsAhead } from "./relay-resume.ts";
import { judgeLatest, type Position } from "./sequence-check.ts";

export interface RecoverParts {
  readonly bus: EventBus;
  readonly store: Store;
  readonly service: string;
  readonly publishes: readonly Topic[];
}

/** What will become of one partition: the new epoch begins with an EpochStarted behind the topic's last number. */
export interface PartitionRecovery extends AheadOfStore {
  readonly newEpoch: number;
  /** Of the EpochStarted. */
  readonly firstSequence: number;
}

/** A record that the topic has and the restored database has not. */
export interface MissingRecord {
  readonly envelope: Envelope;
  readonly record: BusRecord;
}

/** How a service's own tables take back what only the topics have; what it does not import is for people to reconcile. */
export type Importer = (batch: readonly Envelope[]) => {
  readonly statements: readonly Statement[];
  readonly imported: (envelope: Envelope) => boolean;
};

const BATCH = 500;

/** Where the topics are ahead of the database; empty: there is nothing to recover. Changes nothing. */
export async function planRecovery(parts: RecoverParts): Promise<readonly PartitionRecovery[]> {
  const partitions = parts.publishes.flatMap((topic) =>
    Array.from({ length: topic.partitions }, (_, partition) => ({ topic: topic.name, partition })),
  );
  const tails = await readTails(parts.bus, parts.service, partitions);
  return tailsAhead(partitions, tails, await readHeads(parts.store)).map((ahead) => ({
    ...ahead,
    newEpoch: Math.max(ahead.tail.epoch, ahead.head.epoch) + 1,
    firstSequence: Math.max(ahead.tail.sequence, ahead.head.next - 1) + 1,
  }));
}

/** The records of one partition behind the database's last number, in order, each number once. */
export async function* missingRecords(
  parts: RecoverParts,
  at: PartitionRecovery,
): AsyncGenerator<readonly MissingRecord[]> {
  const topic = parts.publishes.find(({ name }) => name === at.topic);
  assert(topic !== undefined, "what is recovered is a topic that the service writes");
  const decode = createDecoder([topic]);
  const head: Position = { epoch: at.head.epoch, sequence: at.head.next - 1 };
  const read = (record: BusRecord): ReadMissing | null => {
    // Most of a log the database has: its numbers say so, and what else is in it is nobody's concern here.
    const number = numberOf(record, topic);
    if (number?.producer !== parts.service || judgeLatest(head, number) === "drop") return null;
    const envelope = decode(record);
    return { ...number, event: envelope.event, envelope, record };
  };
  const reading = {
    topic,
    partition: at.partition,
    read,
    applied: [[parts.service, head]] as const,
    // What the topic has nowhere nobody brings back, and the rest is not left behind for it.
    missing: () => undefined,
  };
  for await (const missing of readInOrder(parts.bus, reading))
    for (let from = 0; from < missing.length; from += BATCH) yield missing.slice(from, from + BATCH);
}

type ReadMissing = Numbered & MissingRecord;

/**
 * R6: brings the outbox, and with `importer` the service's own tables, up to the topics, then begins the new epoch in
 * all partitions in one transaction. Every step before that one may run again, and until it has committed the service
 * refuses to start. Rejects where somebody else has written meanwhile.
 */
export async function recover(
  parts: RecoverParts,
  plan: readonly PartitionRecovery[],
  options: {
    readonly importer: Importer | null;
    readonly nowMs: number;
    /** Told of every batch once it is in the tables. */
    readonly onMissing: (batch: readonly (MissingRecord & { readonly imported: boolean })[]) => void;
  },
): Promise<void> {
  const { importer, nowMs, onMissing } = options;
  for (const at of plan) {
    for await (const batch of missingRecords(parts, at)) {
      const events = batch.map(({ envelope }) => envelope).filter(({ event }) => !isEpochStarted(event));
      const own = importer?.(events) ?? { statements: [], imported: () => false };
      await parts.store.transaction("recover.import", (tx) =>
        tx.commit([...own.statements, ...refillOutbox(batch, nowMs)]),
      );
      onMissing(batch.map((each) => ({ ...each, imported: own.imported(each.envelope) })));
    }
  }
  await parts.store.transaction("recover.epochs", async (tx) => {
    const heads = await tx.run(plan.map(startEpoch(nowMs)));
    assert(
      heads.every((rows) => rows.length === 1),
      "nobody writes while a service is recovered: run `bourse recover` again with all instances stopped",
    );
    await tx.commit(plan.map(epochRow(nowMs)));
  });
}

/** The rows that the outbox has lost: a broker that loses its data later is filled again from them, too (R4). */
function refillOutbox(batch: readonly MissingRecord[], nowMs: number): readonly Statement[] {
  const column = (of: (each: MissingRecord) => string | number | null): string => sqlArray(batch.map(of));
  const insert: Statement = {
    text: `INSERT INTO outbox
        (topic, partition, epoch, first_sequence, last_sequence, time_ms, keys, bodies, versions, traceparent)
      SELECT t, p, e, s, s, ms, k, b, v, tp FROM unnest(
        $1::text[], $2::int[], $3::int[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[]
      ) AS u(t, p, e, s, ms, k, b, v, tp) ON CONFLICT DO NOTHING`,
    values: [
      column(({ envelope }) => envelope.topic),
      column(({ envelope }) => envelope.partition),
      column(({ envelope }) => envelope.epoch),
      column(({ envelope }) => envelope.sequence),
      column(({ envelope }) => envelope.timeMs),
      column(({ envelope }) => JSON.stringify([envelope.key])),
      column(({ record }) => bodyOf(record)),
      column(({ record }) => record.headers[HEADER.version] ?? "1"),
      column(({ envelope }) => envelope.traceparent ?? null),
    ],
  };
  const starts = batch.flatMap(({ envelope }) => {
    const start = epochStartOf(envelope);
    return start === undefined ? [] : [{ envelope, start }];
  });
  return [
    insert,
    ...starts.map(
      ({ envelope: { topic, partition, epoch, sequence }, start }): Statement => ({
        text: `INSERT INTO outbox_epochs (topic, partition, epoch, first_sequence, restored_sequence, started_ms)
          VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
        values: [topic, partition, epoch, sequence, start.restoredSequence, nowMs],
      }),
    ),
  ];
}

/** The value without the timestamp that was put in when it was sent. */
function bodyOf(record: BusRecord): string {
  const body = record.value.replace(/^(\{"eventType":"[^"]*"),"timestamp":"[^"]*"/, "$1");
  assert(
    stampBody(body, rfc3339(record.timestampMs)) === record.value,
    `a record is its outbox row with its time: ${record.topic}/${record.partition} at offset ${record.offset}`,
  );
  return body;
}

/** Compare-and-set: answers no row where the head is not what the plan was made from. */
function startEpoch(nowMs: number): (at: PartitionRecovery) => Statement {
  return ({ topic, partition, head, newEpoch, firstSequence }) => ({
    text: `INSERT INTO outbox_head AS head (topic, partition, epoch, next, last_time)
      VALUES ($1, $2, $3, $4, greatest($5::bigint,
        (SELECT max(time_ms) FROM outbox WHERE topic = $1 AND partition = $2)))
      ON CONFLICT (topic, partition) DO UPDATE
      SET epoch = excluded.epoch, next = excluded.next, last_time = greatest(head.last_time, excluded.last_time)
      WHERE head.epoch = $6 AND head.next = $7
      RETURNING last_time`,
    values: [topic, partition, newEpoch, firstSequence + 1, nowMs, head.epoch, head.next],
  });
}

function epochRow(nowMs: number): (at: PartitionRecovery) => Statement {
  return ({ topic, partition, tail, head, newEpoch, firstSequence }) => {
    const body = JSON.stringify({
      eventType: EpochStarted.eventType,
      epoch: newEpoch,
      previousEpoch: tail.epoch,
      previousSequence: tail.sequence,
      restoredSequence: head.next - 1,
    });
    return {
      text: `WITH started AS (
          INSERT INTO outbox_epochs (topic, partition, epoch, first_sequence, restored_sequence, started_ms)
          VALUES ($1, $2, $3, $4, $5, $6))
        INSERT INTO outbox
          (topic, partition, epoch, first_sequence, last_sequence, time_ms, keys, bodies, versions, traceparent)
        SELECT topic, partition, epoch, $4, $4, last_time, '[null]', $7, $8, NULL
        FROM outbox_head WHERE topic = $1 AND partition = $2`,
      values: [
        topic,
        partition,
        newEpoch,
        firstSequence,
        head.next - 1,
        nowMs,
        body,
        String(EpochStarted.version),
      ],
    };
  };
}
