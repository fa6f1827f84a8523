import type { EventBus, OutgoingBatch, SentBatch } from "@bourse/bus";
import type { Statement, Store, Transaction } from "@bourse/store";
import type { Mutation } from "./mutation.ts";

export const MUTATIONS: readonly Mutation[] = [
  {
    name: "marks-without-compare",
    about: "R5: the marks are set, not compared and set",
    flow: "filled",
    ports: ["transaction"],
    outcomes: ["applied-late"],
    store: (store) =>
      withStatements(store, (statement) => (isMarksAdvance(statement) ? setMarks(statement) : statement)),
  },
  {
    name: "answer-before-commit",
    about: "R9: the client hears yes before the orders are committed",
    flow: "accepted",
    outcomes: ["dies-before"],
    store: (store, service, timer) =>
      service !== "order" ? store : answeringEarly(store, "orders and commands", () => timer.sleep(1)),
  },
  {
    name: "relay-skips",
    about: "R4: what the bus did not take is not sent again",
    flow: "accepted",
    ports: ["bus"],
    outcomes: ["refused"],
    bus: (bus) =>
      withSend(bus, async (batches) => {
        await bus.send(unchecked(batches)).catch(() => undefined);
        return believed(batches);
      }),
  },
  {
    name: "relay-out-of-order",
    about: "R4: number n+1 is sent before n is acknowledged",
    flow: "batch",
    ports: ["bus"],
    outcomes: ["delayed"],
    bus: (bus, service) => (service === "matching" ? bus : withSend(bus, sendingAhead(bus))),
  },
  {
    name: "snapshot-ahead-of-outputs",
    about:
      "R8: a snapshot is taken before its outputs are acknowledged, and taken over without a look at them",
    flow: "filled",
    outcomes: ["dies-before"],
    bus: (bus, service, timer) =>
      service !== "matching"
        ? bus
        : withSend(bus, async (batches) => {
            void timer.sleep(5).then(() => bus.send(unchecked(batches)));
            return believed(batches);
          }),
    snapshots: (open) => (folder) => {
      const store = open(folder);
      return { write: (snapshot) => store.write(snapshot), newest: () => store.newest(() => true) };
    },
  },
  {
    name: "no-tombstone",
    about: "R10: an orphaned hold is released without making its order's id unusable first",
    flow: "accepted",
    ports: ["begin"],
    outcomes: ["delayed"],
    store: (store, service) =>
      service !== "order"
        ? store
        : withStatements(
            store,
            (statement) => statement,
            (name) => name === "entomb",
          ),
  },
];

/** A store that sends other statements than it is given; none at all in the transactions that are emptied. */
function withStatements(
  store: Store,
  change: (statement: Statement) => Statement,
  isEmptied: (transaction: string) => boolean = () => false,
): Store {
  return {
    ...store,
    transaction: (name, work) =>
      store.transaction(name, (tx) => {
        const changed = (statements: readonly Statement[]): readonly Statement[] =>
          isEmptied(name) ? [] : statements.map(change);
        return work({
          run: (statements) => tx.run(changed(statements)),
          commit: (statements = []) => tx.commit(changed(statements)),
        });
      }),
  };
}

function isMarksAdvance({ text }: Statement): boolean {
  return text.startsWith("SELECT marks_advance(");
}

/** Takes the same ten values and looks at none of the old ones. */
function setMarks({ values }: Statement): Statement {
  const text = `INSERT INTO marks (subscription, topic, partition, producer, epoch, sequence, next_offset, topic_id)
    SELECT $1::text, t, p, r, e, s, o, i
    FROM unnest(string_to_array($2::text, E'\\x1e'), $3::int[], string_to_array($4::text, E'\\x1e'), $5::int[], $6::int8[],
      $7::int[], $8::int8[], $9::int8[], string_to_array($10::text, E'\\x1e')) AS given (t, p, r, fe, fs, e, s, o, i)
    ON CONFLICT (subscription, topic, partition, producer) DO UPDATE
    SET epoch = excluded.epoch, sequence = excluded.sequence, next_offset = excluded.next_offset, topic_id = excluded.topic_id`;
  return { text, values };
}

/** The transaction's work is answered as soon as it is done; its COMMIT follows. */
function answeringEarly(store: Store, transaction: string, pause: () => Promise<void>): Store {
  return {
    ...store,
    transaction: <T>(name: string, work: (tx: Transaction) => Promise<T>): Promise<T> => {
      if (name !== transaction) return store.transaction(name, work);
      return new Promise<T>((resolve, reject) => {
        store
          .transaction(name, async (tx) => {
            resolve(await work({ run: tx.run, commit: (statements = []) => tx.run(statements) }));
            await pause();
            await tx.commit();
          })
          .catch(reject);
      });
    },
  };
}

function withSend(bus: EventBus, send: EventBus["send"]): EventBus {
  return { ...bus, send };
}

/** Acknowledges at once and sends in its own time, again where it was refused. */
function sendingAhead(bus: EventBus): EventBus["send"] {
  return async (batches) => {
    const sent = unchecked(batches);
    void bus.send(sent).catch(() => bus.send(sent));
    return believed(batches);
  };
}

/** Without the places that they are to go behind: the log's own check would find what is missing. */
function unchecked(batches: readonly OutgoingBatch[]): readonly OutgoingBatch[] {
  return batches.map(({ behind: _, lineage: _lineage, ...batch }) => batch);
}

/** What the sender takes for an acknowledgement, whatever became of the records. */
function believed(batches: readonly OutgoingBatch[]): readonly SentBatch[] {
  return batches.map(({ topic, partition, behind = 0n }) => ({ topic, partition, firstOffset: behind }));
}
