import assert from "node:assert/strict";
import { test } from "node:test";
import { deliveryMigrations } from "@bourse/delivery";
import { sql } from "@bourse/store";
import { testDatabase } from "@bourse/store/testing";
import { selectPostings } from "./journal-rows.ts";

const MIGRATIONS = [
  { prefix: "delivery", folder: deliveryMigrations },
  { prefix: "wallet", folder: new URL("./migrations/", import.meta.url) },
];

test("of an account's statement no legs are made of entries of others, however many there are", async (t) => {
  const { store } = await testDatabase(t, { migrations: MIGRATIONS });
  const trades = sql`
    INSERT INTO trade_entries (trade_id, symbol, partition, buyer_account, seller_account, base_asset, quote_asset,
      quantity, notional, buyer_fee, seller_fee, time_ms)
    SELECT 'AAPL-' || n, 'AAPL', 0, 'buyer-' || n % 100, 'seller-' || n % 50, 'AAPL', 'USD', 1, 100, 1, 1, n
    FROM generate_series(1, 10000) AS s (n)`;
  await store.transaction("trade", (tx) => tx.commit([trades]));
  const { text, values } = selectPostings("buyer-7", 1_000);
  assert.equal((await store.query({ text, values })).length, 200);

  const [row] = await store.query({ text: `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values });
  const explained = row?.["QUERY PLAN"] as readonly { readonly Plan: PlanNode }[];
  const entriesOpened = explained
    .flatMap(({ Plan }) => everyNode(Plan))
    .filter((node) => node["Node Type"] === "Values Scan")
    .map((node) => node["Actual Loops"]);
  assert.deepEqual(entriesOpened, [0, 100]);
});

interface PlanNode {
  readonly "Node Type": string;
  readonly "Actual Loops": number;
  readonly Plans?: readonly PlanNode[];
}

function everyNode(plan: PlanNode): readonly PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(everyNode)];
}
