import assert from "node:assert/strict";
import { test } from "node:test";
import { body, orderTest, rowsOf } from "./testing.ts";

/** Each field of an order, wrong in each way: what is changed, the status, the field that is named. */
const GTD = { timeInForce: "GTD" };
const MILLION = "9".repeat(1_000_000);
const cases: readonly [
  name: string,
  changes: Record<string, unknown>,
  status: number,
  field: string,
  code?: string,
][] = [
  ...["symbol", "side", "orderType", "quantity"].map(
    (field): [string, Record<string, unknown>, number, string] => [
      `${field} missing`,
      { [field]: undefined },
      400,
      field,
    ],
  ),
  ["price missing", { price: undefined }, 422, "price", "order_terms_invalid"],
  ["client order id missing", { clientOrderId: undefined }, 400, "clientOrderId", "idempotency_key_required"],
  ["account missing", { accountId: undefined }, 400, "accountId"],
  ...[
    "accountId",
    "symbol",
    "side",
    "orderType",
    "timeInForce",
    "quantity",
    "price",
    "clientOrderId",
    "postOnly",
    "expireAt",
    "botId",
    "remark",
  ].flatMap((field): [string, Record<string, unknown>, number, string][] => [
    [`${field} of a wrong type`, { [field]: 7 }, 400, field],
    [`${field} null`, { [field]: null }, 400, field],
    [`${field} an object`, { [field]: { a: 1 } }, 400, field],
  ]),
  ...["quantity", "price"].flatMap((field): [string, Record<string, unknown>, number, string][] =>
    ["1e3", "NaN", "Infinity", "", " 1", "01", "+1", ".5", "1.", "0x10", "1,5", "1".repeat(41)].map(
      (given) => [`${field} ${JSON.stringify(given.slice(0, 8))}`, { [field]: given }, 400, field],
    ),
  ),
  ["price zero", { price: "0" }, 422, "price", "off_tick"],
  ["price negative", { price: "-1" }, 422, "price", "off_tick"],
  ["price off tick", { price: "60000.01" }, 422, "price", "off_tick"],
  ["price above the maximum", { price: "1000000.05" }, 422, "price", "off_tick"],
  ["price of 40 digits", { price: "1".repeat(40) }, 422, "price", "off_tick"],
  ["quantity zero", { quantity: "0" }, 422, "quantity", "off_lot"],
  ["quantity minus zero", { quantity: "-0" }, 422, "quantity", "off_lot"],
  ["quantity negative", { quantity: "-0.5" }, 422, "quantity", "off_lot"],
  ["quantity off lot", { quantity: "0.00005" }, 422, "quantity", "off_lot"],
  ["quantity above the maximum", { quantity: "1000.0001" }, 422, "quantity", "off_lot"],
  ["quantity of 40 digits", { quantity: "9".repeat(40) }, 422, "quantity", "off_lot"],
  ["symbol unknown", { symbol: "ETH-USD" }, 422, "symbol", "unknown_symbol"],
  ["symbol in small letters", { symbol: "btc-usd" }, 400, "symbol"],
  ["side unknown", { side: "HOLD" }, 400, "side"],
  ["order type unknown", { orderType: "STOP" }, 400, "orderType"],
  ["time in force unknown", { timeInForce: "FOREVER" }, 400, "timeInForce"],
  ["a field that does not exist", { colour: "red" }, 400, "colour"],
  [
    "price of a market order",
    { orderType: "MARKET", timeInForce: "IOC" },
    422,
    "price",
    "order_terms_invalid",
  ],
  [
    "a market order that rests",
    { orderType: "MARKET", price: undefined, timeInForce: "GTC" },
    422,
    "timeInForce",
    "order_terms_invalid",
  ],
  [
    "post-only that may not rest",
    { postOnly: true, timeInForce: "IOC" },
    422,
    "postOnly",
    "order_terms_invalid",
  ],
  ["GTD without a time", GTD, 422, "expireAt", "order_terms_invalid"],
  ["GTD in the past", { ...GTD, expireAt: "2020-01-01T00:00:00Z" }, 422, "expireAt", "order_terms_invalid"],
  [
    "GTD in the year 9999",
    { ...GTD, expireAt: "9999-01-01T00:00:00Z" },
    422,
    "expireAt",
    "order_terms_invalid",
  ],
  ["GTD on no day", { ...GTD, expireAt: "2030-13-01T00:00:00Z" }, 400, "expireAt"],
  ["GTD on the 30th of February", { ...GTD, expireAt: "2026-02-30T00:00:00Z" }, 400, "expireAt"],
  ["GTD at 24 o'clock", { ...GTD, expireAt: "2026-02-01T24:00:00Z" }, 400, "expireAt"],
  ["a time for GTC", { expireAt: "2030-01-01T00:00:00Z" }, 422, "expireAt", "order_terms_invalid"],
  ["half of a surrogate pair", { remark: "\ud800" }, 400, "remark", "malformed_json"],
  ["a remark of 257 characters", { remark: "x".repeat(257) }, 400, "remark"],
  ["a client order id with spaces", { clientOrderId: "a b" }, 400, "clientOrderId"],
];

test("each field wrong in each way: named, with what was given and what is allowed, and nothing changes", async (t) => {
  const order = await orderTest(t);
  for (const [name, changes, status, field, code = "validation_failed"] of cases) {
    const answer = await order.post(body(changes));
    assert.equal(answer.status, status, name);
    assert.match(answer.headers["content-type"] ?? "", /^application\/problem\+json/, name);
    assert.equal(answer.body.code, code, name);
    const fault = answer.body.errors.find((each: { field: string }) => each.field === field);
    assert.ok(fault, `${name}: ${JSON.stringify(answer.body.errors)}`);
    assert.ok(fault.allowed.length > 0, name);
    assert.equal(typeof fault.given, "string", name);
  }
  assert.equal(await rowsOf(order, "orders"), 0);
  assert.deepEqual(order.wallet.calls, []);
  assert.deepEqual(order.risk.calls, []);
});

test("a string of a megabyte in any field is too large", async (t) => {
  const order = await orderTest(t);
  for (const field of ["symbol", "quantity", "price", "clientOrderId", "remark"]) {
    const answer = await order.post(body({ [field]: MILLION }));
    assert.equal(answer.status, 413, field);
    assert.equal(answer.body.code, "body_too_large");
  }
  // A batch may be that large: there the field is named.
  for (const field of ["quantity", "remark"]) {
    const answer = await order.batch([{ action: "PLACE", ...body({ [field]: MILLION }) }]);
    assert.equal(answer.status, 400, field);
    assert.equal(answer.body.errors[0].field, `items[0].${field}`);
    assert.ok(answer.body.errors[0].given.length <= 102);
  }
  assert.equal(await rowsOf(order, "orders"), 0);
});

test("every fault of an order is named at once", async (t) => {
  const order = await orderTest(t);
  const answer = await order.post(
    body({ price: "0.01", quantity: "0.00001", postOnly: true, timeInForce: "FOK" }),
  );
  assert.equal(answer.status, 422);
  assert.deepEqual(
    answer.body.errors.map(({ field }: { field: string }) => field),
    ["quantity", "price", "postOnly"],
  );
});
