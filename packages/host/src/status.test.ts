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
    stopped: [],
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

test("a partition that has stopped says why it will not be done with what is left", () => {
  const at = { subscription: "settle", kind: "effect", topic: "trade-events", partition: 3 } as const;
  const behind = {
    ...at,
    subscriptionState: "running",
    applied: {},
    nextOffset: 7n,
    endOffset: 9n,
    lag: 2,
  } as const;
  const reasonsOf = (of: Pick<DeliveryStatus["subscriptions"][number], "state" | "error">) =>
    quiet({ subscriptions: [{ ...behind, ...of }] }).reasons;
  assert.deepEqual(reasonsOf({ state: "running", error: null }), ["settle is 2 behind on trade-events/3"]);
  assert.deepEqual(reasonsOf({ state: "stopped", error: "the log has no gap" }), [
    "settle is 2 behind on trade-events/3, and has stopped: the log has no gap",
  ]);
  const unknown = { ...behind, state: "running", error: null, endOffset: null, lag: null } as const;
  assert.deepEqual(quiet({ subscriptions: [unknown] }), {
    quiet: false,
    reasons: ["settle: how far it is behind on trade-events/3 is not known"],
  });
});
