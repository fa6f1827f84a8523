import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "./options.ts";

test("a million operations in seven rounds, fewer when it is to be quick, and nonsense is refused", () => {
  assert.deepEqual(readOptions([]), {
    rounds: 7,
    operations: 1_000_000,
    heapCommands: 10_000_000,
    json: false,
  });
  assert.deepEqual(readOptions(["--quick", "--json", "--rounds", "1"]), {
    rounds: 1,
    operations: 200_000,
    heapCommands: 2_000_000,
    json: true,
  });
  assert.throws(
    () => readOptions(["--rounds", "many"]),
    /--rounds is "many"; allowed are whole numbers from 1 on/,
  );
  assert.throws(() => readOptions(["--operations", "0"]), /--operations is "0"/);
});
