import assert from "node:assert/strict";
import type { TestVenue } from "./test-venue.ts";

/** Orders that rest, trade, are amended and cancelled: something in every topic. */
async function trade(venue: TestVenue, alice: string, bob: string, round: string): Promise<void> {
  await venue.place(bob, { side: "SELL", price: "210", quantity: "30", clientOrderId: `s1-${round}` });
  await venue.place(alice, { side: "BUY", price: "210", clientOrderId: `b1-${round}` });
  const resting = await venue.place(alice, { side: "BUY", price: "201", clientOrderId: `b2-${round}` });
  const cancelled = await venue.place(alice, { side: "BUY", price: "200", clientOrderId: `b3-${round}` });
  await venue.quiet();
  await venue
    .as(alice)
    .call("PATCH", `/api/v1/orders/${resting.orderId}`, { body: { quantity: "7" }, idempotencyKey: round });
  await venue
    .as(alice)
    .call("DELETE", `/api/v1/orders/${cancelled.orderId}`, { idempotencyKey: `c-${round}` });
  assert.deepEqual(await venue.violations(), []);
}

/** R4: what the outboxes have goes out again, the engine makes its part anew, marks drop what was applied. */
export async function refills(venue: TestVenue, loseTheBroker: () => Promise<void>): Promise<void> {
  await venue.start();
  await venue.list(["AAPL"]);
  const alice = await venue.account("alice", { USD: "100000" });
  const bob = await venue.account("bob", { AAPL: "500" });
  await trade(venue, alice, bob, "first");
  const before = { hashes: await venue.stateHashes(), alice: await balances(venue, alice) };
  await venue.stop();
  await loseTheBroker();
  await venue.start();
  assert.deepEqual(await venue.violations(), []);
  assert.deepEqual({ hashes: await venue.stateHashes(), alice: await balances(venue, alice) }, before);
  await trade(venue, alice, bob, "second");
  await venue.stop();
}

/** The same where only what came after a moment is lost; the databases and matching's snapshots have it all. */
export async function refillsTheEnd(
  venue: TestVenue,
  log: { readonly keep: () => void; readonly lose: () => void },
): Promise<void> {
  await venue.start();
  await venue.list(["AAPL"]);
  const alice = await venue.account("alice", { USD: "100000" });
  const bob = await venue.account("bob", { AAPL: "500" });
  await trade(venue, alice, bob, "first");
  await venue.stop();
  log.keep();
  await venue.start();
  await trade(venue, alice, bob, "second");
  const before = { hashes: await venue.stateHashes(), alice: await balances(venue, alice) };
  await venue.stop();
  log.lose();
  await venue.start();
  assert.deepEqual(await venue.violations(), []);
  assert.deepEqual({ hashes: await venue.stateHashes(), alice: await balances(venue, alice) }, before);
  await trade(venue, alice, bob, "third");
  await venue.stop();
}

function balances(venue: TestVenue, key: string): Promise<unknown> {
  return venue.as(key).call("GET", "/api/v1/accounts/alice");
}
