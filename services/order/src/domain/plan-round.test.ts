import assert from "node:assert/strict";
import { test } from "node:test";
import { compiledBtcUsd } from "@bourse/market/testing";
import fc from "fast-check";
import type { AmendJob, CancelJob, Job, PlaceJob } from "./job.ts";
import type { OrderRecord } from "./order.ts";
import { canonicalDecimal, canonicalPlacement, type Placement } from "./placement.ts";
import { type Known, planRound } from "./plan-round.ts";
import { settleRound, type Verdict } from "./settle-round.ts";

const listing = { instrument: compiledBtcUsd(), trading: true };
const now = { ms: 0, text: "1970-01-01T00:00:00.000Z" };

function place(clientOrderId: string, changes: Partial<Placement> = {}): PlaceJob {
  const placement: Placement = {
    accountId: "alice",
    clientOrderId,
    symbol: "BTC-USD",
    side: "BUY",
    orderType: "LIMIT",
    timeInForce: "GTC",
    quantity: "1",
    price: "60000",
    postOnly: false,
    expireAt: null,
    expireAtMs: null,
    botId: null,
    remark: null,
    special: null,
    ...changes,
  };
  return {
    kind: "place",
    orderId: `id-${clientOrderId}`,
    bodyHash: canonicalPlacement(placement),
    operator: null,
    placement,
  };
}

function cancel(clientOrderId: string, named = true): CancelJob {
  return {
    kind: "cancel",
    orderId: `id-${clientOrderId}`,
    ofAccount: "alice",
    requestId: `cancel-${clientOrderId}`,
    key: null,
    operator: null,
    identity: named ? { accountId: "alice", clientOrderId } : null,
  };
}

function amend(clientOrderId: string): AmendJob {
  const { orderId, ofAccount, key, operator } = cancel(clientOrderId);
  const requestId = `amend-${clientOrderId}`;
  return {
    kind: "amend",
    orderId,
    ofAccount,
    key,
    operator,
    requestId,
    amendment: { quantity: "0.5", price: null },
  };
}

const AWAY: Verdict = { kind: "refused", refusal: { code: "peer_unavailable", detail: "" } };

function known(changes: Partial<Known> = {}): Known {
  return {
    orders: new Map(),
    commands: new Map(),
    inFlight: new Map(),
    amendsMade: new Map(),
    owners: new Map(),
    listing: (symbol) => (symbol === "BTC-USD" ? listing : undefined),
    attempted: new Set(),
    ...changes,
  };
}

function go(
  jobs: readonly Job[],
  verdict: Verdict | ((index: number) => Verdict) = { kind: "go", boundTicks: 1 },
) {
  const steps = planRound(jobs, known(), now);
  const verdictOf = (index: number): Verdict => (typeof verdict === "function" ? verdict(index) : verdict);
  return settleRound(
    steps,
    steps.map((step, index) => (step.kind === "place" ? verdictOf(index) : undefined)),
    jobs,
  );
}

test("given nothing, when an order is placed and cancelled, then the engine hears both in order", () => {
  const settled = go([place("a"), cancel("a")]);
  assert.deepEqual(
    settled.engine.map((each) => each.kind),
    ["create", "command"],
  );
  assert.equal(settled.orders.length, 1);
  assert.equal(settled.commands.length, 1);
});

test("given a refusal that may be tried again, when the order is placed, then nothing is kept", () => {
  const settled = go([place("a"), cancel("a", false)], AWAY);
  assert.deepEqual([settled.orders, settled.commands, settled.engine, settled.tombstones], [[], [], [], []]);
});

test("given a refusal that may be tried again, when the order is cancelled by its name, then it can't be placed any more", () => {
  const settled = go([place("a"), cancel("a"), cancel("a"), cancel("a", false), amend("a")], AWAY);
  assert.deepEqual([settled.orders, settled.commands, settled.engine], [[], [], []]);
  assert.deepEqual(
    settled.tombstones.map(({ orderId, reason }) => [orderId, reason]),
    [["id-a", "cancelled_before_placement"]],
  );
  assert.deepEqual(
    settled.answers.map((answer) => (answer.kind === "refused" ? answer.refusal.code : answer.kind)),
    ["peer_unavailable", "commanded", "commanded", "commanded", "order_finished"],
  );
});

