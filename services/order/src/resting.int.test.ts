import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { present } from "@bourse/base";
import { sql } from "@bourse/store";
import { UNHURRIED } from "@bourse/store/testing";
import { advanceTime } from "./jobs/expiry.ts";
import { keepResting } from "./jobs/resting.ts";
import { orderIdOf } from "./order-id.ts";
import { announceFloor } from "./sql/resting-rows.ts";
import { ALICE, body, type OrderTest, orderTest, otherInstance } from "./testing.ts";

/** Decision 0050: an account's open orders without going through all that it ever had. */

const id = (clientOrderId: string): string => orderIdOf("alice", clientOrderId);

async function place(order: OrderTest, clientOrderId: string, changes: object = {}): Promise<void> {
  const { status } = await order.post(body({ clientOrderId, ...changes }));
  assert.equal(status, 201);
}

async function openOf(order: OrderTest): Promise<readonly string[]> {
  const ask = { accountIds: ["alice"], limit: 100 };
  const { body: answer } = await order.service.request("POST", "/internal/orders/open", {
    as: "internal",
    body: ask,
  });
  return answer.orders.map((each: { orderId: string }) => each.orderId).sort();
}

async function restingOf(order: OrderTest): Promise<readonly string[]> {
  const rows = await order.service.store.query(sql`SELECT order_id FROM resting_orders ORDER BY order_id`);
  return rows.map((row) => String(row.order_id).replaceAll("-", ""));
}

async function floorOf(order: OrderTest): Promise<{ readonly floor: number; readonly announced: number }> {
  const [row] = await order.service.store.query(sql`SELECT floor_ms, announced_ms FROM open_floor`);
  return { floor: Number(row?.floor_ms), announced: Number(row?.announced_ms) };
}

/** A run of the job a minute later. */
async function minuteLater(order: OrderTest): Promise<void> {
  order.service.clock.advance(60_000);
  await order.service.runJob("resting");
}

/**
 * Runs the job until the floor has come to a moment. What runs on the server holds it up, also
 * transactions of other tests in other databases.
 */
async function floorAt(order: OrderTest, timeMs: number): Promise<void> {
  const { clock } = order.service;
  const untilMs = timeMs + 120_000;
  while ((await floorOf(order)).floor < timeMs) {
    if (clock.nowMs() < untilMs) clock.advance(60_000);
    else await sleep(20);
    await order.service.runJob("resting");
  }
}

async function cancelled(order: OrderTest, clientOrderId: string): Promise<void> {
  const gone = { leavesQuantity: "0", cancelledQuantity: "0.5", done: true };
  await order.report({ orderId: id(clientOrderId), execType: "CANCELLED", ...gone });
}

const sorted = (ids: readonly string[]): readonly string[] => ids.map(id).sort();

test("what is open is found below the floor and above it; what is finished leaves the resting ones", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_INPUT_LAG_MS: "600000" });
  for (const each of ["old-open", "old-filled", "old-cancelled-later"]) await place(order, each);
  await order.report({ orderId: id("old-open") });
  await cancelled(order, "old-filled");
  await floorAt(order, order.service.clock.nowMs());
  assert.deepEqual(await restingOf(order), sorted(["old-open", "old-cancelled-later"]));
  await place(order, "young");
  assert.deepEqual(await openOf(order), sorted(["old-open", "old-cancelled-later", "young"]));
  await cancelled(order, "old-cancelled-later");
  assert.deepEqual(await openOf(order), sorted(["old-open", "young"]));
  await floorAt(order, order.service.clock.nowMs());
  assert.deepEqual(await restingOf(order), sorted(["old-open", "young"]));
  assert.deepEqual(await openOf(order), sorted(["old-open", "young"]));
});

test("an order that comes late, by a clock that was set back, is found all the same", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_INPUT_LAG_MS: "600000" });
  await place(order, "first");
  await floorAt(order, order.service.clock.nowMs());
  order.service.clock.advance(-3_600_000);
  await place(order, "late");
  const { floor } = await floorOf(order);
  assert.ok(order.service.clock.nowMs() < floor, "the order is older than the floor");
  assert.deepEqual(await openOf(order), sorted(["first", "late"]));
  await place(order, "late-again");
  assert.deepEqual(await openOf(order), sorted(["first", "late", "late-again"]));
});

test("the floor waits for a transaction that may have missed its announcement, and no longer", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_INPUT_LAG_MS: "600000" });
  await place(order, "first");
  const placedMs = order.service.clock.nowMs();
  const slow = await placeSlowly(order, "slow", placedMs);
  try {
    await minuteLater(order);
    await minuteLater(order);
    const waiting = await floorOf(order);
    assert.ok(waiting.announced >= placedMs && waiting.floor < placedMs);
  } finally {
    await slow.commit();
  }
  assert.deepEqual(await openOf(order), sorted(["first", "slow"]));
  await floorAt(order, placedMs);
  assert.deepEqual(await openOf(order), sorted(["first", "slow"]));
});

test("the floor waits for one that began while it was being announced", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_INPUT_LAG_MS: "600000" });
  await place(order, "first");
  const placedMs = order.service.clock.nowMs();
  let slow: SlowPlacement | undefined;
  await order.service.store.transaction("announce", async (tx) => {
    await tx.run([UNHURRIED, announceFloor(placedMs, 0)]);
    slow = await placeSlowly(order, "slow", placedMs);
    await tx.commit();
  });
  try {
    await minuteLater(order);
    await minuteLater(order);
    const waiting = await floorOf(order);
    assert.ok(waiting.announced >= placedMs && waiting.floor < placedMs);
  } finally {
    await slow?.commit();
  }
  await floorAt(order, placedMs);
  assert.deepEqual(await openOf(order), sorted(["first", "slow"]));
});

