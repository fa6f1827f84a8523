import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "./sql.ts";
import { checkValue, columnReader, wireValue } from "./sql-value.ts";

test("values are written as PostgreSQL reads them", () => {
  assert.deepEqual(
    ["a", 1.5, 2n ** 80n, true, false, null].map((value) => wireValue(value, 1)),
    ["a", "1.5", "1208925819614629174706176", "t", "f", null],
  );
  assert.deepEqual(wireValue(new Uint8Array([1, 2]), 1), Buffer.from([1, 2]));
});

test("what text can't hold is refused, naming its place", () => {
  const refused = (message: RegExp) => ({
    name: "StoreError",
    code: "statement_failed",
    retryable: false,
    message,
  });
  assert.throws(() => wireValue("a\0b", 3), refused(/\$3 holds a NUL/));
  assert.throws(() => wireValue("\ud800", 2), refused(/\$2 holds half of a surrogate pair/));
  assert.throws(() => wireValue(Number.NaN, 1), refused(/\$1 is NaN/));
});

test("what is checked is what can be written", () => {
  for (const value of [undefined, Symbol("s"), Number.POSITIVE_INFINITY, "\udc00"] as never[])
    assert.throws(() => checkValue(value, 4), { code: "statement_failed", message: /\$4/ });
  for (const value of ["ü", 1, 1n, false, null, new Uint8Array(1)]) checkValue(value, 4);
});

test("whole int8 and numeric are bigint, other numeric stays text", () => {
  const [int8, numeric] = [columnReader(20), columnReader(1700)];
  assert.equal(int8("9223372036854775807"), 9223372036854775807n);
  assert.equal(numeric("99999999999999999999999999999999999999"), 10n ** 38n - 1n);
  for (const text of ["1.50", "NaN", "Infinity", "-Infinity"]) assert.equal(numeric(text), text);
});

test("a template numbers its values and keeps its text", () => {
  const at = (id: number) => sql`SELECT a FROM b WHERE c = ${id} AND d = ${"x"}`;
  assert.deepEqual(at(1), { text: "SELECT a FROM b WHERE c = $1 AND d = $2", values: [1, "x"] });
  assert.equal(at(1).text, at(2).text);
});
