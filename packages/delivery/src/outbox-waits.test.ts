import assert from "node:assert/strict";
import { test } from "node:test";
import { OutboxWaits } from "./outbox-waits.ts";
import { RelayLane } from "./relay-lane.ts";

test("what waits is told also where the clock was ahead when it began to, and was set right", () => {
  const waits = new OutboxWaits();
  const lane = new RelayLane("order-events", 0, { records: 0 });
  lane.known = 1;
  waits.look([lane], 3_600_000);
  assert.equal(waits.longestMs(0).get("order-events"), 0);
  waits.look([lane], 31_000);
  assert.equal(waits.longestMs(31_000).get("order-events"), 31_000);
  lane.acknowledged = 1;
  waits.look([lane], 32_000);
  assert.equal(waits.longestMs(32_000).size, 0);
});
