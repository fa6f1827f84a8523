import assert from "node:assert/strict";
import { test } from "node:test";
import type { Steps } from "@bourse/base";
import {
  createEngine,
  type Engine,
  type EventSink,
  restoreEngine,
  restoreEngineSteps,
  type StateNames,
} from "./index.ts";
import { ENGINE, NAIVE_ENGINE } from "./testing/compare-engines.ts";
import { amend, buy, cancel, type Draft, sell } from "./testing/scenario.ts";
import { applyCommand, eventSink, randomCommands, recordingSink, silentSink } from "./testing.ts";

function engineAfter(seed: number, count: number, sink: EventSink = silentSink()): Engine {
  const engine = createEngine({ sink });
  for (const command of randomCommands(seed, count)) applyCommand(engine, command);
  return engine;
}

function restored(bytes: Uint8Array, sink: EventSink = silentSink()): Engine {
  const engine = restoreEngine(bytes, sink);
  assert.ok(engine.ok, "a snapshot just taken restores");
  return engine.value;
}

test("a restored engine goes on with the same events, hash and bytes", () => {
  const commands = randomCommands(11, 4_000);
  const whole = recordingSink();
  const engine = engineAfter(11, 2_000, whole);
  const again = recordingSink();
  const other = restored(engine.snapshot(), again);
  assert.equal(other.stateHash(), engine.stateHash());
  assert.deepEqual(other.snapshot(), engine.snapshot());
  whole.take();
  for (const command of commands.slice(2_000)) {
    applyCommand(engine, command);
    applyCommand(other, command);
  }
  const events = whole.take();
  assert.ok(events.length > 2_000);
  assert.deepEqual(again.take(), events);
  assert.equal(other.stateHash(), engine.stateHash());
  assert.deepEqual(other.snapshot(), engine.snapshot());
});

test("a snapshot in the middle of mass work goes on where it stood", () => {
  const sink = recordingSink();
  const engine = createEngine({ sink });
  run(engine, [listing, ...Array.from({ length: 9 }, (_, index) => buy(1, 100 + (index % 4)))]);
  engine.blockAccount({ request: 20, atMs: 0, account: 1 });
  engine.work(4);
  assert.equal(engine.pendingWork(), true);
  const again = recordingSink();
  const other = restored(engine.snapshot(), again);
  assert.equal(other.stateHash(), engine.stateHash());
  sink.take();
  assert.equal(engine.work(100), 5);
  assert.equal(other.work(2), 2);
  assert.notEqual(other.stateHash(), engine.stateHash(), "what is left of mass work is state (R8)");
  assert.equal(other.work(100), 3);
  assert.deepEqual(again.take(), sink.take());
  assert.equal(other.stateHash(), engine.stateHash());
});

test("a snapshot can be taken whatever sound commands have said", () => {
  const most = Number.MAX_SAFE_INTEGER;
  for (const maker of [ENGINE, NAIVE_ENGINE]) {
    const engine = run(maker.create({ sink: silentSink() }), [
      { ...listing, maxPriceTicks: 1, maxQuantityLots: most } as Draft,
      { kind: "setPosition", account: 1, symbol: 0, lots: most },
      { kind: "setPosition", account: 2, symbol: 0, lots: -most },
      sell(5, 1, { account: 2 }),
      buy(5, 1, { account: 1 }),
      { kind: "setBands", symbol: 0, lowerTicks: 1, upperTicks: 1, limitStateMs: most },
      { ...buy(5, 1, { account: 1 }), atMs: 1_000 } as Draft,
    ]);
    const again = restoreEngine(engine.snapshot(), silentSink());
    assert.ok(again.ok && again.value.stateHash() === engine.stateHash());
    assert.equal(engine.symbolStatus(0)?.limitUntilMs, most);
  }
});

/** What the steps come to, and in how many. */
function counted<T>(steps: Steps<T>): { readonly made: T; readonly count: number } {
  for (let count = 1; ; count++) {
    const step = steps.next();
    if (step.done === true) return { made: step.value, count };
  }
}

test("a large engine is written, hashed and restored in steps, also where no symbol has many orders", () => {
  const orders = 12_000;
  for (const symbols of [1, 20]) {
    const lists = Array.from({ length: symbols }, (_, symbol): Draft => ({ ...listing, symbol }) as Draft);
    const places = Array.from(
      { length: orders },
      (_, n): Draft => ({ ...buy(1, 1 + (n % 900), { account: n % 7 }), symbol: n % symbols }) as Draft,
    );
    const engine = run(fresh(), [...lists, ...places]);
    const written = counted(engine.snapshotSteps());
    assert.deepEqual(written.made, engine.snapshot());
    const hashed = counted(engine.stateHashSteps());
    assert.equal(hashed.made, engine.stateHash());
    const read = counted(restoreEngineSteps(written.made, silentSink()));
    assert.ok(read.made.ok && read.made.value.restingOrders() === orders);
    assert.deepEqual(read.made.value.snapshot(), written.made);
    assert.deepEqual(
      { symbols, steps: [written.count, hashed.count, read.count] },
      { symbols, steps: [3, 7, 9] },
    );
  }
});

