import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  applyFact,
  type OrderCopy,
  type OrderFact,
  type OrderRecord,
  type TradeRecord,
  unknownOrder,
} from "./order-copy.ts";

const ORDER = "a".repeat(32);
const created: OrderFact = {
  kind: "created",
  orderId: ORDER,
  clientId: "alice",
  remark: "hedge",
  qty: "10.0",
  price: "100.50",
};
const report = (
  engineSequence: number,
  cumulative: string,
  leaves: string,
  more: { readonly price?: string; readonly ended?: string } = {},
): OrderFact => ({
  kind: "report",
  orderId: ORDER,
  engineSequence,
  cumulative,
  leaves,
  price: more.price ?? "100.5",
  ended: more.ended ?? null,
});
const trade = (engineSequence: number, qty: string, cumulative: string): OrderFact => ({
  kind: "trade",
  orderId: ORDER,
  engineSequence,
  tradeId: `T-${engineSequence}`,
  qty,
  price: "100",
  cumulative,
});

interface Told {
  readonly feed: "orders" | "trades";
  readonly record: OrderRecord | TradeRecord;
}

function told(
  facts: readonly OrderFact[],
  before: OrderCopy = unknownOrder(ORDER),
): { copy: OrderCopy; records: readonly Told[] } {
  let copy = before;
  const records: Told[] = [];
  const feeds = {
    tellOrder: (record: OrderRecord) => void records.push({ feed: "orders", record }),
    tellTrade: (record: TradeRecord) => void records.push({ feed: "trades", record }),
  };
  for (const fact of facts) copy = applyFact(copy, fact, feeds);
  return { copy, records };
}

const own = { client_id: "alice", order_id: ORDER };
const accepted = { feed: "orders", record: { ...own, qty: "10", price: "100.5", remark: "hedge" } };

describe("the copy of an order", () => {
  it("is told when it comes; an acceptance by the engine changes nothing", () => {
    assert.deepEqual(told([created, report(1, "0", "10")]).records, [accepted]);
  });

  it("is told again as it is amended, and as it ends with the reason", () => {
    const { records } = told([
      created,
      report(1, "0", "10"),
      report(2, "0", "8", { price: "101" }),
      report(5, "3", "0", { price: "101", ended: "CANCELLED: user_request" }),
    ]);
    assert.deepEqual(records, [
      accepted,
      { feed: "orders", record: { ...own, qty: "8", price: "101", remark: "hedge" } },
      { feed: "orders", record: { ...own, qty: "3", price: "101", remark: "CANCELLED: user_request" } },
    ]);
  });

  it("is told at the smallest tick and lot that an instrument can have", () => {
    const smallest = "0.0000000000000000001";
    const { records } = told([
      { ...created, qty: smallest, price: `${smallest}0` },
      report(2, "0", "2.0000000000000000001", { price: "1.0000000000000000001" }),
      trade(3, smallest, smallest),
    ]);
    assert.deepEqual(
      records.map(({ record: { qty, price } }) => [qty, price]),
      [
        [smallest, smallest],
        ["2.0000000000000000001", "1.0000000000000000001"],
        [smallest, "100"],
      ],
    );
  });

  it("has its trades told with what is filled after each", () => {
    const { records } = told([created, trade(2, "4", "4"), report(3, "4", "6"), trade(4, "6.0", "10")]);
    const fill = { ...own, price: "100", remark: "hedge" };
    assert.deepEqual(records.slice(1), [
      { feed: "trades", record: { ...fill, qty: "4", trade_id: "T-2", partial_filled_qty: "4" } },
      { feed: "trades", record: { ...fill, qty: "6", trade_id: "T-4", partial_filled_qty: "10" } },
    ]);
  });

  it("tells the same records whichever topic is ahead (R7)", () => {
    const engine = [report(1, "0", "10"), report(4, "4", "0", { ended: "EXPIRED" })];
    const trades = [trade(2, "1", "1"), trade(3, "3", "4")];
    const wanted = told([created, ...engine, ...trades]);
    const byFeed = (records: readonly Told[]): object => Object.groupBy(records, ({ feed }) => feed);
    for (const order of [
      [...engine, ...trades, created],
      [...trades, created, ...engine],
      [trades[0], engine[0], engine[1], created, trades[1]],
    ]) {
      const other = told(order.filter((fact) => fact !== undefined));
      assert.deepEqual(byFeed(other.records), byFeed(wanted.records));
      assert.deepEqual(other.copy, wanted.copy);
    }
  });

  it("keeps nothing of a trade, nor of a report without news", () => {
    const { copy } = told([created]);
    for (const fact of [report(1, "0", "10"), report(2, "4.0", "6"), trade(3, "4", "4")])
      assert.equal(told([fact], copy).copy, copy);
    assert.notEqual(told([report(4, "4", "5")], copy).copy, copy);
  });

  it("tells plain decimals, whatever form they came in", () => {
    for (const [given, wanted] of [
      ["10", "10"],
      ["10.0", "10"],
      ["0.50", "0.5"],
      ["0.05", "0.05"],
      ["123456789012345678900.10", "123456789012345678900.1"],
      ["0.000000000000000001", "0.000000000000000001"],
    ] as const) {
      const { records } = told([{ ...created, qty: given }, trade(2, given, given)]);
      assert.equal(records[0]?.record.qty, wanted);
      assert.deepEqual(records[1]?.record, {
        ...own,
        qty: wanted,
        price: "100",
        remark: "hedge",
        trade_id: "T-2",
        partial_filled_qty: wanted,
      });
    }
  });

  it("takes no notice of an older report that comes late", () => {
    const { records, copy } = told([created, report(5, "0", "8"), report(3, "0", "9")]);
    assert.equal(records.length, 2);
    assert.equal(copy.qty, "8");
  });
});
