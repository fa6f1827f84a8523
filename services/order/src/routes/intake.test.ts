import assert from "node:assert/strict";
import { test } from "node:test";
import { gather } from "@bourse/host";
import type { Desk } from "../desk.ts";
import { type Answer, type Chain, type Job, refusedAnswer } from "../domain/job.ts";
import { enterAll } from "./intake.ts";

const cancel = (orderId: string, chain: Chain | undefined): Job => ({
  kind: "cancel",
  orderId,
  requestId: orderId,
  ofAccount: null,
  key: null,
  operator: null,
  identity: null,
  chain,
});

/** A desk whose door has room for so many jobs and refuses each by its own name. */
function deskFor(maxQueued: number): Desk {
  const run = (jobs: readonly Job[]): Promise<readonly Answer[]> =>
    Promise.resolve(jobs.map((job) => refusedAnswer({ code: "order_not_found", detail: job.orderId })));
  return { door: gather({ run, maxBatch: 2, maxQueued }) } as unknown as Desk;
}

const said = (answers: readonly Answer[]): readonly string[] =>
  answers.map((answer) => (answer.kind === "refused" ? answer.refusal.detail : answer.kind));

test("jobs of a batch are answered in their order, whatever rounds they are done in", async () => {
  const jobs = ["a", "b", "c", "d", "e"].map((id) => cancel(id, undefined));
  assert.deepEqual(said(await enterAll(deskFor(5), jobs, undefined)), ["a", "b", "c", "d", "e"]);
});

test("what the queue has no room for is refused, and breaks the batch's chain", async () => {
  const full = "2 orders and commands wait; nothing was done";
  for (const chain of [undefined, { broken: null } as Chain]) {
    const jobs = ["a", "b", "c", "d"].map((id) => cancel(id, chain));
    assert.deepEqual(said(await enterAll(deskFor(2), jobs, chain)), ["a", "b", full, full]);
    if (chain !== undefined) assert.equal(chain.broken?.code, "queue_full");
  }
});
