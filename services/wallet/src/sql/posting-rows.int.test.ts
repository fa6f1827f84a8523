import assert from "node:assert/strict";
import { test } from "node:test";
import { deliveryMigrations } from "@bourse/delivery";
import { type Rows, type Statement, type Store, sql } from "@bourse/store";
import { testDatabase } from "@bourse/store/testing";
import { JOURNAL_INDEXES, summariseJournal } from "../jobs/summarise-journal.ts";
import type { Wallet } from "../wallet.ts";
import { type PostingPlace, readPostings, selectPostings } from "./posting-rows.ts";

const MIGRATIONS = [
  { prefix: "delivery", folder: deliveryMigrations },
  { prefix: "wallet", folder: new URL("./migrations/", import.meta.url) },
];
const ALWAYS = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

function summarise(store: Store): Promise<void> {
  return summariseJournal({ store, summarisedPages: new Map() } as Partial<Wallet> as Wallet);
}

/** Of `buyer-<0 to 99>` and `seller-<0 to 49>`, one a millisecond from `afterMs`. */
function trades(count: number, afterMs = 0): Statement {
  return sql`
    INSERT INTO trade_entries (trade_id, symbol, partition, buyer_account, seller_account, base_asset, quote_asset,
      quantity, notional, buyer_fee, seller_fee, time_ms)
    SELECT 'AAPL-' || n, 'AAPL', 0, 'buyer-' || n % 100, 'seller-' || n % 50, 'AAPL', 'USD', 1, 100, 1, 1, n
    FROM generate_series(${afterMs + 1}::bigint, ${afterMs + count}::bigint) AS s (n)`;
}

/** As many as there are of its times. */
function holds(accountId: string, timesMs: readonly number[]): Statement {
  return sql`
    INSERT INTO transfer_entries (journal_id, kind, account_id, asset, amount, partition, time_ms)
    SELECT 'hold/' || place, 'HOLD', ${accountId}, 'USD', 1, 0, at
    FROM unnest(${`{${timesMs.join()}}`}::bigint[]) WITH ORDINALITY AS s (at, place)`;
}

test("of an account's statement no legs are made of entries of others, however many there are", async (t) => {
  const { store } = await testDatabase(t, { migrations: MIGRATIONS });
  await store.transaction("trade", (tx) => tx.commit([trades(2_000)]));
  const statement = selectPostings("buyer-7", ALWAYS, { most: 2_000 });
  assert.equal((await store.query(statement)).length, 40);
  const opened = (await nodesOf(store, statement))
    .filter((node) => node["Node Type"] === "Result")
    .map((node) => node["Actual Loops"]);
  assert.deepEqual(new Set(opened), new Set([0, 20]));
});

test("a statement reads the ranges of the journal that have its account, and none of the others", async (t) => {
  const { store } = await testDatabase(t, { migrations: MIGRATIONS });
  const accounts = sql`UPDATE trade_entries SET buyer_account = 'early' WHERE time_ms = 5`;
  await store.transaction("trade", (tx) => tx.commit([trades(100), accounts]));
  await store.transaction("hold", (tx) =>
    tx.commit([holds("early", [5]), holds("others", Array(16_000).fill(7)), trades(16_000, 100)]),
  );
  await summarise(store);
  const statement = selectPostings("early", ALWAYS, { most: 2_000 });
  assert.equal((await store.query(statement)).length, 4);
  const looked = (await nodesOf(store, statement))
    .filter((node) => node["Node Type"] === "Bitmap Heap Scan")
    .reduce((sum, node) => sum + entriesOf(node), 0);
  // A range has some two thousand entries. The last one of each table is not whole, and so is looked at, too.
  assert.ok(looked > 0 && looked < 16_000, `it looks at ${looked} of 32,101 entries`);
});

