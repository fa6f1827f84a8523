import assert from "node:assert/strict";
import { test } from "node:test";
import { InvariantError } from "@bourse/base";
import { amountArray, amountText, sqlArray } from "./sql-array.ts";

test("numbers, flags and NULL are written bare, text is always quoted", () => {
  assert.equal(sqlArray([]), "{}");
  assert.equal(sqlArray([1n, -2n, 0n]), "{1,-2,0}");
  assert.equal(sqlArray([1, -0.5, null]), "{1,-0.5,NULL}");
  assert.equal(sqlArray([true, false]), "{t,f}");
  assert.equal(sqlArray(["", "NULL", "a,b", "{}"]), '{"","NULL","a,b","{}"}');
  assert.equal(sqlArray(["", "NULL", "a,b", "{}", null]), '{"","NULL","a,b","{}",NULL}');
});

test("quotes and backslashes are escaped", () => {
  assert.equal(sqlArray(['say "x"', "back\\slash", '\\"']), '{"say \\"x\\"","back\\\\slash","\\\\\\""}');
  assert.equal(sqlArray([new Uint8Array([0, 255])]), '{"\\\\x00ff"}');
});

test("a number that is not finite is refused", () => {
  assert.throws(() => sqlArray([Number.NaN]), InvariantError);
  assert.throws(() => sqlArray([Number.POSITIVE_INFINITY]), InvariantError);
});

test("an amount has at most 38 digits (R9)", () => {
  const pattern = /^-?(0|[1-9][0-9]{0,37})$/;
  for (const amount of [0n, -1n, 10n ** 38n - 1n, 1n - 10n ** 38n]) assert.match(amountText(amount), pattern);
  assert.throws(() => amountText(10n ** 38n), InvariantError);
  assert.throws(() => amountArray([1n, -(10n ** 38n)]), InvariantError);
  assert.equal(amountArray([1n, -2n]), "{1,-2}");
});
