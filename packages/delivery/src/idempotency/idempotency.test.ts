import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreError } from "@bourse/store";
import fc from "fast-check";
import { Registry } from "prom-client";
import { createDeliveryDoor } from "../commit.ts";
import type { Effects, Unit } from "../definitions.ts";
import { metricValue, orderContracts, placed, retentionBy } from "../testing/fixtures.ts";
import { effect, type MemoryStore, memoryStore, type StoreFault } from "../testing/memory-store.ts";
import { createIdempotency, type Idempotency, type OnceOutcome } from "./idempotency.ts";
import type { Answer, IdempotencyBounds, IdempotentCommand } from "./idempotent-command.ts";

const HOUR_MS = 3_600_000;
/** What still fails is used up by then. */
const MAX_SENDS = 200;

interface Given {
  readonly store: MemoryStore;
  readonly idempotency: Idempotency;
  readonly registry: Registry;
  readonly clock: { ms: number };
}

function given(bounds: Partial<IdempotencyBounds> = {}): Given {
  const store = memoryStore();
  const clock = { ms: 1_700_000_000_000 };
  const registry = new Registry();
  const delivery = createDeliveryDoor({
    store,
    clock: { nowMs: () => clock.ms },
    contracts: orderContracts(),
    sink: { hand: () => undefined, lookAgain: () => undefined },
    counted: () => undefined,
    retention: retentionBy({ nowMs: () => clock.ms }),
  });
  return { store, clock, registry, idempotency: createIdempotency({ delivery, metrics: registry, bounds }) };
}

const command = (key = "k1", bodyHash = "body", principal = "account:alice"): IdempotentCommand => ({
  principal,
  scope: "POST /things",
  key,
  bodyHash,
});

let made = 0;
/** Work with an effect, an event and an answer that differ each time it runs. */
const making = async (): Promise<Effects<Answer>> => {
  made += 1;
  return {
    statements: [effect(`made ${made}`)],
    events: [placed(made)],
    result: { status: 201, headers: { location: `/things/${made}`, "x-trace": "t" }, body: { made } },
  };
};

const once = (
  { idempotency }: Given,
  of = command(),
  work: (unit: Unit) => Promise<Effects<Answer>> = making,
) => idempotency.once(of, "make", work);

function answerOf(outcome: OnceOutcome): unknown {
  assert.ok("answer" in outcome, `an answer, not ${outcome.kind}`);
  return outcome.answer.body;
}

test("R10: the same key is done once, and answered as it was then", async () => {
  const at = given();
  const first = await once(at);
  assert.equal(first.kind, "committed");
  assert.equal(first.kind === "committed" && first.numbered.length, 1);
  const again = await once(at);
  assert.equal(again.kind, "replayed");
  assert.deepEqual(again.kind === "replayed" && again.answer, {
    status: 201,
    headers: { location: `/things/${made}` },
    body: answerOf(first),
  });
  assert.equal(at.store.effects.length, 1);
});

test("R10: the key with another body is refused, whoever else uses the key is not meant", async () => {
  const at = given();
  await once(at);
  assert.equal((await once(at, command("k1", "another body"))).kind, "key_reused");
  assert.equal((await once(at, command("k1", "another body", "account:bob"))).kind, "committed");
  assert.equal((await once(at, { ...command(), scope: "POST /others" })).kind, "committed");
  assert.equal(at.store.effects.length, 3);
});

test("a refusal that the work decided stays, one that may come out otherwise does not", async () => {
  const at = given();
  const refusing = (status: number) => async (): Promise<Effects<Answer>> => ({
    statements: [],
    events: [],
    result: { status, body: { code: "insufficient_funds" } },
  });
  assert.equal((await once(at, command("a"), refusing(422))).kind, "committed");
  const again = await once(at, command("a"));
  assert.deepEqual(again.kind === "replayed" && again.answer.status, 422);
  for (const [key, status] of [
    ["b", 503],
    ["c", 429],
  ] as const) {
    await once(at, command(key), refusing(status));
    assert.equal((await once(at, command(key))).kind, "committed");
  }
  assert.equal(at.store.effects.length, 2);
});

test("what may be tried again has no effects: anything else is a broken invariant, and nothing is done", async () => {
  const at = given();
  const wrong = async (): Promise<Effects<Answer>> => ({
    statements: [effect("half done")],
    events: [],
    result: { status: 503, body: {} },
  });
  await assert.rejects(once(at, command(), wrong), /may be tried again has no effects/);
  const tooLarge = async (): Promise<Effects<Answer>> => ({
    statements: [effect("half done")],
    events: [],
    result: { status: 200, body: { text: "x".repeat(70_000) } },
  });
  await assert.rejects(once(at, command(), tooLarge), /at most 65,536/);
  assert.deepEqual(at.store.effects, []);
});

test("R5: an unknown COMMIT is read back: applied is answered, not applied is done", async () => {
  for (const fault of ["unknown_applied", "unknown_not_applied"] as const) {
    const at = given();
    at.store.failNext(fault);
    const outcome = await once(at);
    assert.equal(outcome.kind, "committed");
    assert.equal(at.store.effects.length, 1);
    assert.deepEqual(answerOf(await once(at)), answerOf(outcome));
    assert.equal(await metricValue(at.registry, "idempotency_read_backs_total"), 1);
  }
});

