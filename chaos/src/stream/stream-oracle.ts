import { createReadStream } from "node:fs";
import { type Row, type Statement, type Store, sql } from "@bourse/store";
import { type CostMethod, RECALCULATION_TABLES, recalculate } from "./recalculated-profit.ts";

/** Why a record of each kind of poison is refused. */
const REASONS: Readonly<Record<string, string>> = {
  not_json: "not_json",
  not_an_object: "not_an_object",
  not_utf8: "not_utf8",
  empty_value: "not_json",
  null_value: "not_json",
  empty_key: "wrong_key",
  missing_field: "schema_violated",
  wrong_type: "schema_violated",
  wrong_event_type: "unknown_event_type",
  bad_time: "schema_violated",
  future_time: "time_in_future",
  negative_price: "price_not_positive",
  zero_quantity: "quantity_not_positive",
  unknown_symbol: "unknown_symbol",
  unknown_side: "unknown_side",
  duplicate_trade_id: "trade_seen",
  huge_number: "schema_violated",
  nan_text: "schema_violated",
  exponent: "schema_violated",
  too_many_decimals: "too_many_decimals",
};

const TABLES: readonly Statement[] = [
  sql`CREATE TABLE IF NOT EXISTS sent (partition int, sequence int8, kind text, trade_id text, client_id text, symbol text,
    side text, quantity numeric, price numeric, fee numeric, sent_at timestamptz)`,
  sql`CREATE TABLE IF NOT EXISTS reasons (kind text PRIMARY KEY, code text)`,
];

/**
 * Reads the generator's journal into tables of its own beside the results, and works out what each trade must have
 * realised. What is compared is calculated by SQL out of the journal alone: it shares no code with the processor.
 */
export async function loadJournal(store: Store, file: string, method: CostMethod): Promise<number> {
  const pieces: Uint8Array[] = [];
  for await (const piece of createReadStream(file)) pieces.push(piece as Uint8Array);
  const sent = await copyJournal(store, pieces);
  // Without knowing how many there are, a plan would compare each with each.
  await analyse(store);
  const partitions = await store.query(sql`SELECT DISTINCT partition FROM sent ORDER BY partition`);
  for (const { partition } of partitions)
    await store.transaction("recalculate", (tx) => tx.commit([recalculate(method, Number(partition))]));
  await store.transaction("index", (tx) =>
    tx.commit([sql`CREATE INDEX wanted_trades ON wanted (partition, sequence)`]),
  );
  await analyse(store);
  return sent;
}

async function analyse(store: Store): Promise<void> {
  await store.transaction("analyse", (tx) => tx.commit([sql`ANALYZE`]));
}

async function copyJournal(store: Store, pieces: readonly Uint8Array[]): Promise<number> {
  await store.transaction("oracle", (tx) =>
    tx.commit([
      ...TABLES,
      ...RECALCULATION_TABLES,
      ...Object.entries(REASONS).map(
        ([kind, code]) => sql`INSERT INTO reasons VALUES (${kind}, ${code}) ON CONFLICT DO NOTHING`,
      ),
    ]),
  );
  await store.transaction("journal", (tx) =>
    tx.commit([
      { text: "COPY sent FROM STDIN WITH (FORMAT csv, HEADER true)", values: [], copy: pieces },
      sql`CREATE INDEX sent_trades ON sent (client_id, trade_id)`,
    ]),
  );
  const [row] = await store.query(sql`SELECT count(*) AS count FROM sent`);
  return Number(row?.count);
}