test("given a chain, when one job can't be taken now, then those behind it are not, and others are", () => {
  const chain = { broken: null };
  const jobs = [place("a"), place("b"), cancel("a"), place("other")].map((job, index) =>
    index === 3 ? job : { ...job, chain },
  );
  const verdictOf = (index: number): Verdict => (index === 1 ? AWAY : { kind: "go", boundTicks: 1 });
  const chained = go(jobs, verdictOf);
  assert.deepEqual(
    chained.answers.map(({ kind }) => kind),
    ["created", "refused", "refused", "created"],
  );
  assert.deepEqual(
    chained.engine.map(({ kind }) => kind),
    ["create", "create"],
  );
  const free = go([place("a"), place("b"), cancel("a")], verdictOf);
  assert.deepEqual(
    free.engine.map(({ kind }) => kind),
    ["create", "command"],
  );
});

test("given a broken chain, when its next jobs come, then nothing is done about them", () => {
  const chain = { broken: { code: "outcome_unknown", detail: "" } as const };
  const settled = go([
    { ...place("a"), chain },
    { ...cancel("b"), chain },
  ]);
  assert.deepEqual([settled.orders, settled.commands, settled.tombstones], [[], [], []]);
});

test("given a cancel that came first, when the order is placed after it, then it is refused for ever", () => {
  const settled = go([cancel("a"), place("a")]);
  assert.equal(settled.tombstones.length, 1);
  const answer = settled.answers[1];
  assert.equal(answer?.kind === "refused" && answer.refusal.code, "order_rejected");
});

test("an order that an earlier try of the round has committed is new to its caller", () => {
  const settled = go([place("a")]);
  const orders = new Map<string, OrderRecord>(settled.orders.map((order) => [order.orderId, order]));
  const answerOf = (attempted: ReadonlySet<string>): string | undefined => {
    const [step] = planRound([place("a")], known({ orders, attempted }), now);
    return step?.kind === "answered" ? step.answer.kind : step?.kind;
  };
  assert.equal(answerOf(new Set(["id-a"])), "created");
  assert.equal(answerOf(new Set()), "replayed");
});

test("of two that asked for one order, one is told that it is new, also where an earlier try has committed it", () => {
  const settled = go([place("a"), place("a")]);
  const orders = new Map<string, OrderRecord>(settled.orders.map((order) => [order.orderId, order]));
  const state = known({ orders, attempted: new Set(["id-a"]) });
  const steps = planRound([place("a", { quantity: "2" }), place("a"), place("a")], state, now);
  const kinds = steps.map((step) => (step.kind === "answered" ? step.answer.kind : step.kind));
  assert.deepEqual(kinds, ["refused", "created", "replayed"]);
});

test("whatever the jobs, every one is answered, and no order id is written or sent twice", () => {
  const jobs = fc.array(
    fc.record({
      id: fc.constantFrom("a", "b", "c"),
      kind: fc.constantFrom("place", "other body", "cancel", "cancel by id"),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(jobs, fc.boolean(), (chosen, approved) => {
      const round = chosen.map(({ id, kind }): Job => {
        if (kind === "place") return place(id);
        if (kind === "other body") return place(id, { quantity: "2" });
        return cancel(id, kind === "cancel");
      });
      const verdict: Verdict = approved
        ? { kind: "go", boundTicks: 1 }
        : { kind: "refused", refusal: { code: "insufficient_funds", detail: "" } };
      const settled = go(round, verdict);
      assert.equal(settled.answers.length, round.length);
      const written = [...settled.orders, ...settled.tombstones].map(({ orderId }) => orderId);
      assert.equal(new Set(written).size, written.length);
      const created = settled.engine.flatMap((each) => (each.kind === "create" ? [each.order.orderId] : []));
      assert.equal(new Set(created).size, created.length);
      assert.equal(created.length, approved ? settled.orders.length : 0);
    }),
  );
});

test("the same decimal in other words is the same request", () => {
  for (const [given, expected] of [
    ["1", "1"],
    ["1.0", "1"],
    ["1.50", "1.5"],
    ["100", "100"],
    ["0.10", "0.1"],
    ["10.00", "10"],
  ] as const)
    assert.equal(canonicalDecimal(given), expected);
});
