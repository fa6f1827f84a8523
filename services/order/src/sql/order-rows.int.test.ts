import assert from "node:assert/strict";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { deliveryMigrations } from "@bourse/delivery";
import { migrate, type Store, sql } from "@bourse/store";
import { testDatabase } from "@bourse/store/testing";
import { type Order, pendingOrder, rejectedOrder } from "../domain/order.ts";
import { type ChangedOrder, insertOrders, orderRecordOf, selectOrders, updateOrders } from "./order-rows.ts";

const MIGRATIONS = new URL("./migrations/", import.meta.url);
const DELIVERY = { prefix: "delivery", folder: deliveryMigrations };
const terms: Order["terms"] = {
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
};

function orderOf(index: number, more: Partial<Order["terms"]> = {}): Order {
  const hex = index.toString(16).padStart(32, "0");
  const identity = {
    orderId: hex,
    accountId: `account-${index % 50}`,
    clientOrderId: `c-${index}`,
    bodyHash: hex,
  };
  return { ...pendingOrder(identity, { ...terms, ...more }, 1_000), boundTicks: 100 };
}

/** As a report makes it. */
function reported(order: Order, filledLots: number, more: Partial<Order> = {}): ChangedOrder {
  const leavesLots = order.terms.quantityLots - filledLots;
  const changed: Order = {
    ...order,
    status: leavesLots === 0 ? "FILLED" : "PARTIALLY_FILLED",
    filledLots,
    leavesLots,
    filledNotionalUnits: BigInt(filledLots) * 10n ** 20n,
    feeUnits: -3n,
    engineSequence: order.engineSequence + 7,
    updatedMs: 2_000,
    ...more,
  };
  return { order: changed, beforeSequence: order.engineSequence, wakes: false };
}

async function write(store: Store, statements: ReturnType<typeof insertOrders>): Promise<void> {
  await store.transaction("orders", (tx) => tx.commit(statements));
}

async function read(store: Store, orders: readonly Order[]): Promise<readonly unknown[]> {
  return (await store.query(selectOrders(orders.map(({ orderId }) => orderId)))).map(orderRecordOf);
}

test("orders are read as they were written, and as their reports have made them", async (t) => {
  const { store } = await testDatabase(t, {
    migrations: [DELIVERY, { prefix: "order", folder: MIGRATIONS }],
  });
  const refusal = { code: "insufficient_funds", detail: "too little\tof it" } as const;
  const orders: readonly Order[] = [
    orderOf(1),
    orderOf(2, { priceTicks: null, orderType: "MARKET", timeInForce: "IOC" }),
    orderOf(3, { botId: "bot", remark: "a\\b\n", expireAtMs: 9_000, timeInForce: "GTD", postOnly: true }),
    rejectedOrder(orderOf(4), refusal),
  ];
  await write(
    store,
    insertOrders(orders, () => 1),
  );
  assert.deepEqual(await read(store, orders), orders);
  const [limit, market, cancelled] = [orders[0] as Order, orders[1] as Order, orders[2] as Order];
  const changed = [
    reported(limit, 5),
    reported(market, 2),
    reported(cancelled, 1, { status: "CANCELLED", leavesLots: 0, cancelledLots: 4, reason: "by_its_owner" }),
  ];
  await write(store, updateOrders(changed, 2_000));
  assert.deepEqual(await read(store, orders), [...changed.map(({ order }) => order), orders[3]]);
  await assert.rejects(write(store, updateOrders(changed, 2_000)), { code: "statement_failed" });
});

test("tables that had orders before there was room for reports: old ones and new ones follow theirs", async (t) => {
  const early = await mkdtemp(join(tmpdir(), "bourse-migrations-"));
  t.after(() => rm(early, { recursive: true }));
  for (const file of await readdir(MIGRATIONS))
    if (file < "0007") await copyFile(new URL(file, MIGRATIONS), join(early, file));
  const { store, url, schema } = await testDatabase(t, {
    migrations: [DELIVERY, { prefix: "order", folder: pathToFileURL(`${early}/`) }],
  });
  const old = Array.from({ length: 1_000 }, (_, index) => orderOf(index + 1));
  await write(
    store,
    insertOrders(old, () => 1),
  );
  await migrate(url, { schema, folders: [DELIVERY, { prefix: "order", folder: MIGRATIONS }] });
  const young = Array.from({ length: 1_000 }, (_, index) => orderOf(index + 1_001));
  await write(
    store,
    insertOrders(young, () => 1),
  );
  const inPlace = await store.transaction("reports", async (tx) => {
    const reports = [...old, ...young].map((order) => reported(order, 5));
    await tx.run(updateOrders(reports.slice(0, 1_000), 2_000));
    const [[before] = []] = await tx.run([UPDATED_IN_PLACE]);
    await tx.run(updateOrders(reports.slice(1_000), 2_000));
    const [[after] = []] = await tx.commit([UPDATED_IN_PLACE]);
    return { old: Number(before?.count), young: Number(after?.count) - Number(before?.count) };
  });
  // The last of the old pages takes some of the young.
  assert.ok(inPlace.young > 980, `${inPlace.young} of 1,000 stayed within their page`);
  assert.ok(inPlace.old < 700, `${inPlace.old} of 1,000 stayed within their page before`);
  const all = [...old, ...young];
  assert.deepEqual(
    await read(store, all),
    all.map((order) => reported(order, 5).order),
  );
});

const UPDATED_IN_PLACE = sql`SELECT pg_stat_get_xact_tuples_hot_updated('orders'::regclass) AS count`;
