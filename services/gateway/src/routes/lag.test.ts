import assert from "node:assert/strict";
import { test } from "node:test";
import { testService } from "@bourse/host/testing";
import { gateway } from "../service.ts";

const as = { keyId: "operator", role: "operator" } as const;

test("a group of which not all could be asked is told with why, also before it has partitions", async (t) => {
  const consumption = { reason: null, state: "running", kind: "effect" };
  const delivery = {
    consumptions: [
      { ...consumption, subscription: "settlement" },
      { ...consumption, subscription: "sound" },
      { ...consumption, subscription: "joining", state: "retrying", reason: "the broker is away" },
      { ...consumption, subscription: "halted", state: "stopped", reason: "it can't be read" },
    ],
    subscriptions: [
      {
        subscription: "halted",
        kind: "effect",
        subscriptionState: "stopped",
        topic: "trade-events",
        partition: 1,
        state: "running",
        applied: {},
        nextOffset: "3",
        endOffset: "7",
        lag: 4,
        error: "it can't be read",
      },
    ],
    elsewhere: [],
    elsewhereUnknown: [{ subscription: "settlement", reason: "no answer within 2000 ms" }],
  };
  const { request } = await testService(t, gateway, {
    definitions: [{ ...gateway, name: "wallet", routes: [] }],
    peers: { wallet: () => ({ status: 200, body: { delivery } }) },
  });
  const { status, body } = await request("GET", "/api/v1/platform/lag", { as });
  assert.deepEqual([status, body.silent], [200, []]);
  assert.deepEqual(
    body.rows.map(({ group, state, lag }: Record<string, unknown>) => [group, state, lag]),
    [["wallet.halted", "stopped", 4]],
  );
  assert.deepEqual(body.unknown, [
    { group: "wallet.settlement", service: "wallet", kind: "effect", reason: "no answer within 2000 ms" },
    {
      group: "wallet.joining",
      service: "wallet",
      kind: "effect",
      reason: "it is retrying: the broker is away",
    },
  ]);
});