interface SlowPlacement {
  commit(): Promise<void>;
}

/** As the door writes: rows first, then the look at what is announced; and a long time until COMMIT. */
async function placeSlowly(order: OrderTest, name: string, placedMs: number): Promise<SlowPlacement> {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const { promise: begun, resolve: written } = Promise.withResolvers<void>();
  const slow = order.service.store.transaction("slow", async (tx) => {
    await tx.run([
      UNHURRIED,
      sql`INSERT INTO orders (order_id, created_ms, updated_ms, status, account_id, client_order_id, symbol, side, order_type,
          time_in_force, quantity_lots, leaves_lots, price_ticks, bound_ticks, partition, post_only, maker_fee_ppm,
          taker_fee_ppm, body_hash)
        SELECT ${id(name)}::uuid, ${placedMs}::int8, updated_ms, 'PENDING', account_id, ${name}, symbol, side, order_type,
          time_in_force, quantity_lots, leaves_lots, price_ticks, bound_ticks, partition, post_only, maker_fee_ppm,
          taker_fee_ppm, body_hash FROM orders WHERE order_id = ${id("first")}::uuid`,
      sql`SELECT rows_written(count(*), 1::bigint, 'floors') FROM open_floor WHERE announced_ms < ${placedMs}::int8`,
    ]);
    written();
    await ended;
    await tx.commit();
  });
  await begun;
  return {
    commit: () => {
      end();
      return slow;
    },
  };
}

test("an idle platform is left alone, two instances take turns, and one that ends halfway loses nothing", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_INPUT_LAG_MS: "600000" });
  const other = otherInstance(order);
  await place(order, "first");
  const placedMs = order.service.clock.nowMs();
  order.service.clock.advance(60_000);
  await Promise.all([order.service.runJob("resting"), keepResting(other)]);
  await order.service.store.transaction("forget", (tx) =>
    tx.commit([{ text: "UPDATE open_floor SET horizon = NULL", values: [] }]),
  );
  order.service.clock.advance(60_000);
  await Promise.all([order.service.runJob("resting"), keepResting(other)]);
  await floorAt(order, placedMs);
  assert.deepEqual(await restingOf(order), sorted(["first"]));
  await minuteLater(order);
  const settled = await floorOf(order);
  await minuteLater(order);
  await minuteLater(order);
  assert.deepEqual(await floorOf(order), settled, "no command came");
});

test("the first look of a start finds what has expired below the floor", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_INPUT_LAG_MS: "600000" });
  const expireAt = new Date(order.service.clock.nowMs() + 30_000).toISOString();
  await place(order, "gtd", { timeInForce: "GTD", expireAt });
  await place(order, "gtc");
  await floorAt(order, order.service.clock.nowMs());
  assert.deepEqual(await restingOf(order), sorted(["gtc", "gtd"]));
  await place(order, "later");
  await floorAt(order, order.service.clock.nowMs());
  assert.ok((await floorOf(order)).floor > Date.parse(expireAt), "nothing above the floor leads to it");
  await advanceTime(otherInstance(order));
  await order.service.quiet();
  const told = (await order.commands()).filter(({ eventType }) => eventType === "TimeAdvanced");
  assert.equal(told.length, 1);
});

test("a list of what is open is read without what is finished, in the order of all lists", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_INPUT_LAG_MS: "600000" });
  for (const each of ["a", "b", "c"]) {
    await place(order, each);
    order.service.clock.advance(1_000);
  }
  await cancelled(order, "b");
  await floorAt(order, order.service.clock.nowMs());
  await place(order, "d");
  const list = async (query: string) =>
    (await order.service.request("GET", `/api/v1/orders?${query}`, { as: ALICE })).body;
  const states = "status=PENDING&status=OPEN&status=PARTIALLY_FILLED";
  const first = await list(`${states}&limit=2`);
  const rest = await list(`${states}&limit=2&cursor=${present(first.nextCursor, "a second page")}`);
  const names = [...first.orders, ...rest.orders].map(
    (each: { clientOrderId: string }) => each.clientOrderId,
  );
  assert.deepEqual([names, rest.nextCursor], [["d", "c", "a"], undefined]);
  assert.deepEqual((await list(`${states}&symbol=AAPL`)).orders, []);
});

test("a filtered list goes on behind what was looked at for a page, in order and without a gap", async (t) => {
  const order = await orderTest(t, { ORDER_MAX_INPUT_LAG_MS: "600000" });
  await place(order, "a");
  await cancelled(order, "a");
  // More than a page looks at; of one time, so that the place between two pages is one of orders alike. In pieces: on a busy
  // machine all at once may take longer than a statement may.
  const piece = 5_000;
  for (let first = 1; first < 45_000; first += piece)
    await order.service.store.transaction("many", (tx) =>
      tx.commit([
        sql`INSERT INTO orders (order_id, created_ms, updated_ms, status, account_id, client_order_id, reason)
        SELECT lpad(to_hex(n), 32, '0')::uuid, ${order.service.clock.nowMs() + 1}::int8, 0, 'REJECTED', 'alice', n::text,
          'cancelled_before_placement' FROM generate_series(${first}::int, ${first + piece - 1}::int) AS n`,
      ]),
    );
  order.service.clock.advance(10);
  await place(order, "b");
  await cancelled(order, "b");
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const query = `status=CANCELLED&limit=10${cursor === undefined ? "" : `&cursor=${cursor}`}`;
    const { body: page } = await order.service.request("GET", `/api/v1/orders?${query}`, { as: ALICE });
    pages.push(page.orders.map((each: { clientOrderId: string }) => each.clientOrderId));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  assert.deepEqual(pages, [["b"], [], ["a"]]);
});
