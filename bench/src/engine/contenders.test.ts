import assert from "node:assert/strict";
import { test } from "node:test";
import { OursBinary, OursObjects } from "./ours.ts";
import { NodejsOrderBook } from "./peer.ts";
import { makeWorkload } from "./workload.ts";

test("all contenders make the same trades and leave the same book", () => {
  const mix = { operations: 4_000, passivePercent: 49, cancelPercent: 41 };
  const workload = makeWorkload({ name: "test", restingOrders: 500, levels: 20, ...mix }, 7);
  const outcomes = [new OursBinary(), new OursObjects(), new NodejsOrderBook()].map((contender) => {
    contender.prepare(workload);
    contender.run(workload.warmUp, workload.count);
    return contender.outcome();
  });
  assert.ok((outcomes[0]?.trades ?? 0) > 300, "the workload trades");
  assert.deepEqual(outcomes[1], outcomes[0]);
  assert.deepEqual(outcomes[2], outcomes[0]);
});
