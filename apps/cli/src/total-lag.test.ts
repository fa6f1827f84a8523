import assert from "node:assert/strict";
import { test } from "node:test";
import { compare } from "./commands/status.ts";
import { totalLag } from "./total-lag.ts";

test("what is not known of one partition is not known of all together", () => {
  assert.equal(totalLag([]), 0);
  assert.equal(totalLag([2, 0, 3]), 5);
  assert.equal(totalLag([2, null, 3]), null);
});

test("the status of a service says that its lag is not known, not that there is none", () => {
  const at = { subscription: "settle", topic: "trade-events", nextOffset: "7" };
  const lagOf = (...lags: readonly (number | null)[]): number | null | undefined => {
    const subscriptions = lags.map((lag, partition) => ({ ...at, partition, lag }));
    const delivery = { subscriptions, elsewhere: [{ lag: 4 }], outboxBacklog: 0 };
    const look = { atMs: 0, services: [{ service: "wallet", url: "", delivery }] };
    return compare(look, { ...look, atMs: 1_000 })[0]?.lag;
  };
  assert.equal(lagOf(0, 2), 6);
  assert.equal(lagOf(0, null), null);
});
