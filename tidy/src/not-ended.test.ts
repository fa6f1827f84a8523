import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OpenTests } from "./not-ended.ts";

const GROUP = { name: "group", testId: 1, parentId: 0, line: 2 };
const INNER = { name: "inner", testId: 2, parentId: 1, line: 3 };
const TEST = { name: "test", testId: 3, parentId: 2, line: 4 };
const LATER = { name: "later", testId: 4, parentId: 2, line: 5 };

describe("what has not ended", () => {
  test("is the test that runs, by the names around it, and none that waits for its turn", () => {
    const open = new OpenTests();
    for (const place of [GROUP, INNER, TEST, LATER]) open.enqueued(place);
    for (const place of [GROUP, INNER, TEST]) open.began(place);
    assert.deepEqual(open.running(), ["line 4: group > inner > test"]);
    assert.equal(open.size, 4);
  });

  test("is the group, where it is between its tests or in a hook", () => {
    const open = new OpenTests();
    for (const place of [GROUP, INNER, TEST]) {
      open.enqueued(place);
      open.began(place);
    }
    open.ended(TEST);
    assert.deepEqual(open.running(), ["line 3: group > inner"]);
  });

  test("is each of those that run at once", () => {
    const open = new OpenTests();
    for (const place of [INNER, TEST, LATER]) {
      open.enqueued(place);
      open.began(place);
    }
    assert.deepEqual(open.running(), ["line 4: inner > test", "line 5: inner > later"]);
  });
});
