import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chain, Job } from "./job.ts";
import { RoundLine, type Turn } from "./round-line.ts";

const cancel = (orderId: string, requestId: string, chain?: Chain): Job => ({
  kind: "cancel",
  orderId,
  requestId,
  ofAccount: null,
  key: { field: "Idempotency-Key", given: "k" },
  operator: null,
  identity: null,
  ...(chain === undefined ? {} : { chain }),
});

const replacing = (replaces: string): Job =>
  ({ kind: "place", orderId: "new", placement: { special: { replaces } } }) as Job;

/** What a turn may do by now. */
async function allowed(turn: Turn): Promise<string> {
  const pending = Symbol();
  const soon = new Promise((resolve) => setImmediate(() => resolve(pending)));
  const may = async (what: Promise<void>): Promise<boolean> =>
    (await Promise.race([what.then(() => true), soon])) === true;
  return `${(await may(turn.mayLook)) ? "look" : "-"} ${(await may(turn.mayWrite)) ? "write" : "-"}`;
}

test("a round that has nothing in common with the one before it looks at once, and is written after it", async () => {
  const line = new RoundLine();
  const first = line.enter([cancel("a", "1"), cancel("b", "2")]);
  const second = line.enter([cancel("c", "3")]);
  assert.equal(await allowed(first), "look write");
  assert.equal(await allowed(second), "look -");
  first.end();
  assert.equal(await allowed(second), "look write");
});

test("an order, a request, a chain or what is replaced in common makes it wait", async () => {
  const chain: Chain = { broken: null };
  for (const [before, after] of [
    [cancel("a", "1"), cancel("a", "2")],
    [cancel("a", "1"), cancel("b", "1")],
    [cancel("a", "1", chain), cancel("b", "2", chain)],
    [cancel("a", "1"), replacing("a")],
  ] as const) {
    const line = new RoundLine();
    const first = line.enter([before]);
    const second = line.enter([after]);
    assert.equal(await allowed(second), "- -");
    first.end();
    assert.equal(await allowed(second), "look write");
  }
});

test("all rounds before it count, and those that are over do not", async () => {
  const line = new RoundLine();
  const [first, second] = [line.enter([cancel("a", "1")]), line.enter([cancel("b", "2")])];
  const third = line.enter([cancel("b", "3")]);
  second.end();
  assert.equal(await allowed(third), "look -");
  first.end();
  assert.equal(await allowed(third), "look write");
  third.end();
  assert.equal(await allowed(line.enter([cancel("b", "4")])), "look write");
});
