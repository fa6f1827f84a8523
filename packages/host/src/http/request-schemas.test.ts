import assert from "node:assert/strict";
import { test } from "node:test";
import { Decimal, SideField } from "@bourse/contracts";
import { type TObject, type TSchema, Type } from "typebox";
import type { FieldError } from "../problem.ts";
import { compileRequestSchemas } from "./request-schemas.ts";

const Order = Type.Object({
  symbol: Type.String({ minLength: 1, maxLength: 8 }),
  side: SideField,
  price: Type.Optional(Decimal),
  quantity: Decimal,
  count: Type.Optional(Type.Integer({ minimum: 1, maximum: 5 })),
  flag: Type.Optional(Type.Boolean()),
});
const Batch = Type.Object({
  items: Type.Array(
    Type.Union([
      Type.Object({ action: Type.Literal("place"), order: Order }),
      Type.Object({ action: Type.Literal("cancel"), orderId: Type.String({ maxLength: 4 }) }),
    ]),
    { minItems: 1, maxItems: 3 },
  ),
});
const good = { symbol: "A", side: "BUY", quantity: "1.5" };

function schemasOf(parts: { body?: TSchema; query?: TObject; params?: TObject }) {
  return compileRequestSchemas({
    method: "POST",
    path: "/x",
    summary: "",
    access: "public",
    answers: {},
    handle: () => ({ status: 200, body: {} }),
    ...parts,
  });
}

function faultsOf(body: TSchema, value: unknown): readonly FieldError[] {
  const checked = schemasOf({ body }).body(Buffer.from(JSON.stringify(value)));
  assert.ok("refusal" in checked, "it was refused");
  assert.equal(checked.refusal.body.code, "validation_failed");
  return checked.refusal.body.errors ?? [];
}

const decimal = 'a decimal string such as "12.50", at most 40 characters';

const cases: readonly [string, unknown, FieldError][] = [
  ["missing", { symbol: "A", side: "BUY" }, { field: "quantity", given: "nothing", allowed: decimal }],
  [
    "a number for a decimal",
    { ...good, quantity: 1.5 },
    { field: "quantity", given: "1.5", allowed: decimal },
  ],
  ["an exponent", { ...good, quantity: "1e3" }, { field: "quantity", given: '"1e3"', allowed: decimal }],
  ["NaN as text", { ...good, quantity: "NaN" }, { field: "quantity", given: '"NaN"', allowed: decimal }],
  ["null", { ...good, quantity: null }, { field: "quantity", given: "null", allowed: decimal }],
  [
    "another enumeration value",
    { ...good, side: "HOLD" },
    { field: "side", given: '"HOLD"', allowed: "one of BUY, SELL" },
  ],
  [
    "too long",
    { ...good, symbol: "ABCDEFGHI" },
    { field: "symbol", given: '"ABCDEFGHI"', allowed: "at most 8 characters" },
  ],
  [
    "too short",
    { ...good, symbol: "" },
    { field: "symbol", given: '""', allowed: "text of 1 to 8 characters" },
  ],
  [
    "no integer",
    { ...good, count: 1.5 },
    { field: "count", given: "1.5", allowed: "an integer from 1 to 5" },
  ],
  [
    "a text where a number belongs",
    { ...good, count: "1" },
    { field: "count", given: '"1"', allowed: "an integer from 1 to 5" },
  ],
  [
    "above the maximum",
    { ...good, count: 6 },
    { field: "count", given: "6", allowed: "an integer from 1 to 5" },
  ],
  ["no boolean", { ...good, flag: "true" }, { field: "flag", given: '"true"', allowed: "true or false" }],
  [
    "an unknown field",
    { ...good, qty: "1" },
    {
      field: "qty",
      given: '"1"',
      allowed: "no such field; known fields: symbol, side, price, quantity, count, flag",
    },
  ],
  [
    "a list",
    [],
    { field: "body", given: "[]", allowed: "an object with symbol, side, price, quantity, count, flag" },
  ],
];

for (const [what, value, fault] of cases) {
  test(`${what} is named: ${fault.field}`, () => {
    assert.deepEqual(faultsOf(Order, value), [fault]);
  });
}

test("every wrong field is named once", () => {
  const faults = faultsOf(Order, { symbol: 1, side: 2, quantity: 3, price: "-", extra: 1 });
  assert.deepEqual(faults.map(({ field }) => field).sort(), ["extra", "price", "quantity", "side", "symbol"]);
});

test("a forty-digit number, a megabyte and a huge number of fields stay small in the answer", () => {
  const [digits] = faultsOf(Order, { ...good, quantity: "9".repeat(41) });
  assert.equal(digits?.allowed, "at most 40 characters");
  const [long] = faultsOf(Order, { ...good, symbol: "x".repeat(1_000_000) });
  assert.ok((long?.given.length ?? 0) <= 100);
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`f${index}`, 1]));
  assert.ok(faultsOf(Order, many).length <= 20);
});

