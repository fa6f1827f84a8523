import assert from "node:assert/strict";
import { test } from "node:test";
import { newId } from "./machine.ts";

test("an id is 32 hex digits, and no two are alike, also where the pool is filled again", () => {
  const ids = Array.from({ length: 1_000 }, newId);
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
  // Halves too: an id that began where another ended would share one.
  const halves = ids.flatMap((id) => [id.slice(0, 16), id.slice(16)]);
  assert.equal(new Set(halves).size, 2_000);
});
