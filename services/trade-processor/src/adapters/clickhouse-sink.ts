import { OperationalError } from "@bourse/base";
import { resumingSink } from "./resuming-sink.ts";
import type { SinkPlace, SinkRow, SinkRun, TradeSink } from "./trade-sink.ts";

const TABLE = "bourse_trades";
/** Amounts with 12 decimals in 38 digits, as ClickHouse's widest common decimal has them. */
const CREATE = `CREATE TABLE IF NOT EXISTS ${TABLE} (topic String, topic_id String, partition UInt32, record_offset UInt64, last_offset UInt64,
  client_id String, trade_id String, leg UInt8, order_id String, symbol String, side String, quantity Decimal(38, 12),
  price Decimal(38, 12), notional Decimal(38, 12), fee Decimal(38, 12), realised Decimal(38, 12),
  position_quantity Decimal(38, 12), position_cost Decimal(38, 12), trade_time DateTime, trade_ms UInt64)
  ENGINE = MergeTree ORDER BY (symbol, client_id, trade_ms)`;
/** Tables of before have none. */
const COUNT_TOPIC_IDS = `SELECT count() FROM system.columns
  WHERE database = currentDatabase() AND table = '${TABLE}' AND name = 'topic_id' FORMAT TabSeparated`;
const ADD_TOPIC_ID = `ALTER TABLE ${TABLE} ADD COLUMN topic_id String AFTER topic`;
const TIMEOUT_MS = 30_000;

/**
 * ClickHouse by its HTTP interface. A batch is one INSERT, which is one block of one part: it is there wholly or not at all,
 * so the greatest offset in the table says where to go on.
 */
export async function clickHouseSink({ url }: { readonly url: string }): Promise<TradeSink> {
  const ask = (statement: string): Promise<string> => request({ url, isWaitedFor }, statement);
  await makeTable((statement) => request({ url, isWaitedFor: isWaitedForAtStart }, statement));
  return resumingSink({
    kind: "clickhouse",
    lastOffset: async (place) => {
      const answer = await ask(
        `SELECT count(), max(last_offset) FROM ${TABLE} WHERE ${whereOf(place)} FORMAT TabSeparated`,
      );
      const [count, last] = answer.trim().split("\t").map(Number);
      return count === 0 || last === undefined ? -1 : last;
    },
    offsets: async ({ first, last, ...place }) => {
      const where = `${whereOf(place)} AND record_offset BETWEEN ${first} AND ${last}`;
      const answer = await ask(
        `SELECT DISTINCT record_offset FROM ${TABLE} WHERE ${where} FORMAT TabSeparated`,
      );
      return new Set(answer.split("\n").filter(Boolean).map(Number));
    },
    append: async (runs) => {
      const lines = runs.flatMap((run) => run.rows.map((row) => lineOf(run, row)));
      // One block, however many rows there are: what is cut into several may be there in part.
      const settings = `max_insert_block_size=${Math.max(1_048_576, lines.length)}`;
      await request(
        { url: `${url}${url.includes("?") ? "&" : "?"}${settings}`, isWaitedFor },
        `INSERT INTO ${TABLE} FORMAT TabSeparated`,
        `${lines.join("\n")}\n`,
      );
    },
    close: async () => undefined,
  });
}

async function makeTable(ask: (statement: string) => Promise<string>): Promise<void> {
  await ask(CREATE);
  const columns = await ask(COUNT_TOPIC_IDS);
  if (columns.trim() === "0") await ask(ADD_TOPIC_ID);
}

/** A wrong password is told at once to who starts it. */
function isWaitedForAtStart(status: number): boolean {
  return status >= 500;
}

/** What is not about the rows that were sent, such as a table that is gone, is no record's fault (R12). */
function isWaitedFor(status: number): boolean {
  return status !== 400 && status !== 413;
}

interface Asking {
  readonly url: string;
  /** Which answers may be others later. */
  readonly isWaitedFor: (status: number) => boolean;
}

async function request({ url, isWaitedFor }: Asking, statement: string, body = ""): Promise<string> {
  const address = new URL(url);
  if (body !== "") address.searchParams.set("query", statement);
  let status = 0;
  let text: string;
  try {
    const answer = await fetch(address, {
      method: "POST",
      body: body === "" ? statement : body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    status = answer.status;
    text = await answer.text();
  } catch (cause) {
    throw unavailable(
      `ClickHouse at ${address.host} does not answer: ${(cause as Error).message}`,
      true,
      cause,
    );
  }
  if (status === 200) return text;
  throw unavailable(`ClickHouse answers ${status}: ${text.slice(0, 500)}`, isWaitedFor(status), undefined);
}

function unavailable(message: string, retryable: boolean, cause: unknown): OperationalError {
  return new OperationalError("sink_unavailable", message, { retryable, cause });
}

function whereOf({ topic, topicId, partition }: SinkPlace): string {
  return `topic = ${quoted(topic)} AND topic_id = ${quoted(topicId)} AND partition = ${partition}`;
}

function lineOf({ topic, topicId, partition, lastOffset }: SinkRun, row: SinkRow): string {
  return [
    topic,
    topicId,
    partition,
    row.offset,
    lastOffset,
    row.clientId,
    row.tradeId,
    row.leg,
    row.orderId ?? "",
    row.symbol,
    row.side,
    row.quantity,
    row.price,
    row.notional,
    row.fee,
    row.realised,
    row.positionQuantity,
    row.positionCost,
    Math.floor(row.tradeMs / 1_000),
    row.tradeMs,
  ].join("\t");
}

/** Topics have letters, digits, dots, dashes and underscores. */
function quoted(topic: string): string {
  return `'${topic.replaceAll(/[\\']/g, "\\$&")}'`;
}
