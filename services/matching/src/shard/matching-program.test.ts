import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inOneTurn } from "@bourse/base";
import { rfc3339 } from "@bourse/contracts";
import { UnknownRulesError } from "@bourse/delivery";
import { Desk, orderId, type Told, types } from "../testing.ts";
import { MatchingProgram } from "./matching-program.ts";
import { decodeSteps } from "./program-snapshot.ts";

describe("matching", () => {
  it("tells a trade with both sides' cumulative facts and fees, makers first, the taker once", () => {
    const desk = new Desk().list();
    desk.place(1, "SELL", "100", "1");
    desk.place(2, "SELL", "101", "1");
    const told = desk.place(3, "BUY", "101", "3", { timeInForce: "IOC" });
    assert.deepEqual(types(told), [
      "ExecutionReport NEW",
      "TradeExecuted",
      "ExecutionReport TRADE",
      "TradeExecuted",
      "ExecutionReport TRADE",
      "ExecutionReport TRADE",
      "ExecutionReport CANCELLED",
      "BookChanged",
    ]);
    const second = told[3] as unknown as {
      buyer: Record<string, unknown>;
      seller: Record<string, unknown>;
      tradeId: string;
    };
    assert.equal(second.tradeId, "BTC-USD-2");
    assert.deepEqual(
      [
        second.buyer.fee,
        second.buyer.cumulativeQuantity,
        second.buyer.cumulativeNotional,
        second.buyer.cumulativeFee,
        second.buyer.leavesQuantity,
      ],
      ["0.0303", "2", "201", "0.0603", "1"],
    );
    assert.deepEqual([second.seller.fee, second.seller.done], ["0.0101", true]);
    const cancelled = told[6] as Told;
    assert.deepEqual(
      [
        cancelled.quantity,
        cancelled.cumulativeQuantity,
        cancelled.cancelledQuantity,
        cancelled.leavesQuantity,
        cancelled.orderStatus,
        cancelled.outcome,
      ],
      ["3", "2", "1", "0", "CANCELLED", false],
    );
    assert.deepEqual(told[7]?.changes, [
      ["SELL", "100", "0", 0],
      ["SELL", "101", "0", 0],
    ]);
  });

  it("gives every command exactly one outcome with its request id", () => {
    const desk = new Desk().list();
    const outcomes = (told: Told[]): unknown[] =>
      told
        .filter((event) => event.outcome === true || event.eventType === "CommandCompleted")
        .map((event) => event.requestId);
    assert.deepEqual(outcomes(desk.place(1, "BUY", "100", "1")), [orderId(1)]);
    assert.deepEqual(
      outcomes(
        desk.tell({
          eventType: "OrderModified",
          requestId: "a1",
          orderId: orderId(1),
          accountId: "buyer",
          symbol: "BTC-USD",
          quantity: "0.5",
        }),
      ),
      ["a1"],
    );
    assert.deepEqual(
      outcomes(
        desk.tell({
          eventType: "OrderCancelled",
          requestId: "x1",
          orderId: orderId(1),
          accountId: "buyer",
          symbol: "BTC-USD",
        }),
      ),
      ["x1"],
    );
    const late = desk.tell({
      eventType: "OrderCancelled",
      requestId: "x2",
      orderId: orderId(1),
      accountId: "buyer",
      symbol: "BTC-USD",
    });
    assert.deepEqual(outcomes(late), ["x2"]);
    assert.deepEqual(
      [late[0]?.accepted, late[0]?.reason, late[0]?.orderId],
      [false, "unknown_order", orderId(1)],
    );
    for (const eventType of ["MassCancelled", "AccountBlocked", "AccountUnblocked"]) {
      assert.deepEqual(outcomes(desk.tell({ eventType, requestId: eventType, accountId: "buyer" })), [
        eventType,
      ]);
    }
    for (const eventType of ["TradingHalted", "TradingResumed"]) {
      assert.deepEqual(outcomes(desk.tell({ eventType, requestId: eventType, symbol: "BTC-USD" })), [
        eventType,
      ]);
    }
    assert.deepEqual(outcomes(desk.tell({ eventType: "TimeAdvanced", requestId: "t1" })), ["t1"]);
    assert.deepEqual(
      outcomes(desk.tell({ eventType: "EngineVersionActivated", requestId: "v1", engineVersion: 1 })),
      ["v1"],
    );
  });

  it("rejects an order of a blocked account and cancels what it had", () => {
    const desk = new Desk().list();
    desk.place(1, "BUY", "100", "1");
    const told = desk.tell({ eventType: "AccountBlocked", requestId: "k1", accountId: "buyer" });
    assert.deepEqual(types(told), ["ExecutionReport CANCELLED", "CommandCompleted", "BookChanged"]);
    assert.equal(told[1]?.ordersAffected, 1);
    const rejected = desk.place(2, "BUY", "100", "1");
    assert.deepEqual(
      [rejected[0]?.execType, rejected[0]?.reason, rejected[0]?.cancelledQuantity],
      ["REJECTED", "account_blocked", "1"],
    );
  });

  it("expires what is due before the command that passes the time", () => {
    const desk = new Desk().list();
    desk.place(1, "BUY", "100", "1", { timeInForce: "GTD", expireAt: rfc3339(desk.timeMs + 1_000) });
    desk.timeMs += 1_000;
    assert.deepEqual(types(desk.place(2, "SELL", "100", "1")).slice(0, 2), [
      "ExecutionReport EXPIRED",
      "ExecutionReport NEW",
    ]);
  });

  it("refuses to run rules that it does not know", () => {
    assert.throws(
      () => new Desk().tell({ eventType: "EngineVersionActivated", engineVersion: 99 }),
      (error: unknown) =>
        error instanceof UnknownRulesError && /by version 99 of the engine/.test(error.message),
    );
  });

  it("takes orders up to the limits that were set last, also from a snapshot", () => {
    const desk = new Desk().list();
    const statusOf = (told: Told[]): unknown => told[0]?.reason ?? told[0]?.execType;
    assert.equal(statusOf(desk.place(1, "BUY", "1000000.01", "1")), "price_beyond_maximum");
    const limits = { symbol: "BTC-USD", maxPrice: "2000000", maxQuantity: "10" };
    assert.deepEqual(types(desk.tell({ eventType: "OrderLimitsSet", ...limits })), ["CommandCompleted"]);
    assert.equal(statusOf(desk.place(2, "SELL", "2000000", "10")), "NEW");
    assert.equal(statusOf(desk.place(3, "BUY", "1", "10.0001")), "quantity_beyond_maximum");
    const trailing = { orderType: "TRAILING_STOP", trailingOffset: "1500000", price: undefined };
    assert.equal(statusOf(desk.place(8, "BUY", "2000000", "1", trailing)), "NEW");
    desk.tell({ eventType: "MassCancelled", accountId: "buyer" });
    const restored = new MatchingProgram();
    restored.restore(desk.program.snapshot());
    desk.program = restored;
    assert.equal(statusOf(desk.place(4, "BUY", "2000000.01", "1")), "price_beyond_maximum");
    desk.tell({ eventType: "OrderLimitsSet", ...limits, maxPrice: "100" });
    desk.place(5, "SELL", "99", "1");
    assert.equal(statusOf(desk.place(6, "SELL", "101", "1")), "price_beyond_maximum");
    desk.tell({ eventType: "OrderLimitsSet", ...limits });
    const trades = desk
      .place(7, "BUY", "2000000", "10")
      .filter(({ eventType }) => eventType === "TradeExecuted");
    assert.deepEqual(
      trades.map(({ price }) => price),
      ["99", "2000000"],
      "an order beyond a lower limit stands",
    );
    const unknown = desk.tell({ eventType: "OrderLimitsSet", ...limits, symbol: "ETH-USD" });
    assert.equal(unknown[0]?.reason, "unknown_symbol");
  });

  it("goes on from a snapshot with the same bytes and the same state", () => {
    const [one, other] = [new Desk().list(), new Desk().list()];
    for (const desk of [one, other]) {
      desk.place(1, "SELL", "100", "2");
      desk.place(2, "BUY", "100", "0.5");
      desk.place(3, "BUY", "99", "4");
    }
    const restored = new MatchingProgram();
    restored.restore(other.program.snapshot());
    assert.deepEqual(restored.snapshot(), one.program.snapshot());
    other.program = restored;
    assert.deepEqual(other.place(4, "SELL", "99", "5"), one.place(4, "SELL", "99", "5"));
    assert.equal(other.program.stateHash(), one.program.stateHash());
  });

  it("forgets the sessions that no live order has, however they were numbered", () => {
    const sessions = ({ program }: Desk): readonly string[] =>
      inOneTurn(decodeSteps(program.snapshot())).sessions.all();
    const desk = new Desk().list();
    desk.place(1, "BUY", "1", "1", { sessionId: "first" });
    for (let n = 2; n <= 2_000; n++)
      desk.place(n, "BUY", "1", "1", { sessionId: `s${n}`, timeInForce: "IOC" });
    desk.place(2_001, "BUY", "1", "1", { sessionId: "last" });
    assert.equal(sessions(desk)[0], "buyer first", "it keeps its number");
    assert.ok(sessions(desk).length < 1_100, `${sessions(desk).length} are known`);
    const restored = new MatchingProgram();
    restored.restore(desk.program.snapshot());
    assert.deepEqual(restored.snapshot(), desk.program.snapshot());
    desk.program = restored;
    desk.place(2_002, "BUY", "1", "1", { sessionId: "next" });
    for (const [sessionId, ordersAffected] of Object.entries({ first: 1, s2: 0, last: 1, next: 1 })) {
      const told = desk.tell({ eventType: "SessionClosed", accountId: "buyer", sessionId });
      const completed = told.find(({ eventType }) => eventType === "CommandCompleted");
      assert.equal(completed?.ordersAffected, ordersAffected, sessionId);
    }
  });

  it("has a state hash of names, whatever numbers they have", () => {
    const hashOf = (...before: string[]): string => {
      const desk = new Desk().list();
      for (const sessionId of before)
        desk.tell({ eventType: "SessionClosed", accountId: "buyer", sessionId });
      desk.sequence = 10;
      desk.place(1, "BUY", "1", "1", { sessionId: "s" });
      return desk.program.stateHash();
    };
    assert.equal(hashOf("a", "b"), hashOf());
  });

  it("has a state hash that tells books, ids and cumulative facts apart, and not times", () => {
    const hashes = new Set<string>();
    for (const [n, price, quantity] of [
      [1, "100", "1"],
      [2, "100", "1"],
      [1, "101", "1"],
      [1, "100", "2"],
    ] as const) {
      const desk = new Desk().list();
      desk.place(n, "BUY", price, quantity);
      hashes.add(desk.program.stateHash());
    }
    assert.equal(hashes.size, 4);
    const later = new Desk();
    later.timeMs += 5_000;
    later.list().place(1, "BUY", "100", "1");
    assert.ok(hashes.has(later.program.stateHash()));
  });
});
