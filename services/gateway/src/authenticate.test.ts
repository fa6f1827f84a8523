import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock } from "@bourse/base/testing";
import type { EventBus } from "@bourse/bus";
import type { PeerRequest, Peers } from "@bourse/host";
import { authenticate, type Gateway, openQuestions } from "./authenticate.ts";
import { KeyCache } from "./key-cache.ts";
import { OrderPath } from "./order-path.ts";

/** A gateway whose auth knows one key, and what it was asked. */
function gatewayOf(): { readonly gateway: Gateway; readonly asked: (readonly string[])[] } {
  const asked: (readonly string[])[] = [];
  const peers = {
    call: async (_service: string, { body }: PeerRequest) => {
      const { keys } = body as { readonly keys: readonly string[] };
      asked.push(keys);
      await new Promise(setImmediate);
      return {
        principals: keys.map((key) => (key === "bk_known" ? { keyId: "k", role: "operator" } : null)),
      };
    },
  } as unknown as Peers;
  const clock = manualClock();
  const parts = { peers, clock, keys: new KeyCache(clock, 10_000) };
  const questions = openQuestions(parts);
  return { gateway: { ...parts, bus: {} as EventBus, questions, orderPath: new OrderPath(peers) }, asked };
}

test("keys that are not known yet are asked together while a question is under way", async () => {
  const { gateway, asked } = gatewayOf();
  const keys = Array.from({ length: 2_500 }, (_, n) => (n === 1_700 ? "bk_known" : `bk_${n}`));
  const answers = await Promise.all(
    keys.map((key) => authenticate(gateway, { authorization: `Bearer ${key}` })),
  );
  assert.deepEqual(asked.flat(), keys);
  assert.deepEqual(
    asked.map(({ length }) => length),
    [1_000, 1_000, 500],
  );
  assert.deepEqual(answers[1_700], { keyId: "k", role: "operator" });
  assert.ok(
    answers.every(
      (answer, n) => n === 1_700 || (answer !== null && "status" in answer && answer.status === 401),
    ),
  );
  assert.deepEqual(await authenticate(gateway, { "x-api-key": "bk_known" }), {
    keyId: "k",
    role: "operator",
  });
  assert.equal(asked.length, 3);
});

test("more than may wait are told to come again", async () => {
  const { gateway } = gatewayOf();
  const answers = await Promise.all(
    Array.from({ length: 10_002 }, (_, n) => authenticate(gateway, { "x-api-key": `bk_${n}` })),
  );
  const statuses = answers.map((answer) => (answer !== null && "status" in answer ? answer.status : 200));
  assert.deepEqual([statuses[9_999], statuses[10_001]], [401, 503]);
});
