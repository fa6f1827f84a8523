import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ANY } from "./commands.ts";
import { audit } from "./testing/audit.ts";
import { type EngineCommand, randomCommands } from "./testing.ts";

const LISTINGS: EngineCommand[] = [0, 1].map((symbol) => {
  return { kind: "list", request: symbol + 1, atMs: 0, symbol, maxPriceTicks: 200, maxQuantityLots: 50 };
});

const symbol = fc.nat(1);
const account = fc.nat(3);
const handle = fc.integer({ min: 3, max: 60 });
const priceTicks = fc.integer({ min: 90, max: 110 });
const quantityLots = fc.integer({ min: 1, max: 12 });

const draft = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("place" as const),
      symbol,
      account,
      side: fc.nat(1),
      type: fc.constantFrom(0, 0, 0, 1),
      timeInForce: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
      postOnly: fc.constantFrom(false, false, false, true),
      limit: priceTicks,
      quantityLots,
      expireAtMs: fc.integer({ min: 0, max: 100 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("amend" as const),
      handle,
      priceTicks: fc.oneof(fc.constant(0), priceTicks),
      quantityLots: fc.oneof(fc.constant(0), quantityLots),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), handle }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("massCancel" as const),
      account,
      symbol: fc.constantFrom(ANY, 0, 1),
      side: fc.constantFrom(ANY, 0, 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("block" as const, "unblock" as const), account }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("advanceTime" as const) }) },
);

const commands = fc.array(fc.tuple(draft, fc.nat(4)), { maxLength: 60, size: "max" }).map((drafts) => {
  let atMs = 0;
  return drafts.map(([body, laterMs], index): EngineCommand => {
    atMs += laterMs;
    const head = { request: index + 3, atMs };
    if (body.kind !== "place") return { ...body, ...head };
    const { limit, ...order } = body;
    const isMarket = order.type === 1;
    return { ...order, ...head, priceTicks: isMarket ? 0 : limit, worstPriceTicks: isMarket ? limit : 0 };
  });
});

test("an auditor who sees only commands and events finds no rule broken, for shrinkable commands", () => {
  let trades = 0;
  fc.assert(
    fc.property(commands, (drawn) => {
      trades += audit([...LISTINGS, ...drawn]);
    }),
    { numRuns: 400 },
  );
  assert.ok(trades > 400, `the commands trade, got ${trades} trades`);
});

test("an auditor who sees only commands and events finds no rule broken, for long runs", () => {
  for (let seed = 5; seed <= 60; seed += 5) {
    try {
      audit(randomCommands(seed, 1_500));
    } catch (error) {
      throw new Error(`audit(randomCommands(${seed}, 1500))`, { cause: error });
    }
  }
});
