import { setImmediate } from "node:timers/promises";
import {
  type Row,
  type Rows,
  type SqlValue,
  type Statement,
  type Store,
  StoreError,
  type Transaction,
} from "@bourse/store";
import { IDEMPOTENCY_CLAIM, IDEMPOTENCY_CLEAN, IDEMPOTENCY_KEEP } from "../idempotency/idempotency-rows.ts";
import { MARKS_ADVANCE, MARKS_READ } from "../marks.ts";
import { OUTBOX_APPEND, OUTBOX_READ } from "../outbox.ts";
import { OUTBOX_ROLL } from "../outbox-days.ts";
import { PARKED_CHECK, PARKED_HEADS_WRITE, PARKED_INSERT, PARKED_READ } from "../parked-rows.ts";
import { COUNT_PARKED } from "../parked-statements.ts";
import { MARK_SENT } from "../relay.ts";
import { EPOCHS_READ, HEADS_READ, NOTE_LOSS, SENT_READ } from "../relay-resume.ts";
import { RETENTION_FORGET, RETENTION_KEEP, RETENTION_READ } from "../retention.ts";
import { claimInMemory, cleanInMemory, type IdempotencyTable, keepInMemory } from "./memory-idempotency.ts";
import {
  checkParked,
  insertParked,
  type MemoryParked,
  type ParkedTables,
  readParked,
  writeParkedHeads,
} from "./memory-parked.ts";

/**
 * Delivery's tables in memory, one transaction at a time, with the three outcomes of a commit (R16): for tests of what
 * happens between the steps. What PostgreSQL really does is the integration tests' to show.
 */
export interface MemoryStore extends Store {
  /** What committed `effect` statements have written. */
  readonly effects: readonly string[];
  /** What is parked, in the order in which it was (R12). */
  readonly parked: readonly MemoryParked[];
  /** As a redrive does that has applied all that is parked of a key. */
  unpark(queue: string): void;
  /** What the next transactions that commit come to. Transactions of the relay are left alone. */
  failNext(...faults: readonly StoreFault[]): void;
  /** Every query and transaction fails with `store_unavailable` until the returned function is called. */
  goAway(): () => void;
  mark(subscription: string, topic: string, partition: number, producer: string): number | undefined;
  /** Names of the transactions that were tried, and in each the texts of its statements by round trip. */
  readonly trips: { readonly name: string; readonly texts: string[][] }[];
  /** Deletes rows of the outbox as retention does. */
  dropOutbox(): void;
  copy(): MemoryStore;
}

export type StoreFault = "not_applied" | "unknown_applied" | "unknown_not_applied" | "deadlock";

/** A statement that writes one text: the stand-in for a service's own tables. */
export function effect(text: string): Statement {
  return { text: "effect", values: [text] };
}

interface Tables {
  heads: Map<string, { topic: string; partition: number; epoch: number; next: number; lastTime: number }>;
  outbox: Record<string, unknown>[];
  sent: Map<string, Row>;
  marks: Map<string, Record<string, unknown>>;
  effects: string[];
  idempotency: IdempotencyTable;
  parked: ParkedTables;
}

