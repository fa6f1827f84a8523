import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { attemptsOf, isOpenQuestion } from "./attempts.ts";
import type { JournalEntry, OrderFacts, Outcome, PlacedTerms, Wish } from "./entries.ts";
import { moneyFaults } from "./money.ts";
import { orderIdOf } from "./order-id.ts";
import { type Reconciliation, reconcile, type TradeFacts } from "./reconcile.ts";

const CREATED_AT = "2026-11-21T09:30:00.000Z";

function terms(clientOrderId: string, more: Partial<PlacedTerms> = {}): PlacedTerms {
  return {
    accountId: clientOrderId.startsWith("b") ? "buyer" : "seller",
    clientOrderId,
    symbol: "BTC-USD",
    side: clientOrderId.startsWith("b") ? "BUY" : "SELL",
    orderType: "LIMIT",
    timeInForce: "GTC",
    quantity: "2",
    price: "100",
    ...more,
  };
}

function order(of: PlacedTerms, more: Partial<OrderFacts> = {}): OrderFacts {
  return {
    ...of,
    orderId: `id-${of.clientOrderId}`,
    status: "CANCELLED",
    filledQuantity: "0",
    leavesQuantity: "0",
    cancelledQuantity: of.quantity,
    filledNotional: "0",
    fee: "0",
    createdAt: CREATED_AT,
    ...more,
  };
}

/** What is shown of an id that was given up before its order came. */
function tombstone({ accountId, clientOrderId }: PlacedTerms): OrderFacts {
  const none = {
    filledQuantity: "0",
    leavesQuantity: "0",
    cancelledQuantity: "0",
    filledNotional: "0",
    fee: "0",
  };
  const reason = "cancelled_before_placement";
  const orderId = `id-${clientOrderId}`;
  return { orderId, accountId, clientOrderId, status: "REJECTED", ...none, reason, createdAt: CREATED_AT };
}

const filled = { status: "FILLED", filledQuantity: "2", cancelledQuantity: "0", filledNotional: "200" };
const created = (facts: OrderFacts): Outcome => ({ kind: "answered", status: 201, order: facts });
const refused = (status: number, code: string): Outcome => ({ kind: "answered", status, code });
const silence: Outcome = { kind: "silence", why: "timeout" };

function journalOf(...lines: readonly (readonly [Wish, Outcome | null])[]): readonly JournalEntry[] {
  return lines.flatMap(([wish, outcome], index): JournalEntry[] => [
    { request: index + 1, atMs: 0, wish },
    ...(outcome === null ? [] : [{ answerTo: index + 1, atMs: 0, outcome }]),
  ]);
}

const placed = (of: PlacedTerms, outcome: Outcome | null): readonly [Wish, Outcome | null] => [
  { kind: "place", terms: of },
  outcome,
];

function trade(tradeId: string, more: Partial<TradeFacts> = {}): TradeFacts {
  return {
    tradeId,
    symbol: "BTC-USD",
    quantity: "2",
    notional: "200",
    buyer: { orderId: "id-b1", accountId: "buyer", fee: "0.2" },
    seller: { orderId: "id-s1", accountId: "seller", fee: "0.1" },
    ...more,
  };
}

/** A buy and a sell that met: the world as it should be. */
const b1 = terms("b1");
const s1 = terms("s1");
const bought = order(b1, { ...filled, fee: "0.2" });
const sold = order(s1, { ...filled, fee: "0.1" });
const bothPlaced = [
  placed(b1, created(order(b1, { status: "PENDING", cancelledQuantity: "0" }))),
  placed(s1, silence),
] as const;

function check(
  lines: readonly (readonly [Wish, Outcome | null])[],
  orders: readonly OrderFacts[],
  trades: readonly TradeFacts[] = [],
): Reconciliation {
  return reconcile(attemptsOf(journalOf(...lines)), { orders, trades });
}

function oneFault(report: Reconciliation, expected: RegExp): void {
  assert.ok(report.violations.length > 0, "a fault was planted");
  assert.match(report.violations.join("\n"), expected);
}

describe("what is as it should be", () => {
  test("an acknowledged order that traded, an unknown one that was made, one that never was", () => {
    const given = terms("s9");
    const report = check(
      [...bothPlaced, placed(given, null), placed(terms("s8"), refused(503, "engine_lag"))],
      [bought, sold, tombstone(given)],
      [trade("t1")],
    );
    assert.deepEqual(report.violations, []);
    assert.deepEqual(report.requests, { acknowledged: 1, refused: 0, notDone: 1, unknown: 2 });
    assert.equal(report.unknownMade, 1);
    assert.equal(report.unknownGivenUp, 1);
  });

  test("an orphan that was given up is known by its id alone", () => {
    const { clientOrderId: _, ...orphan } = tombstone(b1);
    const report = check([placed(b1, silence)], [{ ...orphan, orderId: orderIdOf("buyer", "b1") }]);
    assert.deepEqual(report.violations, []);
    assert.equal(report.unknownGivenUp, 1);
  });

  test("a refused order may be stored as REJECTED or not at all", () => {
    const poor = refused(422, "insufficient_funds");
    const report = check(
      [placed(b1, poor), placed(terms("b2"), poor)],
      [order(b1, { status: "REJECTED", cancelledQuantity: "2" })],
    );
    assert.deepEqual(report.violations, []);
  });

  test("an amended quantity is one of those that were asked for", () => {
    const amend: Wish = { kind: "amend", clientOrderId: "b1", orderId: "id-b1", quantity: "3" };
    const lines = [
      placed(b1, created(order(b1, { cancelledQuantity: "0" }))),
      [amend, refused(202, "")] as const,
    ];
    const changed = order(b1, { quantity: "3", cancelledQuantity: "3" });
    assert.deepEqual(check(lines, [changed]).violations, []);
    oneFault(check(lines, [{ ...changed, quantity: "4", cancelledQuantity: "4" }]), /never asked for/);
  });

  test("only what nobody acknowledged is an open question", () => {
    const attempts = attemptsOf(
      journalOf(
        placed(b1, silence),
        placed(b1, created(bought)),
        placed(s1, refused(503, "outcome_unknown")),
        placed(terms("s2"), refused(503, "engine_lag")),
        placed(terms("s3"), null),
      ),
    );
    const open = [...attempts].filter(([, each]) => isOpenQuestion(each)).map(([id]) => id);
    assert.deepEqual(open, ["s1", "s3"]);
  });
});

