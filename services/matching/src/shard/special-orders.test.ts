import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inOneTurn } from "@bourse/base";
import { rfc3339 } from "@bourse/contracts";
import { Desk, orderId, type Told, types } from "../testing.ts";
import { MatchingProgram } from "./matching-program.ts";
import { decodeSteps, encodeSteps } from "./program-snapshot.ts";

/** What reports say of orders: which, how many are filled, left and cancelled. */
const facts = (told: Told[]): string[] =>
  told.flatMap(
    ({ eventType, execType, orderId: id, cumulativeQuantity, leavesQuantity, cancelledQuantity }) =>
      eventType === "ExecutionReport"
        ? [`${execType} ${Number(`0x${id}`)}: ${cumulativeQuantity} ${leavesQuantity} ${cancelledQuantity}`]
        : [],
  );
const stop = (stopPrice: string, worstPrice: string): object => ({
  orderType: "STOP_LOSS",
  price: undefined,
  stopPrice,
  worstPrice,
});

describe("matching, orders beyond plain ones", () => {
  it("tells what a command's order has come to before what it sets off, each order for itself", () => {
    const desk = new Desk().list();
    desk.place(1, "SELL", "100", "1");
    desk.place(2, "SELL", "101", "1");
    desk.place(3, "SELL", "102", "1");
    desk.place(4, "BUY", "102", "1", stop("100", "110"));
    desk.place(5, "BUY", "102", "1", stop("101", "110"));
    const told = desk.place(6, "BUY", "100", "2");
    assert.deepEqual(facts(told), [
      "NEW 6: 0 2 0",
      "TRADE 1: 1 0 0",
      "TRADE 6: 1 1 0",
      "TRIGGERED 4: 0 1 0",
      "TRADE 2: 1 0 0",
      "TRADE 4: 1 0 0",
      "TRIGGERED 5: 0 1 0",
      "TRADE 3: 1 0 0",
      "TRADE 5: 1 0 0",
    ]);
    const sequences = told.flatMap(({ engineSequence }) =>
      engineSequence === undefined ? [] : [engineSequence],
    );
    const first = Number(sequences[0]);
    assert.deepEqual(
      sequences,
      Array.from({ length: sequences.length }, (_, n) => first + n),
      "gapless (R11)",
    );
    assert.deepEqual(
      told.filter(({ triggered }) => triggered === true).map(({ execType }) => execType),
      ["TRIGGERED", "TRADE", "TRIGGERED", "TRADE"],
    );
    assert.equal(told.filter(({ outcome }) => outcome === true).length, 1, "one outcome (R8)");
  });

  it("reports the lots that self-trade prevention takes as cancelled, and an order that goes on as it is", () => {
    const desk = new Desk().list();
    const own = { accountId: "both" };
    desk.place(1, "SELL", "100", "3", own);
    const told = desk.place(2, "BUY", "100", "2", { ...own, selfTradePrevention: "DECREMENT" });
    assert.deepEqual(facts(told), ["NEW 2: 0 2 0", "CANCELLED 1: 0 1 2", "CANCELLED 2: 0 0 2"]);
    assert.deepEqual(told.map(({ orderStatus, done, reason }) => [orderStatus, done, reason]).slice(1, 3), [
      ["OPEN", false, "self_trade"],
      ["CANCELLED", true, "self_trade"],
    ]);
  });

  it("amends what was decremented by its whole quantity, and refuses what is gone", () => {
    const desk = new Desk().list();
    const own = { accountId: "both" };
    desk.place(1, "SELL", "100", "5", own);
    desk.place(2, "BUY", "100", "2", { ...own, selfTradePrevention: "DECREMENT" });
    const amend = (quantity: string): Told[] =>
      desk.tell({
        eventType: "OrderModified",
        orderId: orderId(1),
        accountId: "both",
        symbol: "BTC-USD",
        quantity,
      });
    const [refused] = amend("2");
    assert.deepEqual([refused?.accepted, refused?.reason], [false, "quantity_not_above_filled"]);
    const [replaced] = amend("4");
    assert.deepEqual([replaced?.quantity, ...facts([replaced as Told])], ["4", "REPLACED 1: 0 2 2"]);
  });

  it("transfers between accounts of a group: both sides' facts, no fee, no number of a trade", () => {
    const desk = new Desk().list();
    for (const accountId of ["buyer", "seller"])
      desk.tell({ eventType: "AccountGrouped", accountId, selfTradeGroup: "desk" });
    const transfer = { selfTradePrevention: "TRANSFER" };
    desk.place(1, "SELL", "100", "2", transfer);
    const told = desk.place(2, "BUY", "101", "3", transfer);
    assert.deepEqual(types(told), [
      "ExecutionReport NEW",
      "TradeExecuted",
      "ExecutionReport TRADE",
      "ExecutionReport TRADE",
      "BookChanged",
    ]);
    const moved = told[1] as Told & { buyer: Record<string, unknown>; seller: Record<string, unknown> };
    assert.equal(moved.transfer, true);
    assert.equal(moved.tradeId, `BTC-USD-T${moved.engineSequence}`);
    assert.deepEqual(
      [moved.notional, moved.buyer.fee, moved.buyer.cumulativeNotional, moved.seller.done],
      ["200", "0", "200", true],
    );
    const next = desk.place(3, "SELL", "101", "1", { accountId: "third" });
    assert.equal(next.find(({ eventType }) => eventType === "TradeExecuted")?.tradeId, "BTC-USD-1");
  });

  it("follows the net of an account's trades, transfers included, for reduce-only orders", () => {
    const desk = new Desk().list();
    desk.place(1, "SELL", "100", "5");
    desk.place(2, "BUY", "100", "5");
    const reduce = (n: number, quantity: string): unknown => {
      desk.tell({ eventType: "PositionFollowed", accountId: "buyer", symbol: "BTC-USD" });
      return desk.place(n, "SELL", "110", quantity, { accountId: "buyer", reduceOnly: true })[0]?.reason;
    };
    assert.equal(reduce(3, "6"), "beyond_position");
    assert.equal(reduce(4, "5"), undefined);
  });

  it("cancels all of a child that is larger than what its parent has filled and never wakes", () => {
    const desk = new Desk().list();
    const child = { parentOrderId: orderId(1) };
    desk.place(1, "SELL", "100", "2");
    desk.place(2, "SELL", "100", "2", child);
    desk.place(3, "SELL", "110", "3", child);
    const told = desk.place(4, "BUY", "100", "5");
    assert.deepEqual(facts(told), [
      "NEW 4: 0 5 0",
      "TRADE 1: 2 0 0",
      "TRADE 4: 2 3 0",
      "TRIGGERED 2: 0 2 0",
      "TRADE 4: 4 1 0",
      "TRADE 2: 2 0 0",
      "CANCELLED 3: 0 0 3",
    ]);
    assert.equal(desk.program.size(), 1);
  });

  describe("a child that has lost lots with its parent's end, and waits for a halted market", () => {
    const amend = (desk: Desk, quantity: string): Told[] =>
      desk.tell({
        eventType: "OrderModified",
        orderId: orderId(2),
        accountId: "seller",
        symbol: "BTC-USD",
        quantity,
      });
    const waiting = (): Desk => {
      const desk = new Desk().list();
      desk.place(1, "SELL", "100", "5");
      desk.place(2, "SELL", "110", "3", { parentOrderId: orderId(1) });
      desk.place(3, "BUY", "100", "2");
      desk.tell({ eventType: "TradingHalted", symbol: "BTC-USD", cancelOnly: true });
      const parent = { orderId: orderId(1), accountId: "seller", symbol: "BTC-USD" };
      assert.deepEqual(facts(desk.tell({ eventType: "OrderCancelled", ...parent })), ["CANCELLED 1: 2 0 3"]);
      return desk;
    };

    it("is amended by its whole quantity", () => {
      assert.deepEqual(facts(amend(waiting(), "3")), ["REPLACED 2: 0 2 1"]);
      assert.deepEqual(facts(amend(waiting(), "2")), ["REPLACED 2: 0 1 1"]);
    });

    it("has them cancelled also where a snapshot does not say so, being from before the engine told it", () => {
      const desk = waiting();
      const state = inOneTurn(decodeSteps(desk.program.snapshot()));
      for (const order of state.orders.all())
        [order.leavesLots, order.cancelledLots] = [order.quantityLots, 0];
      const before = inOneTurn(encodeSteps(state));
      desk.program = new MatchingProgram();
      desk.program.restore(before);
      assert.deepEqual(desk.program.snapshot(), before, "what was read is what is written again (R8)");
      const child = { orderId: orderId(2), accountId: "seller", symbol: "BTC-USD" };
      assert.deepEqual(facts(desk.tell({ eventType: "OrderCancelled", ...child })), ["CANCELLED 2: 0 0 3"]);
    });
  });

  it("replaces both or neither, and says of the old one that it was replaced", () => {
    const desk = new Desk().list();
    desk.place(1, "BUY", "100", "2");
    const told = desk.place(2, "BUY", "101", "1", { replaces: orderId(1) });
    assert.deepEqual(facts(told), ["CANCELLED 1: 0 0 2", "NEW 2: 0 1 0"]);
    assert.equal(told[0]?.reason, "replaced");
    assert.deepEqual(facts(desk.place(3, "BUY", "102", "1", { replaces: orderId(1) })), [
      "REJECTED 3: 0 0 1",
    ]);
  });

  it("cancels a session's orders and nobody else's, whatever they are called elsewhere", () => {
    const desk = new Desk().list();
    desk.place(1, "BUY", "100", "1", { sessionId: "s" });
    desk.place(2, "SELL", "110", "1", { sessionId: "s" });
    const told = desk.tell({ eventType: "SessionClosed", accountId: "buyer", sessionId: "s" });
    assert.deepEqual(facts(told), ["CANCELLED 1: 0 0 1"]);
    assert.equal(told.find(({ eventType }) => eventType === "CommandCompleted")?.ordersAffected, 1);
  });

  it("tells how a market comes to its band, pauses and resumes", () => {
    const desk = new Desk().list();
    const bands = { lowerPrice: "90", upperPrice: "110", limitStateMs: 1_000 };
    desk.tell({ eventType: "PriceBandsSet", symbol: "BTC-USD", ...bands });
    const statuses = (told: Told[]): unknown[] =>
      told.flatMap(({ eventType, status }) => (eventType === "MarketStatusChanged" ? [status] : []));
    assert.deepEqual(statuses(desk.place(1, "BUY", "110", "1")), ["LIMIT_STATE"]);
    desk.timeMs += 1_000;
    assert.deepEqual(statuses(desk.tell({ eventType: "TimeAdvanced" })), ["PAUSED"]);
    assert.equal(desk.place(2, "SELL", "110", "1")[0]?.reason, "symbol_halted");
    const resume = { eventType: "TradingResumed", symbol: "BTC-USD" };
    assert.deepEqual(statuses(desk.tell(resume)), ["LIMIT_STATE"], "the last word is what it is in");
    assert.deepEqual(statuses(desk.tell(resume)), [], "again: it stays in its limit state");
    const only = { symbol: "BTC-USD", cancelOnly: true };
    assert.ok(statuses(desk.tell({ eventType: "TradingHalted", ...only })).includes("CANCEL_ONLY"));
    assert.equal(desk.place(3, "SELL", "110", "1")[0]?.reason, "symbol_cancel_only");
  });

  describe("a command whose time passes an expiry finds what that has left", () => {
    /** `both` sells at 98 as soon as the bid at 101 has expired, which is due with the next command. */
    const dueDesk = (more: object): Desk => {
      const desk = new Desk().list();
      const expireAt = rfc3339(desk.timeMs + 1_000);
      desk.place(1, "BUY", "101", "1", { timeInForce: "GTD", expireAt });
      desk.place(2, "BUY", "99", "10", { accountId: "both" });
      desk.place(3, "BUY", "98", "10");
      const sleeps = { orderType: "STOP_LIMIT", stopPrice: "100", triggerBy: "BEST", accountId: "both" };
      desk.place(4, "SELL", "98", "3", { ...sleeps, ...more });
      desk.timeMs += 1_000;
      return desk;
    };

    it("amends to the quantity asked for, also where the expiry takes lots out of the order", () => {
      const told = dueDesk({ selfTradePrevention: "DECREMENT" }).tell({
        eventType: "OrderModified",
        orderId: orderId(2),
        accountId: "both",
        symbol: "BTC-USD",
        quantity: "20",
      });
      assert.deepEqual(facts(told), [
        "EXPIRED 1: 0 0 1",
        "TRIGGERED 4: 0 3 0",
        "CANCELLED 2: 0 7 3",
        "CANCELLED 4: 0 0 3",
        "REPLACED 2: 0 17 3",
      ]);
    });

    it("follows the position that the expiry's trades have made", () => {
      const desk = dueDesk({ selfTradePrevention: "EXPIRE_MAKER" });
      desk.tell({ eventType: "PositionFollowed", accountId: "both", symbol: "BTC-USD" });
      const reduce = { accountId: "both", reduceOnly: true };
      assert.deepEqual(facts(desk.place(5, "BUY", "90", "4", reduce)), ["REJECTED 5: 0 0 4"]);
      assert.deepEqual(facts(desk.place(6, "BUY", "90", "3", reduce)), ["NEW 6: 0 3 0"]);
    });

    it("is not refused before the expiry", () => {
      const told = dueDesk({}).place(2, "BUY", "99", "1", { symbol: "ETH-USD" });
      assert.equal(types(told)[0], "ExecutionReport EXPIRED");
      assert.equal(told.find(({ eventType }) => eventType === "CommandCompleted")?.reason, "unknown_symbol");
    });
  });

  it("goes on from a snapshot with the same bytes, whatever it keeps", () => {
    const desks = [new Desk().list(), new Desk().list()] as const;
    const act = (desk: Desk): void => {
      for (const accountId of ["buyer", "seller"])
        desk.tell({ eventType: "AccountGrouped", accountId, selfTradeGroup: "desk" });
      desk.place(1, "SELL", "100", "5", { selfTradePrevention: "TRANSFER", sessionId: "s" });
      desk.place(2, "BUY", "100", "2", { selfTradePrevention: "TRANSFER" });
      desk.place(3, "SELL", "101", "5", { orderType: "ICEBERG", displayQuantity: "1", accountId: "third" });
      desk.place(4, "BUY", "100", "1", stop("101", "110"));
      desk.place(5, "BUY", "99", "1", { orderType: "PEGGED", price: undefined, pegTo: "BEST" });
      desk.place(6, "SELL", "120", "1", { accountId: "third", groupOrderId: orderId(3), groupId: "c3" });
    };
    for (const desk of desks) act(desk);
    const [one, other] = desks;
    const restored = new MatchingProgram();
    restored.restore(other.program.snapshot());
    assert.deepEqual(restored.snapshot(), one.program.snapshot());
    assert.equal(restored.stateHash(), one.program.stateHash());
    other.program = restored;
    const next = (desk: Desk): Told[] => desk.place(7, "BUY", "102", "6", { accountId: "fourth" });
    const [expected, found] = [next(one), next(other)];
    assert.ok(types(expected).includes("ExecutionReport TRIGGERED"));
    assert.deepEqual(found, expected);
    assert.equal(other.program.stateHash(), one.program.stateHash());
  });
});
