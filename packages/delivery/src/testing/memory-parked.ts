import { type Rows, type SqlValue, StoreError } from "@bourse/store";
import { PARKED_CHANGED, QUEUED } from "../parked-rows.ts";

export interface ParkedTables {
  readonly heads: Map<string, { nextPlace: number; generation: number }>;
  readonly rows: MemoryParked[];
}

/** A row of `parked`, as far as a test without PostgreSQL looks at it. */
export interface MemoryParked {
  readonly subscription: string;
  readonly topic: string;
  readonly partition: number;
  readonly place: number;
  readonly offset: number;
  readonly sequence: number | null;
  readonly key: string | null;
  readonly value: string;
  readonly queue: string | null;
  readonly attempts: number;
  readonly parkedMs: number;
  readonly code: string;
  readonly message: string;
  status: "PARKED" | "APPLIED";
}

const headKey = (subscription: unknown, topic: unknown, partition: unknown): string =>
  `${subscription}/${topic}/${partition}`;

export function readParked(
  { heads, rows }: ParkedTables,
  [subscription, sinceMs, untilMs]: readonly SqlValue[],
): Rows {
  return [...heads].flatMap(([key, { nextPlace, generation }]) => {
    const own = rows.filter((row) => headKey(row.subscription, row.topic, row.partition) === key);
    const [of, topic, partition] = key.split("/");
    if (of !== subscription) return [];
    const waiting = own.filter(({ status }) => status === "PARKED");
    const queues = [...new Set(waiting.flatMap(({ queue }) => (queue === null ? [] : [queue])))];
    const recent = own.filter(
      ({ parkedMs, code }) => parkedMs > Number(sinceMs) && parkedMs < Number(untilMs) && code !== QUEUED,
    ).length;
    return [{ topic, partition, next_place: nextPlace, generation, queues, recent, waiting: waiting.length }];
  });
}

export function checkParked({ heads }: ParkedTables, values: readonly SqlValue[]): Rows {
  const [subscription, topics, partitions, generations] = values;
  const topicList = String(topics).split("\u001e");
  const partitionList = items(partitions);
  items(generations).forEach((generation, index) => {
    const key = headKey(subscription, topicList[index], partitionList[index]);
    if (heads.get(key)?.generation === Number(generation)) return;
    throw new StoreError("statement_failed", `what ${key} has parked has changed`, {
      retryable: false,
      sqlState: PARKED_CHANGED,
    });
  });
  return [];
}

export function writeParkedHeads({ heads }: ParkedTables, values: readonly SqlValue[]): Rows {
  const [topics, partitions, places] = [items(values[1]), items(values[2]), items(values[3])];
  topics.forEach((topic, index) => {
    const key = headKey(values[0], topic, partitions[index]);
    heads.set(key, {
      generation: heads.get(key)?.generation ?? 0,
      nextPlace: Number(places[index]),
    });
  });
  return [];
}

export function insertParked({ rows }: ParkedTables, values: readonly SqlValue[]): Rows {
  const columns = values.slice(2).map(items);
  const count = columns[0]?.length ?? 0;
  for (let index = 0; index < count; index++) {
    const at = (column: number): string | null => columns[column]?.[index] ?? null;
    const bytes = (column: number): string | null => {
      const hex = at(column);
      return hex === null ? null : Buffer.from(hex.slice(2), "hex").toString();
    };
    rows.push({
      subscription: String(values[0]),
      parkedMs: Number(values[1]),
      topic: String(at(0)),
      partition: Number(at(1)),
      place: Number(at(2)),
      offset: Number(at(4)),
      sequence: at(8) === null ? null : Number(at(8)),
      key: bytes(9),
      value: bytes(10) ?? "",
      queue: at(12),
      attempts: Number(at(13)),
      code: String(at(15)),
      message: String(at(16)),
      status: "PARKED",
    });
  }
  return [];
}

/** Reads an array literal as `sqlArray` and `numberArray` write it. */
function items(literal: SqlValue | undefined): (string | null)[] {
  const found: (string | null)[] = [];
  for (const match of String(literal)
    .slice(1, -1)
    .matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/gs)) {
    const [, quoted, plain] = match;
    if (quoted !== undefined) found.push(quoted.replace(/\\(.)/gs, "$1"));
    else found.push(plain === "NULL" ? null : (plain ?? ""));
  }
  return found;
}
