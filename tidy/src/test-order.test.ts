import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ROOT } from "./repository.ts";
import { findTests } from "./test-files.ts";
import { inRunningOrder, LANES, LONG_FILES, takeNext } from "./test-order.ts";

const SERVERS: readonly string[] = ["a.int.test.ts", "b.int.test.ts"];
const UNIT: readonly string[] = ["c.test.ts"];

describe("the order of test files", () => {
  test("knows long files that exist", () => {
    const found = findTests(ROOT);
    assert.deepEqual(
      LONG_FILES.filter((file) => !found.includes(file)),
      [],
    );
  });

  test("loses none, and begins with the long ones", () => {
    const files = findTests(ROOT);
    const ordered = inRunningOrder(files);
    assert.deepEqual(ordered.toSorted(), files);
    assert.deepEqual(ordered.slice(0, LONG_FILES.length), LONG_FILES);
    assert.deepEqual(inRunningOrder(["b.test.ts", "a.test.ts"]), ["b.test.ts", "a.test.ts"]);
  });
});

describe("a lane", () => {
  test("takes the first file of the suite that it names first, then of the next", () => {
    const waiting = [...UNIT, ...SERVERS];
    const taken = [...SERVERS, ...UNIT].map(() => takeNext(waiting, ["int", "unit"]));
    assert.deepEqual(taken, [...SERVERS, ...UNIT]);
    assert.equal(takeNext(waiting, ["int", "unit"]), undefined);
  });

  test("leaves what it does not name to others, and every suite has one", () => {
    const waiting: string[] = [...UNIT];
    assert.equal(takeNext(waiting, ["int"]), undefined);
    assert.deepEqual(waiting, UNIT);
    for (const file of ["a.crash.test.ts", "a.secure.test.ts", ...SERVERS, ...UNIT])
      assert.ok(
        LANES.some((lane) => takeNext([file], lane) === file),
        file,
      );
  });
});