test("of whole ranges there are summaries, and none of those that grow", async (t) => {
  const { store } = await testDatabase(t, { migrations: MIGRATIONS });
  await store.transaction("hold", (tx) => tx.commit([holds("others", Array(8_000).fill(7)), trades(8_000)]));
  await summarise(store);
  for (const { table, index } of JOURNAL_INDEXES) {
    // What is summarised already is not counted: no range is left but the last one.
    const [row] = await store.query(
      sql`SELECT pg_relation_size(${table}::regclass) / current_setting('block_size')::bigint AS pages,
        (SELECT option_value FROM pg_class, pg_options_to_table(reloptions) WHERE oid = ${index}::regclass) AS range`,
    );
    assert.equal(row?.range, "32", index);
    assert.ok(Number(row?.pages) > 2 * 32, `${table} has several ranges`);
    const [left] = await store.transaction("look", (tx) =>
      tx.run([sql`SELECT brin_summarize_new_values(${index}::regclass) AS ranges`]),
    );
    assert.deepEqual(left, [{ ranges: Number(row?.pages) % 32 === 0 ? 0 : 1 }], index);
  }
});

test("the first entries of a new journal have no summary to write again", async (t) => {
  const { store } = await testDatabase(t, { migrations: MIGRATIONS });
  await store.transaction("first", (tx) => tx.commit([trades(1), holds("alice", [1])]));
  const made = await store.transaction("look", (tx) =>
    tx.run(JOURNAL_INDEXES.map(({ index }) => sql`SELECT brin_summarize_range(${index}::regclass, 0) AS n`)),
  );
  assert.deepEqual(
    made.map(([row]) => row?.n),
    [1, 1],
    "of a range that has one, none is made",
  );
});

const DAY_MS = 86_400_000;
const NOW_MS = 400 * DAY_MS;

for (const [name, timesMs] of [
  ["as many in one millisecond as a window has at most", Array(2_500).fill(NOW_MS - 9 * DAY_MS)],
  ["many in a second of long ago", Array.from({ length: 5_000 }, (_, n) => 300 * DAY_MS + (n % 700))],
  ["of a clock that was ahead", [1, NOW_MS, NOW_MS + 1, NOW_MS + 500 * DAY_MS, 9_000_000_000_000_000]],
  ["from the first millisecond on, a few now and then", [0, 0, 1, 99, DAY_MS, 17 * DAY_MS, NOW_MS - 1]],
  ["none", []],
] as const)
  test(`a statement is whole and in its order, page by page: ${name}`, async (t) => {
    const { store } = await testDatabase(t, { migrations: MIGRATIONS });
    await store.transaction("hold", (tx) =>
      tx.commit([holds("alice", timesMs), holds("bob", [5, NOW_MS, NOW_MS - 9 * DAY_MS])]),
    );
    const wanted = await store.query(sql`
      SELECT time_ms, journal_id, ledger FROM postings WHERE owner = 'alice'
      ORDER BY time_ms DESC, journal_id, ledger, asset`);
    assert.equal(wanted.length, 2 * timesMs.length);
    const read: object[] = [];
    for (let behind: PostingPlace | undefined; ; ) {
      const page: Rows = await readPostings(store, "alice", { limit: 999, behind, nowMs: NOW_MS });
      for (const { time_ms, journal_id, ledger } of page) read.push({ time_ms, journal_id, ledger });
      const last = page.at(-1);
      if (last === undefined) break;
      const [journalId, ledger, asset] = [last.journal_id, last.ledger, last.asset].map(String);
      behind = { timeMs: Number(last.time_ms), journalId, ledger, asset } as PostingPlace;
    }
    assert.deepEqual(read, wanted);
  });

interface PlanNode {
  readonly "Node Type": string;
  readonly "Actual Loops": number;
  readonly "Actual Rows": number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

function entriesOf(node: PlanNode): number {
  return (
    node["Actual Rows"] + (node["Rows Removed by Index Recheck"] ?? 0) + (node["Rows Removed by Filter"] ?? 0)
  );
}

async function nodesOf(store: Store, { text, values }: Statement): Promise<readonly PlanNode[]> {
  const explain = { text: `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values };
  const [[row] = []] = await store.transaction("explain", (tx) => tx.run([explain]));
  const explained = row?.["QUERY PLAN"] as readonly { readonly Plan: PlanNode }[];
  return explained.flatMap(({ Plan }) => everyNode(Plan));
}

function everyNode(plan: PlanNode): readonly PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(everyNode)];
}
