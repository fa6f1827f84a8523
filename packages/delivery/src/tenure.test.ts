import assert from "node:assert/strict";
import { test } from "node:test";
import { Tenure } from "./tenure.ts";

test("a tenure lasts from commit to commit", () => {
  const tenure = new Tenure();
  const first = tenure.enter();
  tenure.settled();
  assert.equal(tenure.enter(), first);
  tenure.settled();
  assert.equal(tenure.enter(), first);
});

test("a unit that is undone ends it, and says whether memory may be why", () => {
  const tenure = new Tenure();
  const first = tenure.enter();
  assert.equal(tenure.undone(), false);
  const second = tenure.enter();
  assert.notEqual(second, first);
  tenure.settled();
  // A unit that has not asked rests on nothing.
  assert.equal(tenure.undone(), false);
  assert.equal(tenure.enter(), second);
  assert.equal(tenure.undone(), true);
  assert.notEqual(tenure.enter(), second);
  assert.equal(tenure.undone(), false);
});

test("what a unit keeps that was under way as marks were read anew is nobody's", () => {
  const tenure = new Tenure();
  const first = tenure.enter();
  tenure.renew();
  tenure.settled();
  assert.notEqual(tenure.enter(), first);
});