test("items are addressed by place, and judged by the branch that their literal names", () => {
  const faults = faultsOf(Batch, {
    items: [
      { action: "place", order: { ...good, price: 5 } },
      { action: "cancel", orderId: "12345" },
      { action: "amend" },
    ],
  });
  assert.deepEqual(faults, [
    { field: "items[0].order.price", given: "5", allowed: decimal },
    { field: "items[1].orderId", given: '"12345"', allowed: "at most 4 characters" },
    { field: "items[2].action", given: '"amend"', allowed: "one of place, cancel" },
  ]);
  assert.deepEqual(faultsOf(Batch, { items: [{}] }), [
    { field: "items[0].action", given: "nothing", allowed: "one of place, cancel" },
  ]);
  assert.deepEqual(faultsOf(Batch, { items: [] }), [
    { field: "items", given: "[]", allowed: "a list of 1 to 3 items" },
  ]);
});

test("a union without a literal is described as a whole", () => {
  const body = Type.Object({ at: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]) });
  assert.deepEqual(faultsOf(body, { at: "x" }), [
    { field: "at", given: '"x"', allowed: "an integer of at least 0, or null" },
  ]);
});

test("an intersection is one object", () => {
  const body = Type.Intersect([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })]);
  assert.deepEqual(schemasOf({ body }).body(Buffer.from('{"a":"1","b":"2"}')), { value: { a: "1", b: "2" } });
  assert.deepEqual(
    faultsOf(body, { a: "1", b: "2", c: "3" }).map(({ field }) => field),
    ["c"],
  );
});

test("8,000 levels are refused by an open schema and by a closed one", () => {
  const deep = Buffer.from("[".repeat(8_000) + "]".repeat(8_000));
  const free = Buffer.from(`{"any":${deep.toString()}}`);
  for (const checked of [
    schemasOf({ body: Order }).body(deep),
    schemasOf({ body: Type.Object({ any: Type.Unknown() }) }).body(free),
    schemasOf({ body: Type.Unknown() }).body(deep),
  ]) {
    assert.ok("refusal" in checked);
    assert.match(checked.refusal.body.detail, /deeper than 64 levels/);
  }
});

test("a missing body is named", () => {
  for (const bytes of [undefined, Buffer.alloc(0)]) {
    const checked = schemasOf({ body: Order }).body(bytes);
    assert.ok("refusal" in checked);
    assert.equal(checked.refusal.body.errors?.[0]?.field, "body");
  }
});

test("defaults of a body and of a query are filled in", () => {
  const schema = Type.Object({ limit: Type.Integer({ default: 50 }) });
  assert.deepEqual(schemasOf({ body: schema }).body(Buffer.from("{}")), { value: { limit: 50 } });
  assert.deepEqual(schemasOf({ query: schema }).query({}), { value: { limit: 50 } });
});

test("a query is converted strictly", () => {
  const query = Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
    open: Type.Optional(Type.Boolean()),
    ids: Type.Optional(Type.Array(Type.Integer())),
    price: Type.Optional(Decimal),
  });
  const schemas = schemasOf({ query });
  assert.deepEqual(schemas.query({ limit: "7", open: "true", ids: ["1", "2"], price: "10" }), {
    value: { limit: 7, open: true, ids: [1, 2], price: "10" },
  });
  assert.deepEqual(schemas.query({ ids: "1" }), { value: { ids: [1] } });
  for (const limit of ["", "0x10", "1e2", " 5", "501", "-1", "1.5"]) {
    const checked = schemas.query({ limit });
    assert.ok("refusal" in checked, limit);
    assert.deepEqual(checked.refusal.body.errors, [
      {
        field: "limit",
        given: limit === "501" || limit === "-1" || limit === "1.5" ? limit : `"${limit}"`,
        allowed: "an integer from 1 to 500",
      },
    ]);
  }
  const twice = schemas.query({ limit: ["1", "2"] });
  assert.ok("refusal" in twice, "a parameter that is no list comes once");
});

test("an unknown query parameter is named, and NUL in a query or path refused", () => {
  const schemas = schemasOf({ params: Type.Object({ id: Type.String({ maxLength: 3 }) }) });
  const unknown = schemas.query({ x: "1" });
  assert.ok("refusal" in unknown);
  assert.deepEqual(unknown.refusal.body.errors, [
    { field: "x", given: '"1"', allowed: "no such field; known fields: none" },
  ]);
  const named = schemas.query(Object.fromEntries([["__proto__", "x"]]));
  assert.ok("refusal" in named, "__proto__ is not known either");
  assert.equal(named.refusal.body.errors?.[0]?.field, "__proto__");
  assert.ok("refusal" in schemas.query({ x: "\u0000" }));
  assert.equal(schemas.params({ id: "abc" }), null);
  assert.equal(schemas.params({ id: "abcd" })?.body.errors?.[0]?.allowed, "at most 3 characters");
  assert.match(schemas.params({ id: "\u0000" })?.body.detail ?? "", /NUL/);
});