test("a snapshot with any bit turned is refused", () => {
  const bytes = engineAfter(3, 300).snapshot();
  for (let at = 0; at < bytes.length; at += 7) {
    const turned = bytes.slice();
    turned[at] = (turned[at] ?? 0) ^ (1 << (at % 8));
    const fault = restoreEngine(turned, silentSink());
    assert.deepEqual(fault, { ok: false, error: at < 4 ? "not_a_snapshot" : "damaged" }, `byte ${at}`);
  }
});

test("a snapshot cut short is refused", () => {
  const bytes = engineAfter(3, 300).snapshot();
  for (const length of [0, 3, 20, bytes.length - 1]) {
    assert.equal(restoreEngine(bytes.slice(0, length), silentSink()).ok, false, `${length} bytes`);
  }
});

const listing: Draft = { kind: "list", symbol: 0, maxPriceTicks: 10_000, maxQuantityLots: 1_000 };

function run(engine: Engine, drafts: readonly Draft[], { firstRequest = 1, atMs = 0 } = {}): Engine {
  for (const [index, draft] of drafts.entries()) {
    applyCommand(engine, { atMs, ...draft, request: firstRequest + index } as Parameters<
      typeof applyCommand
    >[1]);
  }
  return engine;
}

const fresh = (): Engine => createEngine({ sink: silentSink() });

test("the hash knows books and not the way to them: pools, times, positions in the log (R8)", () => {
  const straight = run(fresh(), [listing, buy(3, 100), buy(4, 100), sell(1, 105)]);
  const detour = run(fresh(), [listing, buy(3, 100), buy(4, 100), sell(1, 105)], {
    firstRequest: 500,
    atMs: 77,
  });
  assert.equal(detour.stateHash(), straight.stateHash());
});

test("the hash sees each part of the state", () => {
  const base: Draft[] = [listing, buy(3, 100), buy(4, 100), sell(1, 105, { account: 2 })];
  const variants: Record<string, Draft[]> = {
    nothing: base,
    priority: [listing, buy(4, 100), buy(3, 100), sell(1, 105, { account: 2 })],
    account: [listing, buy(3, 100), buy(4, 100), sell(1, 105)],
    price: [listing, buy(3, 100), buy(4, 100), sell(1, 106, { account: 2 })],
    quantity: [listing, buy(3, 100), buy(4, 100), sell(2, 105, { account: 2 })],
    "time in force": [
      listing,
      buy(3, 100),
      buy(4, 100, { timeInForce: 2, expireAtMs: 9 }),
      sell(1, 105, { account: 2 }),
    ],
    "post only": [listing, buy(3, 100), buy(4, 100, { postOnly: true }), sell(1, 105, { account: 2 })],
    halt: [...base, { kind: "halt", symbol: 0 }],
    block: [...base, { kind: "block", account: 9 }],
    "another symbol": [...base, { ...listing, symbol: 1 } as Draft],
    "level changes": [...base, buy(1, 99), cancel(5)],
    "fills against an equal rest": [
      listing,
      buy(5, 100),
      sell(2, 100),
      buy(4, 100),
      sell(1, 105, { account: 2 }),
    ],
  };
  const hashes = Object.values(variants).map((drafts) => run(fresh(), drafts).stateHash());
  assert.equal(new Set(hashes).size, hashes.length, "no two variants have one hash");
});

test("with names, the hash does not depend on the caller's indices", () => {
  const names = (accounts: readonly string[], session = "desk"): StateNames => ({
    symbol: (symbol) => `symbol ${symbol}`,
    account: (account) => accounts[account] ?? "nobody",
    order: (handle) => `order ${handle}`,
    session: () => session,
  });
  const left = run(fresh(), [
    listing,
    buy(3, 100, { account: 0, session: 4 }),
    sell(1, 105, { account: 1 }),
    { kind: "block", account: 2 },
  ]);
  const right = run(fresh(), [
    listing,
    buy(3, 100, { account: 2, session: 7 }),
    sell(1, 105, { account: 0 }),
    { kind: "block", account: 1 },
  ]);
  assert.notEqual(left.stateHash(), right.stateHash());
  assert.equal(left.stateHash(names(["ann", "bob", "eve"])), right.stateHash(names(["bob", "eve", "ann"])));
  assert.notEqual(
    left.stateHash(names(["ann", "bob", "eve"])),
    right.stateHash(names(["bob", "ann", "eve"])),
  );
  assert.notEqual(
    left.stateHash(names(["ann", "bob", "eve"])),
    right.stateHash(names(["bob", "eve", "ann"], "another")),
  );
});

test("freed slots are used again: a long life leaves no trace in the books", () => {
  const engine = run(fresh(), [listing]);
  let request = 1;
  for (let round = 0; round < 3_000; round++) {
    run(engine, [buy(1, 1 + (round % 90))], { firstRequest: ++request });
    run(engine, [amend(request, { priceTicks: 95 })], { firstRequest: ++request });
    run(engine, [cancel(request - 1)], { firstRequest: ++request });
  }
  assert.equal(engine.restingOrders(), 0);
  assert.deepEqual(engine.bookSnapshot(0, 5), { bookSequence: 3_000 * 4, bids: [], asks: [] });
});

test("two runs of one log yield the same events", () => {
  const first: unknown[] = [];
  const second: unknown[] = [];
  engineAfter(
    5,
    3_000,
    eventSink((event) => first.push(event)),
  );
  engineAfter(
    5,
    3_000,
    eventSink((event) => second.push(event)),
  );
  assert.deepEqual(first, second);
});