export function memoryStore(initial?: Tables): MemoryStore {
  let tables: Tables = initial ?? {
    heads: new Map(),
    outbox: [],
    sent: new Map(),
    marks: new Map(),
    effects: [],
    idempotency: new Map(),
    parked: { heads: new Map(), rows: [] },
  };
  const faults: StoreFault[] = [];
  const trips: { readonly name: string; readonly texts: string[][] }[] = [];
  let away = false;
  let turn: Promise<unknown> = Promise.resolve();

  const unavailable = (): StoreError => new StoreError("store_unavailable", "injected", { retryable: true });
  const once = async <T>(name: string, work: (tx: Transaction) => Promise<T>): Promise<T> => {
    if (away) throw unavailable();
    const staged = structuredClone(tables);
    const texts: string[][] = [];
    trips.push({ name, texts });
    const run = async (statements: readonly Statement[]): Promise<readonly Rows[]> => {
      texts.push(statements.map(({ text }) => text));
      await setImmediate();
      return statements.map((statement) => execute(staged, statement));
    };
    let committed = false;
    const commit = async (statements: readonly Statement[] = []): Promise<readonly Rows[]> => {
      const rows = await run(statements);
      const fault = name.startsWith("relay.") || name.startsWith("outbox.") ? undefined : faults.shift();
      if (fault === "not_applied") throw unavailable();
      if (fault === "deadlock")
        throw new StoreError("statement_failed", "deadlock", { retryable: true, sqlState: "40P01" });
      if (fault !== "unknown_not_applied") tables = staged;
      committed = true;
      if (fault !== undefined) throw new StoreError("commit_unknown", "injected", { retryable: false });
      return rows;
    };
    const result = await work({ run, commit });
    if (!committed) await commit();
    return result;
  };
  const transaction = async <T>(name: string, work: (tx: Transaction) => Promise<T>): Promise<T> => {
    for (;;) {
      const before = turn;
      const mine = before.then(() => once(name, work));
      turn = mine.catch(() => undefined);
      try {
        return await mine;
      } catch (error) {
        if (!(error instanceof StoreError && error.sqlState === "40P01")) throw error;
      }
    }
  };
  const query: MemoryStore["query"] = async (statement) => {
    await setImmediate();
    if (away) throw unavailable();
    return execute(structuredClone(tables), statement);
  };
  return {
    get effects() {
      return tables.effects;
    },
    get parked() {
      return tables.parked.rows;
    },
    unpark: (queue) => {
      for (const row of tables.parked.rows) {
        if (row.queue !== JSON.stringify(queue)) continue;
        row.status = "APPLIED";
        const head = tables.parked.heads.get(`${row.subscription}/${row.topic}/${row.partition}`);
        if (head !== undefined) head.generation++;
      }
    },
    trips,
    failNext: (...next) => {
      faults.push(...next);
    },
    goAway: () => {
      away = true;
      return () => {
        away = false;
      };
    },
    mark: (...key) => tables.marks.get(key.join("/"))?.sequence as number | undefined,
    dropOutbox: () => {
      tables.outbox = [];
    },
    copy: () => memoryStore(structuredClone(tables)),
    transaction,
    query,
    scan: query,
    queries: (statements) => Promise.all(statements.map(query)),
    ping: () => (away ? Promise.reject(unavailable()) : Promise.resolve()),
    close: () => Promise.resolve(),
  };
}

function execute(tables: Tables, { text, values }: Statement): Rows {
  if (text === "effect") {
    tables.effects.push(String(values[0]));
    return [];
  }
  if (text === "read effects") return tables.effects.map((each) => ({ effect: each }));
  if (text === OUTBOX_APPEND) return append(tables, values);
  if (text === OUTBOX_READ) return readOutbox(tables, values);
  if (text === HEADS_READ) return [...tables.heads.values()];
  if (text === EPOCHS_READ) return [];
  if (text === SENT_READ) return [...tables.sent.values()];
  if (text === MARKS_ADVANCE) return advance(tables, values);
  if (text === MARKS_READ) return [...tables.marks.values()].filter((row) => row.subscription === values[0]);
  if (text === MARK_SENT) return markSent(tables, values);
  if (text === NOTE_LOSS) return noteLoss(tables, values);
  if (text === OUTBOX_ROLL) return [];
  if (text === RETENTION_READ || text === RETENTION_KEEP || text === RETENTION_FORGET) return [];
  if (text === PARKED_READ) return readParked(tables.parked, values);
  if (text === PARKED_CHECK) return checkParked(tables.parked, values);
  if (text === PARKED_HEADS_WRITE) return writeParkedHeads(tables.parked, values);
  if (text === PARKED_INSERT) return insertParked(tables.parked, values);
  if (text === COUNT_PARKED) return [];
  if (text === IDEMPOTENCY_CLAIM) return claimInMemory(tables.idempotency, values);
  if (text === IDEMPOTENCY_KEEP) return keepInMemory(tables.idempotency, values);
  if (text === IDEMPOTENCY_CLEAN) return cleanInMemory(tables.idempotency, values);
  throw new StoreError("statement_failed", `the memory store does not know: ${text}`, { retryable: false });
}

const list = (value: SqlValue | undefined): string[] => String(value).split("\u001e");
const numbers = (value: SqlValue | undefined): number[] => String(value).slice(1, -1).split(",").map(Number);

