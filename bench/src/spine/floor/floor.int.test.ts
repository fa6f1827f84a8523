import assert from "node:assert/strict";
import { test } from "node:test";
import { postgresStore, sql } from "@bourse/store";
import { testDatabase } from "@bourse/store/testing";
import type { Desk } from "../order-requests.ts";
import { plainVenue } from "../venue.ts";
import { Floor } from "./floor.ts";

const KEYS = ["bk_zero", "bk_one"];

function order(clientOrderId: string, side = "BUY"): object {
  return { clientOrderId, symbol: "BENCH1-USD", side, price: "100.01", quantity: "0.002" };
}

test("what the floor has acknowledged is in its tables, single orders and batches", async (t) => {
  const { adminUrl } = await testDatabase(t);
  const rows = postgresStore({
    url: adminUrl,
    schema: "bench_floor",
    applicationName: "t",
    maxConnections: 1,
  });
  t.after(() => rows.close());
  const desk: Desk = { gatewayUrl: "", operatorKey: "op", accountKeys: KEYS, size: plainVenue(KEYS.length) };
  const floor = await Floor.start({ adminUrl, desk, signal: new AbortController().signal });
  t.after(() => floor.stop());
  const post = async (path: string, key: string, body: unknown): Promise<readonly [number, unknown]> => {
    const answer = await fetch(`${floor.desk.gatewayUrl}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return [answer.status, await answer.json()];
  };

  const [status, answer] = await post("/api/v1/orders", "bk_one", order("a-1"));
  assert.equal(status, 201);
  const { accountId, clientOrderId, price } = answer as Record<string, unknown>;
  assert.deepEqual([accountId, clientOrderId, price], ["bench-1", "a-1", "100.01"]);

  const items = [
    { accountId: "bench-0", ...order("a-2") },
    { accountId: "bench-1", ...order("a-3", "SELL") },
    { accountId: "bench-0", ...order("a-4\t\\") },
  ];
  const [batchStatus, batch] = await post("/api/v1/orders/batch", "op", { items });
  const { results } = batch as { results: { status: number; order: { clientOrderId: string } }[] };
  assert.equal(batchStatus, 200);
  assert.deepEqual(
    results.map(({ status: each, order: { clientOrderId: id } }) => [each, id]),
    [
      [201, "a-2"],
      [201, "a-3"],
      [201, "a-4\t\\"],
    ],
  );

  const many = await Promise.all(
    Array.from({ length: 200 }, (_, index) => post("/api/v1/orders", "bk_zero", order(`b-${index}`))),
  );
  assert.ok(many.every(([each]) => each === 201));

  assert.deepEqual(await post("/api/v1/orders", "bk_two", order("c-1")), [
    401,
    { status: 401, code: "unknown_key" },
  ]);
  const [malformed] = await post("/api/v1/orders", "bk_one", "{");
  assert.equal(malformed, 500);
  const [unknown] = await post("/api/v1/trades", "bk_one", order("c-2"));
  assert.equal(unknown, 404);

  assert.deepEqual(
    (
      await rows.query(
        sql`SELECT client_order_id, account_id, buys, price_ticks, quantity_lots FROM orders
          WHERE starts_with(client_order_id, 'a-') ORDER BY client_order_id`,
      )
    ).map((row) => Object.values(row)),
    [
      ["a-1", "bench-1", true, 10_001n, 2n],
      ["a-2", "bench-0", true, 10_001n, 2n],
      ["a-3", "bench-1", false, 10_001n, 2n],
      ["a-4\t\\", "bench-0", true, 10_001n, 2n],
    ],
  );
  assert.deepEqual(
    (await rows.query(sql`SELECT account_id, held FROM balances ORDER BY account_id`)).map((row) =>
      Object.values(row),
    ),
    [
      ["bench-0", 202n * 2n * 10_001n],
      ["bench-1", 2n * 10_001n + 2n],
    ],
  );
  assert.equal(await floor.takeCount("b-"), 200);
  assert.equal(await floor.takeCount("a-"), 0, "it has forgotten all of them");
});

test("an aborted floor is gone", async (t) => {
  const { adminUrl } = await testDatabase(t);
  const desk: Desk = { gatewayUrl: "", operatorKey: "op", accountKeys: KEYS, size: plainVenue(KEYS.length) };
  const stop = new AbortController();
  const floor = await Floor.start({ adminUrl, desk, signal: stop.signal });
  stop.abort();
  await floor.stop();
  assert.throws(() => process.kill(floor.pid, 0), { code: "ESRCH" });
  await assert.rejects(Floor.start({ adminUrl, desk, signal: stop.signal }));
});
