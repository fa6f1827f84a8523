import assert from "node:assert/strict";
import { test } from "node:test";
import { wholeNumber } from "./index.ts";

test("a whole number within its bounds, both of them allowed", () => {
  assert.deepEqual(
    ["1", "100"].map((given) => wholeNumber("--rounds", given, { most: 100 })),
    [1, 100],
  );
  assert.equal(wholeNumber("--seed", "0", { least: 0 }), 0);
});

test("a number that is none, not whole or out of bounds is refused by its option's name", () => {
  for (const given of ["", " ", "0", "-1", "1.5", "101", "fast"])
    assert.throws(
      () => wholeNumber("--rounds", given, { most: 100 }),
      new RegExp(`^Error: --rounds is "${given}"; allowed are whole numbers from 1 to 100$`),
    );
  assert.throws(
    () => wholeNumber("--commands", "10", { least: 11 }),
    /^Error: --commands is "10"; allowed are whole numbers from 11 on$/,
  );
  assert.throws(() => wholeNumber("--commands", "9007199254740993"), /from 1 on/);
});
