import assert from "node:assert/strict";
import { test } from "node:test";
import { deliveryMigrations } from "@bourse/delivery";
import { type Statement, type Store, sql } from "@bourse/store";
import { testDatabase } from "@bourse/store/testing";
import { pendingOrder } from "../domain/order.ts";
import { amendsOf, entombRaise, selectAmends } from "./command-rows.ts";
import { selectStanding } from "./open-rows.ts";
import { insertOrders } from "./order-rows.ts";

const MIGRATIONS = [
  { prefix: "delivery", folder: deliveryMigrations },
  { prefix: "order", folder: new URL("./migrations/", import.meta.url) },
];

/** `digit` repeated, as an id. */
function idOf(digit: string): string {
  return digit.repeat(32);
}

function requestIdOf(order: string, amendNumber: number): string {
  return order.repeat(24) + amendNumber.toString(16).padStart(8, "0");
}

/** Amendments of an order, numbered from 1, the first `completed` of which have their outcome. */
function amends(order: string, count: number, completed: number): Statement {
  return sql`
    INSERT INTO commands (request_id, order_id, created_ms, completed_ms, price_ticks, amend_number, kind, partition,
      raises, accepted, account_id, symbol)
    SELECT (${order.repeat(24)} || lpad(to_hex(n), 8, '0'))::uuid, ${idOf(order)}::uuid, n,
      CASE WHEN n <= ${completed}::int4 THEN n END, n, n, 'AMEND', 0, false, CASE WHEN n <= ${completed}::int4 THEN true END,
      'alice', 'BTC-USD'
    FROM generate_series(1, ${count}::int4) AS s (n)`;
}

async function amended(store: Store): Promise<void> {
  const orders = ["1", "2", "3", "4"].map((digit) => ({
    ...pendingOrder(
      { orderId: idOf(digit), accountId: "alice", clientOrderId: digit, bodyHash: idOf(digit) },
      {
        symbol: "BTC-USD",
        side: "BUY",
        orderType: "LIMIT",
        timeInForce: "GTC",
        quantityLots: 5,
        priceTicks: 100,
        postOnly: false,
        expireAtMs: null,
        makerFeePpm: 200,
        takerFeePpm: 500,
        botId: null,
        remark: null,
        special: null,
      },
      1_000,
    ),
    boundTicks: 100,
  }));
  await store.transaction("amend", (tx) =>
    tx.commit([
      ...insertOrders(orders, () => 0),
      amends("1", 5_000, 4_998),
      amends("2", 5_000, 5_000),
      amends("3", 2, 0),
      entombRaise({ requestId: idOf("9"), orderId: idOf("1"), accountId: "alice" }, 6_000),
    ]),
  );
  await store.transaction("analyse", (tx) => tx.commit([sql`ANALYZE commands`]));
}

test("of an order's amendments those in flight are found, and how many it has had", async (t) => {
  const { store } = await testDatabase(t, { migrations: MIGRATIONS });
  await amended(store);
  const { inFlight, made } = amendsOf(await store.query(selectAmends(["1", "2", "3", "4", "1"].map(idOf))));
  assert.deepEqual(
    [...inFlight].map(([orderId, some]) => [orderId, some.map(({ requestId }) => requestId)]),
    [
      [idOf("1"), [requestIdOf("1", 4_999), requestIdOf("1", 5_000)]],
      [idOf("3"), [requestIdOf("3", 1), requestIdOf("3", 2)]],
    ],
  );
  assert.deepEqual(
    [...made],
    [
      [idOf("1"), 5_000],
      [idOf("2"), 5_000],
      [idOf("3"), 2],
    ],
  );
  const standing = await store.query(selectStanding(["1", "2", "3", "4"].map(idOf)));
  assert.deepEqual(
    standing.map(({ amending }) => amending),
    [true, false, true, false],
  );
});

test("an order that was amended thousands of times is amended without going through them", async (t) => {
  const { store } = await testDatabase(t, { migrations: MIGRATIONS });
  await amended(store);
  for (const statement of [selectAmends([idOf("1"), idOf("2")]), selectStanding([idOf("1"), idOf("2")])]) {
    const looked = (await nodesOf(store, statement))
      .filter((node) => node["Relation Name"] === "commands")
      .reduce((sum, node) => sum + entriesOf(node), 0);
    assert.ok(looked > 0 && looked < 50, `it looks at ${looked} of 10,002 commands`);
  }
});

interface PlanNode {
  readonly "Relation Name"?: string;
  readonly "Actual Loops": number;
  readonly "Actual Rows": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

function entriesOf(node: PlanNode): number {
  return node["Actual Loops"] * (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0));
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