test("R5: what can't be read back is unknown, never 'nothing was done'; the same key tells later", async () => {
  const at = given();
  at.store.failNext("unknown_applied");
  let back: () => void = () => undefined;
  const store = at.store;
  const failing = once(at, command(), async () => {
    const effects = await making();
    // The database is away from the COMMIT on: the trip that is under way still arrives.
    queueMicrotask(() => {
      back = store.goAway();
    });
    return effects;
  });
  await assert.rejects(failing, (error) => error instanceof StoreError && error.code === "commit_unknown");
  back();
  const again = await once(at);
  assert.equal(again.kind, "replayed");
  assert.equal(store.effects.length, 1);
});

test("what was surely not applied rejects as such, and the same key may come again", async () => {
  const at = given();
  at.store.failNext("not_applied");
  await assert.rejects(
    once(at),
    (error) => error instanceof StoreError && error.code === "store_unavailable",
  );
  at.store.failNext("deadlock");
  assert.equal((await once(at)).kind, "committed");
  assert.equal(at.store.effects.length, 1);
});

test("R16: a key lasts as long as the caller's clock says, then it may name something else", async () => {
  const at = given();
  await once(at);
  at.clock.ms += 24 * HOUR_MS - 1;
  assert.equal((await once(at)).kind, "replayed");
  at.clock.ms += 1;
  assert.equal((await once(at, command("k1", "another body"))).kind, "committed");
  assert.equal((await once(at, command("k1", "another body"))).kind, "replayed");
});

test("bounded: of one principal and of all, until old keys expire and are cleaned up", async () => {
  const at = given({ maxRows: 5, maxRowsOfPrincipal: 3, cleanBatch: 2 });
  for (const key of ["a", "b", "c"]) await once(at, command(key));
  assert.equal((await once(at, command("d"))).kind, "principal_full");
  assert.equal((await once(at, command("a"))).kind, "replayed");
  for (const key of ["a", "b"]) await once(at, command(key, "body", "account:bob"));
  assert.equal((await once(at, command("c", "body", "account:bob"))).kind, "table_full");
  assert.equal((await once(at, command("b", "body", "account:bob"))).kind, "replayed");
  assert.equal(at.store.effects.length, 5, "what was refused was not done");
  assert.equal(await at.idempotency.cleanUp(), 0);
  at.clock.ms += 24 * HOUR_MS;
  assert.equal(await at.idempotency.cleanUp(), 5);
  assert.equal(await metricValue(at.registry, "idempotency_rows"), 0);
  assert.equal(await metricValue(at.registry, "idempotency_rows_limit"), 5);
  assert.equal((await once(at, command("d"))).kind, "committed");
  const counted = await at.registry.getSingleMetricAsString("bourse_delivery_idempotency_requests_total");
  assert.match(counted, /outcome="principal_full"} 1/);
  assert.match(counted, /outcome="table_full"} 1/);
});

const faults = fc.array(
  fc.constantFrom<StoreFault>("not_applied", "unknown_applied", "unknown_not_applied", "deadlock"),
  { maxLength: 4 },
);
const request = fc.record({
  key: fc.constantFrom("k1", "k2"),
  principal: fc.constantFrom("account:alice", "account:bob"),
  body: fc.constantFrom("one", "other"),
  faults,
});

test("R10: whatever fails between, each key has its effect once and one answer for ever", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(request, { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
      async (rounds) => {
        const at = given();
        const heard = new Map<string, { readonly body: string; readonly answer: string }>();
        const send = async (of: { key: string; principal: string; body: string }): Promise<boolean> => {
          const id = `${of.principal} ${of.key}`;
          let outcome: OnceOutcome;
          try {
            outcome = await once(at, command(of.key, of.body, of.principal), async () => {
              made += 1;
              return {
                statements: [effect(`${id} ${of.body}`)],
                events: [],
                result: { status: 201, body: { id, body: of.body, attempt: made } },
              };
            });
          } catch (error) {
            assert.ok(error instanceof StoreError, String(error));
            return false;
          }
          const before = heard.get(id);
          if (outcome.kind === "key_reused") {
            if (before !== undefined) assert.notEqual(before.body, of.body);
            return true;
          }
          const answer = JSON.stringify(answerOf(outcome));
          if (before !== undefined) assert.deepEqual({ body: of.body, answer }, before);
          heard.set(id, { body: of.body, answer });
          return true;
        };
        for (const round of rounds) {
          at.store.failNext(...round.flatMap((each) => each.faults));
          await Promise.all(round.map(send));
        }
        // Clients that heard nothing, or only that their key was taken, end with the answer that is there.
        for (const of of rounds.flat()) {
          let sends = 1;
          for (; !(await send(of)); sends++) assert.ok(sends < MAX_SENDS, `${of.key} is never answered`);
        }
        const effects = at.store.effects.map((text) => text.split(" ").slice(0, 2).join(" "));
        assert.equal(new Set(effects).size, effects.length, `done twice: ${effects}`);
        const asked = new Set(rounds.flat().map(({ principal, key }) => `${principal} ${key}`));
        assert.deepEqual(new Set(effects), asked);
      },
    ),
    { numRuns: 200 },
  );
});
