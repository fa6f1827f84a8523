import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentIds } from "./recent-ids.ts";

test("the last ids are known, and no more than twice as many", () => {
  const recent = new RecentIds(3);
  for (let id = 0; id < 10; id++) recent.add(`id-${id}`);
  const known = Array.from({ length: 10 }, (_, id) => id).filter((id) => recent.has(`id-${id}`));
  assert.deepEqual(known, [6, 7, 8, 9]);
  assert.ok(!new RecentIds(3).has("id-0"));
});
