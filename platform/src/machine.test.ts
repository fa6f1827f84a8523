import assert from "node:assert/strict";
import { test } from "node:test";
import { newId } from "./machine.ts";

test("an id is 32 hex digits, and no two are alike", () => {
  const ids = Array.from({ length: 1_000 }, newId);
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(new Set(ids).size, 1_000);
});