describe("a planted fault is found", () => {
  test("a lost order", () => oneFault(check(bothPlaced, [sold], []), /b1: it was acknowledged and is not/));
  test("a doubled fill", () => {
    const twice = [trade("t1"), trade("t2")];
    oneFault(check(bothPlaced, [bought, sold], twice), /b1: filled 2, its trades make 4/);
  });
  test("a trade that was executed twice", () =>
    oneFault(check(bothPlaced, [bought, sold], [trade("t1"), trade("t1")]), /t1 was executed twice/));
  test("a lost fill", () => oneFault(check(bothPlaced, [bought, sold]), /filled 2, its trades make 0/));
  test("a filled 422", () =>
    oneFault(
      check(
        [placed(b1, refused(422, "insufficient_funds")), placed(s1, silence)],
        [bought, sold],
        [trade("t1")],
      ),
      /b1: it was answered "422 insufficient_funds" and is FILLED/,
    ));
  test("a 422 that trades though its row says REJECTED", () =>
    oneFault(
      check(
        [placed(b1, refused(422, "insufficient_funds")), placed(s1, silence)],
        [{ ...bought, status: "REJECTED" }, sold],
        [trade("t1")],
      ),
      /REJECTED and has traded/,
    ));
  test("an order behind a 503 that held nothing", () =>
    oneFault(
      check([placed(b1, refused(503, "engine_lag"))], [order(b1)]),
      /503 engine_lag" and is CANCELLED/,
    ));
  test("an unknown that nobody has decided", () =>
    oneFault(check([placed(b1, silence)], []), /no tombstone keeps it/));
  test("an acknowledged order that was given up", () =>
    oneFault(
      check([placed(b1, created(bought))], [order(b1, { status: "REJECTED" })]),
      /acknowledged and is REJECTED/,
    ));
  test("another order id than was answered", () =>
    oneFault(
      check([placed(b1, created({ ...bought, orderId: "x" }))], [bought], []),
      /orderId was answered x/,
    ));
  test("a fill that went back", () =>
    oneFault(check([placed(b1, created(bought))], [order(b1)]), /filledQuantity was answered 2 and is 0/));
  test("two answers to one key", () =>
    oneFault(
      check([placed(b1, created(order(b1))), placed(b1, refused(422, "insufficient_funds"))], [order(b1)]),
      /two answers: 201, 422/,
    ));
  test("two orders of one key", () =>
    oneFault(check([placed(b1, silence)], [order(b1), order(b1)]), /two orders/));
  test("other terms", () =>
    oneFault(check([placed(b1, silence)], [order(b1, { side: "SELL" })]), /side was asked as BUY/));
  test("an order that nobody asked for", () => oneFault(check([], [bought], []), /nobody asked for it/));
  test("a trade of an order that is in no table", () =>
    oneFault(check([placed(b1, silence)], [order(b1)], [trade("t1")]), /id-s1 traded and is in no table/));
  test("an order that stays open", () =>
    oneFault(
      check([placed(b1, silence)], [order(b1, { leavesQuantity: "2", cancelledQuantity: "0" })]),
      /still open/,
    ));
});

describe("money", () => {
  const deposits = [
    { accountId: "buyer", asset: "USD", amount: "1000" },
    { accountId: "seller", asset: "BTC", amount: "10" },
  ];
  const balances = [
    { accountId: "buyer", asset: "USD", total: "799.8", held: "0" },
    { accountId: "buyer", asset: "BTC", total: "2", held: "0" },
    { accountId: "seller", asset: "USD", total: "199.9", held: "0" },
    { accountId: "seller", asset: "BTC", total: "8", held: "0" },
  ];
  const faults = (changed: readonly (typeof balances)[number][], trades = [trade("t1")]) =>
    moneyFaults({ deposits, trades, balances: changed });

  test("is deposits and trades", () => assert.deepEqual(faults(balances), []));
  test("a settlement that was booked twice is found", () => {
    const twice = balances.map((each) =>
      each.accountId === "buyer" && each.asset === "USD" ? { ...each, total: "599.6" } : each,
    );
    assert.deepEqual(faults(twice), ["buyer USD: owns 599.6, deposits and trades make 799.8"]);
  });
  test("a settlement that is missing is found", () =>
    assert.equal(faults(balances, []).length, balances.length));
  test("a balance that is missing is found", () =>
    assert.deepEqual(faults(balances.slice(1)), [
      "buyer USD: there is no balance, deposits and trades make 799.8",
    ]));
  test("a hold that nothing needs is found", () =>
    assert.deepEqual(faults(balances.map((each, index) => (index === 0 ? { ...each, held: "5" } : each))), [
      "buyer USD: 5 are held, and no order is open",
    ]));
});
