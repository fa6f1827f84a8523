import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { type RecordedCommand, RecordingError, readEngineStream } from "@bourse/recordings";
import { generatedStream } from "../testing/generated-market.ts";
import { accountFor, accountsOf } from "./accounts.ts";
import { type Planned, priceText, ReplayPlan } from "./plan.ts";

const TERMS = { run: "t", symbol: "AMZN", accounts: 50 };
const BASE = { id: "", side: null, price: 0, quantity: 0, row: 0, fills: [], touch: null } as const;

function limit(id: string, side: "BUY" | "SELL", price: number, quantity: number): RecordedCommand {
  return { ...BASE, kind: "limit", id, side, price, quantity };
}

function planned(commands: readonly RecordedCommand[]): readonly Planned[] {
  const plan = new ReplayPlan(TERMS);
  return commands.map((command) => plan.next(command));
}

// biome-ignore lint/suspicious/noExplicitAny: a test states the shape by what it reads
function items(commands: readonly RecordedCommand[]): readonly any[] {
  return planned(commands).map((each) => (each.kind === "order" ? each.item : each));
}

describe("a plan", () => {
  it("places a limit order to rest, under the run's id and the file's", () => {
    const [item] = items([limit("16113575", "BUY", 2_239_501, 18)]);
    assert.deepEqual(item, {
      action: "PLACE",
      accountId: accountFor(TERMS, "BUY", "16113575"),
      symbol: "AMZN",
      side: "BUY",
      orderType: "LIMIT",
      timeInForce: "GTC",
      quantity: "18",
      price: "223.9501",
      clientOrderId: "t-16113575",
    });
  });

  it("places an aggressor to trade or go, and knows what the venue filled", () => {
    const aggress: RecordedCommand = {
      ...BASE,
      kind: "aggress",
      side: "BUY",
      price: 2_000_000,
      quantity: 30,
      row: 7,
      fills: [{ makerId: "1", price: 2_000_000, quantity: 30 }],
    };
    const taker = planned([limit("1", "SELL", 2_000_000, 50), aggress])[1];
    assert.ok(taker?.kind === "order" && taker.item.action === "PLACE");
    assert.deepEqual([taker.item.timeInForce, taker.item.clientOrderId], ["IOC", "t-r7"]);
    assert.deepEqual(taker.expected, {
      clientOrderId: "t-r7",
      row: 7,
      fills: [{ makerClientOrderId: "t-1", price: "200", quantity: "30" }],
    });
  });

  it("reduces to a new total, fills included, and cancels when nothing would be left", () => {
    const aggress: RecordedCommand = {
      ...BASE,
      kind: "aggress",
      side: "BUY",
      price: 100,
      quantity: 30,
      row: 3,
      fills: [{ makerId: "1", price: 100, quantity: 30 }],
    };
    const reduce = (quantity: number): RecordedCommand => ({ ...BASE, kind: "reduce", id: "1", quantity });
    const [, first, , second, last, after] = items([
      limit("1", "SELL", 100, 100),
      reduce(10),
      aggress,
      reduce(20),
      reduce(40),
      reduce(1),
    ]);
    const named = { accountId: accountFor(TERMS, "SELL", "1"), clientOrderId: "t-1" };
    assert.deepEqual(first, { action: "AMEND", ...named, idempotencyKey: "t-c2", quantity: "90" });
    assert.deepEqual(second, { action: "AMEND", ...named, idempotencyKey: "t-c4", quantity: "70" });
    assert.deepEqual(last, { action: "CANCEL", ...named, idempotencyKey: "t-c5" });
    assert.deepEqual(after, { kind: "skipped" });
  });

  it("leaves alone what is about an order of which nothing is open", () => {
    const remove: RecordedCommand = { ...BASE, kind: "delete", id: "1" };
    assert.deepEqual(
      items([remove, limit("1", "BUY", 5, 1), remove, remove]).map((item) => item.action ?? item.kind),
      ["skipped", "PLACE", "CANCEL", "skipped"],
    );
  });

  it("gives an id that comes again another client order id", () => {
    const remove: RecordedCommand = { ...BASE, kind: "delete", id: "1" };
    const [, , again, cancel] = items([limit("1", "BUY", 5, 1), remove, limit("1", "BUY", 6, 1), remove]);
    assert.deepEqual([again.clientOrderId, cancel.clientOrderId], ["t-1.2", "t-1.2"]);
  });

  it("prints hidden executions with the side of who hit them, and nothing else", () => {
    const [print] = planned([
      { ...BASE, kind: "hidden", side: "SELL", price: 2_238_450, quantity: 100, row: 31 },
    ]);
    assert.deepEqual(print, {
      kind: "print",
      print: { printId: "t-h1", price: "223.845", quantity: "100", aggressorSide: "BUY" },
    });
  });

  for (const [what, command] of [
    ["id", limit("not an id", "BUY", 5, 1)],
    ["qty", limit("1", "BUY", 5, 0)],
    ["price", limit("1", "BUY", 0, 5)],
  ] as const) {
    it(`refuses an order whose ${what} can't be one`, () => {
      assert.throws(
        () => planned([command]),
        (error) => error instanceof RecordingError && error.message.includes(what),
      );
    });
  }

  it("of the same file is the same", async () => {
    const text = generatedStream({ seed: 3, commands: 500 });
    const plan = async (): Promise<readonly Planned[]> =>
      planned(await Array.fromAsync(readEngineStream(Readable.from([text]))));
    assert.deepEqual(await plan(), await plan());
  });

  it("never lets an account meet itself, and spreads orders over all accounts", async () => {
    const commands = await Array.fromAsync(
      readEngineStream(Readable.from([generatedStream({ seed: 5, commands: 3_000 })])),
    );
    const placed = items(commands).filter((item) => item.action === "PLACE");
    const accounts = (side: string): Set<string> =>
      new Set(placed.filter((item) => item.side === side).map((item) => item.accountId));
    const [buyers, sellers] = [accounts("BUY"), accounts("SELL")];
    assert.deepEqual([...buyers].sort(), accountsOf(TERMS, "BUY"));
    assert.deepEqual([...sellers].sort(), accountsOf(TERMS, "SELL"));
    assert.ok(buyers.isDisjointFrom(sellers));
  });
});

describe("a recorded price", () => {
  for (const [price, text] of [
    [2_239_500, "223.95"],
    [1, "0.0001"],
    [10_000, "1"],
    [1_999_999_900, "199999.99"],
  ] as const) {
    it(`${price} is ${text} dollars`, () => assert.equal(priceText(price), text));
  }
});
