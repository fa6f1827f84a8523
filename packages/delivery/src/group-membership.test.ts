import assert from "node:assert/strict";
import { test } from "node:test";
import type { Timer } from "@bourse/base";
import type { GroupConsumer, TopicPartition } from "@bourse/bus";
import { Registry } from "prom-client";
import type { EffectParts } from "./effect-parts.ts";
import { GroupMembership } from "./group-membership.ts";
import { createMetrics } from "./metrics.ts";

const AT: TopicPartition = { topic: "trade-events", partition: 3 };

test("R5: what the group has not been told of is a figure, and what it is told takes it back", async () => {
  let tick: () => void = () => undefined;
  let isAway = false;
  const commits: bigint[] = [];
  const warnings: object[] = [];
  const timer: Pick<Timer, "every" | "after" | "sleep"> = {
    every: (_, callback) => {
      tick = callback;
      return () => undefined;
    },
    after: () => () => undefined,
    sleep: () => new Promise(() => undefined),
  };
  let leave: () => void = () => undefined;
  const left = new Promise<void>((resolve) => (leave = resolve));
  const consumer = {
    assigned: [AT],
    commit: async (positions: readonly { readonly nextOffset: bigint }[]) => {
      if (isAway) throw new Error("the coordinator is away");
      commits.push(...positions.map(({ nextOffset }) => nextOffset));
    },
    close: async () => leave(),
  };
  const metrics = createMetrics(new Registry());
  const log = {
    warn: (about: object) => warnings.push(about),
    error: () => undefined,
    info: () => undefined,
  };
  const membership = new GroupMembership({ timer, metrics, log } as unknown as EffectParts, {
    subscription: "settlement",
    join: async () => consumer as unknown as GroupConsumer,
    follow: () => left,
    forget: () => undefined,
  });
  membership.start();
  const behind = async (): Promise<number | undefined> => {
    await new Promise((resolve) => setImmediate(resolve));
    tick();
    await new Promise((resolve) => setImmediate(resolve));
    return (await metrics.committedLag.get()).values[0]?.value;
  };
  membership.reached(AT, 100n);
  assert.equal(await behind(), 0);
  isAway = true;
  membership.reached(AT, 150n);
  assert.equal(await behind(), 50);
  membership.reached(AT, 170n);
  assert.equal(await behind(), 70);
  isAway = false;
  membership.reached(AT, 171n);
  assert.equal(await behind(), 0);
  assert.deepEqual([commits, warnings.length], [[100n, 171n], 2]);
  await membership.close();
});