/** Each question's answer is empty where all is well; else some of what is wrong. With $1: of each partition by itself. */
const QUESTIONS: Readonly<Record<string, string>> = {
  "good trades that are missing": `SELECT s.partition, s.sequence, s.trade_id FROM sent s
    LEFT JOIN trades t ON t.client_id = s.client_id AND t.trade_id = s.trade_id
    WHERE s.kind = 'good' AND t.trade_id IS NULL ORDER BY 1, 2 LIMIT 20`,
  "trades that are twice": `SELECT client_id, trade_id, count(*) FROM trades GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2 LIMIT 20`,
  "trades that nobody sent": `SELECT t.client_id, t.trade_id FROM trades t
    LEFT JOIN sent s ON s.kind = 'good' AND s.client_id = t.client_id AND s.trade_id = t.trade_id
    WHERE s.trade_id IS NULL ORDER BY 1, 2 LIMIT 20`,
  "trades with other fields": `SELECT t.client_id, t.trade_id FROM trades t JOIN instruments i USING (symbol)
    JOIN sent s ON s.kind = 'good' AND s.client_id = t.client_id AND s.trade_id = t.trade_id
    WHERE s.symbol <> t.symbol OR s.quantity <> t.quantity / power(10::numeric, i.quantity_scale)
      OR s.price <> t.price / power(10::numeric, i.price_scale) OR s.fee <> t.fee / power(10::numeric, i.amount_scale)
      OR s.quantity * s.price <> t.notional / power(10::numeric, i.amount_scale)
      OR (s.side = 'BUY') <> (t.side = 1) OR extract(epoch FROM s.sent_at) * 1000 <> t.trade_ms ORDER BY 1, 2 LIMIT 20`,
  "bad records without their reason": `SELECT s.partition, s.sequence, s.kind, p.code FROM sent s JOIN reasons r USING (kind)
    LEFT JOIN parked p ON p.partition = s.partition AND p.sequence = s.sequence
    WHERE p.code IS DISTINCT FROM r.code ORDER BY 1, 2 LIMIT 20`,
  "records parked twice": `SELECT partition, sequence, count(*) FROM parked GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2 LIMIT 20`,
  "good records that are parked": `SELECT p.partition, p.sequence, p.code FROM parked p
    JOIN sent s ON s.partition = p.partition AND s.sequence = p.sequence AND s.kind = 'good' ORDER BY 1, 2 LIMIT 20`,
  // What was paid and taken in, fees included, is what was realised less what the open quantity cost: to the unit.
  "positions with other sums": `WITH wanted AS (
      SELECT client_id, symbol, sum(CASE side WHEN 'BUY' THEN quantity ELSE -quantity END) AS quantity,
        sum(CASE side WHEN 'SELL' THEN quantity * price ELSE -quantity * price END - fee) AS cash,
        sum(fee) AS fees, count(*) AS trades
      FROM sent WHERE kind = 'good' GROUP BY 1, 2),
    found AS (
      SELECT p.client_id, p.symbol, p.quantity / power(10::numeric, i.quantity_scale) AS quantity,
        (p.realised - p.cost) / power(10::numeric, i.amount_scale) AS cash,
        p.fees / power(10::numeric, i.amount_scale) AS fees, p.trades
      FROM positions p JOIN instruments i USING (symbol))
    SELECT client_id, symbol, w.trades AS wanted, f.trades AS found FROM wanted w FULL JOIN found f USING (client_id, symbol)
    WHERE w.quantity IS DISTINCT FROM f.quantity OR w.cash IS DISTINCT FROM f.cash OR w.fees IS DISTINCT FROM f.fees
      OR w.trades IS DISTINCT FROM f.trades ORDER BY 1, 2 LIMIT 20`,
  // Within a client the order of the log is the order in which it was sent ...
  "clients whose trades lie in another order": `WITH placed AS (
      SELECT s.client_id, s.sequence, t.record_offset,
        lag(t.record_offset) OVER (PARTITION BY s.partition, s.client_id ORDER BY s.sequence) AS before
      FROM sent s JOIN trades t ON t.client_id = s.client_id AND t.trade_id = s.trade_id
      WHERE s.kind = 'good' AND s.partition = $1 AND t.partition = $1)
    SELECT client_id, sequence, record_offset FROM placed WHERE record_offset <= before ORDER BY 1, 2 LIMIT 20`,
  // ... transactions applied it in that order: of a partition one begins to write only after the one before has ended,
  // and its number is then the higher one ...
  "clients whose trades were applied in another order": `WITH applied AS (
      SELECT client_id, record_offset, xmin::text::int8 AS applied,
        lag(xmin::text::int8) OVER (PARTITION BY partition, client_id ORDER BY record_offset) AS before
      FROM trades WHERE partition = $1)
    SELECT client_id, record_offset FROM applied WHERE applied < before ORDER BY 1, 2 LIMIT 20`,
  // ... and so did each transaction within itself: what a trade realised depends on all that came before it.
  "trades that realised something else": `SELECT s.client_id, s.trade_id, w.realised AS wanted, t.realised AS found
    FROM wanted w JOIN sent s USING (partition, sequence)
    JOIN trades t ON t.client_id = s.client_id AND t.trade_id = s.trade_id
    WHERE w.partition = $1 AND s.partition = $1 AND t.partition = $1 AND t.realised <> w.realised ORDER BY 1, 2 LIMIT 20`,
  "positions with another profit": `WITH profit AS (
      SELECT s.client_id, s.symbol, sum(w.realised) AS realised
      FROM wanted w JOIN sent s USING (partition, sequence) GROUP BY 1, 2)
    SELECT client_id, symbol, r.realised AS wanted, p.realised AS found
    FROM profit r FULL JOIN positions p USING (client_id, symbol)
    WHERE p.realised IS DISTINCT FROM r.realised ORDER BY 1, 2 LIMIT 20`,
  "trades that were not recalculated": `SELECT s.partition, s.sequence FROM sent s
    LEFT JOIN wanted w USING (partition, sequence) WHERE s.kind = 'good' AND w.realised IS NULL ORDER BY 1, 2 LIMIT 20`,
  // A flat position has no cost left, and none has a cost of the other sign.
  "positions with an impossible cost": `SELECT client_id, symbol, quantity, cost FROM positions
    WHERE sign(cost) <> sign(quantity) ORDER BY 1, 2 LIMIT 20`,
  "open lots that are not what is open": `SELECT p.client_id, p.symbol FROM positions p JOIN instruments i USING (symbol)
    LEFT JOIN (SELECT client_id, symbol, sum(quantity) AS quantity, sum(quantity * price) AS cost FROM open_lots GROUP BY 1, 2) l
      USING (client_id, symbol)
    WHERE p.method <> 'AVERAGE' AND (coalesce(l.quantity, 0) * power(10::numeric, i.quantity_scale) <> abs(p.quantity)
      OR coalesce(l.cost, 0) * power(10::numeric, i.amount_scale) <> abs(p.cost)) ORDER BY 1, 2 LIMIT 20`,
};

/** All that is wrong, in words. */
export async function questionResults(store: Pick<Store, "query">): Promise<readonly string[]> {
  const sent = await store.query(sql`SELECT DISTINCT partition FROM sent ORDER BY partition`);
  const partitions = sent.map(({ partition }) => Number(partition));
  const wrong: string[] = [];
  for (const [what, text] of Object.entries(QUESTIONS)) {
    const rows: Row[] = [];
    const each = text.includes("$1") ? partitions.map((partition) => [partition]) : [[]];
    for (const values of each) rows.push(...(await store.query({ text, values })));
    if (rows.length > 0) wrong.push(`${what}: ${JSON.stringify(rows.slice(0, LISTED), written)}`);
  }
  return wrong;
}

const LISTED = 20;

function written(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
