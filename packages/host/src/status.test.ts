import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryStatus } from "@bourse/delivery";
import { quietOf } from "./status.ts";

const idle: DeliveryStatus = {
  consumptions: [{ subscription: "settle", kind: "effect", state: "running", reason: null }],
  subscriptions: [],
  elsewhere: [],
  elsewhereUnknown: [],
  outbox: { "wallet-events": 0 },
  outboxBacklog: 0,
};

const quiet = (changes: Partial<DeliveryStatus>) =>
  quietOf({
    service: "wallet",
    instanceId: "one",
    phase: "ready",
    unready: [],
    requestsInFlight: 0,
    delivery: { ...idle, ...changes },
  });

test("a service is not quiet as long as something is left in a partition of nobody, or nobody knows", () => {
  assert.deepEqual(quiet({}), { quiet: true, reasons: [] });
  const left = { subscription: "settle", kind: "effect", topic: "trade-events", partition: 3 } as const;
  assert.deepEqual(quiet({ elsewhere: [{ ...left, endOffset: 9n, lag: 2 }] }), {
    quiet: false,
    reasons: ["settle is 2 behind on trade-events/3, which is not this instance's"],
  });
  assert.deepEqual(quiet({ elsewhereUnknown: [{ subscription: "settle", reason: "the store is away" }] }), {
    quiet: false,
    reasons: ["settle: what is left elsewhere is not known: the store is away"],
  });
});