function append(tables: Tables, values: readonly SqlValue[]): Rows {
  const [topics, partitions, counts] = [list(values[1]), numbers(values[2]), numbers(values[3])];
  const [keys, bodies, versions] = [list(values[4]), list(values[5]), list(values[6])];
  return topics.map((topic, index) => {
    const partition = partitions[index] ?? 0;
    const count = counts[index] ?? 0;
    const key = `${topic}/${partition}`;
    const head = tables.heads.get(key) ?? { topic, partition, epoch: 1, next: 1, lastTime: 0 };
    const first = head.next;
    const time = Math.max(head.lastTime, Number(values[0]));
    tables.heads.set(key, { ...head, next: first + count, lastTime: time });
    tables.outbox.push({
      topic,
      partition,
      epoch: head.epoch,
      first_sequence: first,
      last_sequence: first + count - 1,
      time_ms: time,
      keys: keys[index],
      bodies: bodies[index],
      versions: versions[index],
      traceparent: values[7],
    });
    return { topic, partition, epoch: head.epoch, first_sequence: first, time_ms: time };
  });
}

function readOutbox(tables: Tables, values: readonly SqlValue[]): Rows {
  const [topic, partition, epoch, after, limit, lastBegin] = values;
  return tables.outbox
    .filter((row) => row.topic === topic && row.partition === partition)
    .filter(
      (row) =>
        Number(row.epoch) > Number(epoch) ||
        (row.epoch === epoch && Number(row.last_sequence) > Number(after)),
    )
    .sort((a, b) => Number(a.last_sequence) - Number(b.last_sequence))
    .slice(0, Number(limit))
    .filter((row) => Number(row.first_sequence) <= Number(lastBegin));
}

function advance(tables: Tables, values: readonly SqlValue[]): Rows {
  const subscription = String(values[0]);
  const [topics, partitions, producers] = [list(values[1]), numbers(values[2]), list(values[3])];
  const [fromEpochs, fromSequences] = [numbers(values[4]), numbers(values[5])];
  const [toEpochs, toSequences, offsets, ids] = [
    numbers(values[6]),
    numbers(values[7]),
    numbers(values[8]),
    list(values[9]),
  ];
  topics.forEach((topic, index) => {
    const [partition, producer] = [partitions[index] ?? 0, producers[index] ?? ""];
    const key = [subscription, topic, partition, producer].join("/");
    const before = tables.marks.get(key);
    const expected = fromSequences[index] ?? 0;
    const matches =
      expected === 0
        ? before === undefined
        : before?.sequence === expected && before.epoch === fromEpochs[index];
    if (!matches)
      throw new StoreError("statement_failed", `the mark of ${key} has moved`, {
        retryable: false,
        sqlState: "BM001",
      });
    tables.marks.set(key, {
      subscription,
      topic,
      partition,
      producer,
      epoch: toEpochs[index],
      sequence: toSequences[index],
      next_offset: offsets[index],
      topic_id: ids[index],
    });
  });
  return [];
}

function markSent(tables: Tables, values: readonly SqlValue[]): Rows {
  const [topics, partitions, epochs] = [list(values[0]), numbers(values[1]), numbers(values[2])];
  const [sequences, ids, ends] = [numbers(values[3]), list(values[4]), numbers(values[5])];
  const losses = numbers(values[6]);
  topics.forEach((topic, index) => {
    const key = `${topic}/${partitions[index]}`;
    const before = tables.sent.get(key);
    if (before !== undefined) {
      if (before.losses !== losses[index]) return;
      if (before.topic_id === ids[index] && Number(before.sequence) >= (sequences[index] ?? 0)) return;
    }
    tables.sent.set(key, {
      topic,
      partition: partitions[index],
      epoch: epochs[index],
      sequence: sequences[index],
      topic_id: ids[index],
      end_offset: ends[index],
      losses: losses[index],
    });
  });
  return [];
}

function noteLoss(tables: Tables, values: readonly SqlValue[]): Rows {
  const [topic, partition, epoch, sequence, topic_id, end_offset, losses] = values;
  const key = `${topic}/${partition}`;
  if (Number(tables.sent.get(key)?.losses ?? Number(losses) - 1) !== Number(losses) - 1) return [];
  tables.sent.set(key, { topic, partition, epoch, sequence, topic_id, end_offset, losses } as Row);
  return [{ losses: losses as number }];
}
