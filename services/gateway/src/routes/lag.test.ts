import assert from "node:assert/strict";
import { test } from "node:test";
import { testService } from "@bourse/host/testing";
import { gateway } from "../service.ts";

const as = { keyId: "operator", role: "operator" } as const;

test("a group of which not all could be asked is told with why, and none that has no partitions yet is forgotten", async (t) => {
  const consumption = { reason: null, state: "running", kind: "effect" };
  const delivery = {
    consumptions: [
      { ...consumption, subscription: "settlement" },
      { ...consumption, subscription: "sound" },
      { ...consumption, subscription: "joining", state: "retrying", reason: "the broker is away" },
      { ...consumption, subscription: "reference", kind: "view", state: "starting" },
    ],
    subscriptions: [],
    elsewhere: [],
    elsewhereUnknown: [{ subscription: "settlement", reason: "no answer within 2000 ms" }],
  };
  const { request } = await testService(t, gateway, {
    definitions: [{ ...gateway, name: "wallet", routes: [] }],
    peers: { wallet: () => ({ status: 200, body: { delivery } }) },
  });
  const { status, body } = await request("GET", "/api/v1/platform/lag", { as });
  assert.deepEqual([status, body.rows, body.silent], [200, [], []]);
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
