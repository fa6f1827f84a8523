import assert from "node:assert/strict";
import { test } from "node:test";
import { executionEvents, orderEvents } from "@bourse/contracts";
import { machineTimer, type TestedService, testService } from "@bourse/host/testing";
import type { Matching } from "./matching.ts";
import { matching } from "./service.ts";

const LISTED = {
  eventType: "SymbolListed",
  requestId: "l1",
  symbol: "AAPL",
  baseAsset: "AAPL",
  quoteAsset: "USD",
  baseScale: 0,
  quoteScale: 6,
  tickSize: "0.01",
  lotSize: "1",
  maxPrice: "10000",
  maxQuantity: "10000",
};

function placed(n: number, side: "BUY" | "SELL", price: string) {
  return {
    key: "AAPL",
    event: {
      eventType: "OrderCreated",
      orderId: n.toString(16).padStart(32, "0"),
      accountId: side === "BUY" ? "alice" : "bob",
      clientOrderId: `c${n}`,
      symbol: "AAPL",
      side,
      orderType: "LIMIT",
      timeInForce: "GTC",
      quantity: "10",
      price,
      worstPrice: price,
      postOnly: false,
      makerFeePpm: 100,
      takerFeePpm: 300,
      status: "PENDING",
    },
  };
}

async function traded(t: { after(fn: () => Promise<void>): void }): Promise<TestedService<Matching>> {
  const tested = await testService<Matching>(t, matching);
  await owned(tested);
  const orders = [placed(1, "SELL", "100"), placed(2, "BUY", "100"), placed(3, "BUY", "99")];
  await tested.publish(orderEvents, [{ key: "AAPL", event: LISTED }, ...orders]);
  await tested.quiet();
  return tested;
}

/** The group gives the partitions a moment after the start. */
async function owned(tested: TestedService<Matching>): Promise<void> {
  while (tested.service.programs.size < orderEvents.partitions) await machineTimer.sleep(5);
}

async function check(tested: TestedService<Matching>) {
  const [invariant] = matching.invariants;
  assert.ok(invariant);
  return await invariant.check(tested.service);
}

test("a restart goes on with the same state and tells nothing twice", async (t) => {
  const tested = await traded(t);
  const before = (await tested.published(executionEvents)).length;
  const hashes = [...tested.service.programs].map(([partition, program]) => [partition, program.stateHash()]);
  const restarted = await tested.restart();
  await owned(restarted);
  await restarted.quiet();
  assert.equal((await restarted.published(executionEvents)).length, before);
  assert.deepEqual(
    [...restarted.service.programs].map(([partition, program]) => [partition, program.stateHash()]).sort(),
    hashes.sort(),
  );
});

test("verify reports a book that is not what its log makes of it", async (t) => {
  const tested = await traded(t);
  const clean = await check(tested);
  assert.deepEqual(clean.violations, []);
  assert.equal(clean.checked, 4);
  // The program is told a command that is not in its log.
  const owner = [...tested.service.programs.values()].find(
    (program) => program.figures().restingOrders === 1,
  );
  assert.ok(owner);
  owner.apply(
    {
      event: { ...placed(9, "BUY", "98").event, timestamp: "2026-01-01T00:00:00.000Z" },
      sequence: 99,
      timeMs: 1,
    } as never,
    () => {},
  );
  assert.match((await check(tested)).violations.join(), /its log replays to/);
});

test("verify tells of commands whose books another instance has", async (t) => {
  const tested = await traded(t);
  for (const [partition, program] of tested.service.programs)
    if (program.figures().restingOrders === 1) tested.service.programs.delete(partition);
  assert.deepEqual(await check(tested), { checked: 0, violations: [], unchecked: 4 });
});

test("verify has nothing to replay where retention has taken the beginning of a log", async (t) => {
  const tested = await traded(t);
  tested.clock.advance(orderEvents.retentionMs + 1);
  await tested.bus.dropExpired((retentionMs) => tested.clock.nowMs() - retentionMs);
  assert.deepEqual(await check(tested), { checked: 0, violations: [] });
});

test("tells operators the shards, and nobody else", async (t) => {
  const tested = await traded(t);
  const path = "/api/v1/matching/partitions";
  const { body } = await tested.request("GET", path, { as: { keyId: "op", role: "operator" } });
  assert.equal(body.partitions.length, 4);
  assert.deepEqual(
    body.partitions.flatMap((each: { symbols: string[] }) => each.symbols),
    ["AAPL"],
  );
  assert.equal(
    (await tested.request("GET", path, { as: { keyId: "k", role: "account", accountId: "alice" } })).status,
    403,
  );
});
