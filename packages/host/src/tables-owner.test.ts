import assert from "node:assert/strict";
import { test } from "node:test";
import { tablesOwner } from "./tables-owner.ts";

test("tables are a service's own, or those of its scope", () => {
  assert.equal(tablesOwner({ name: "order" }), "order");
  const name = "trade-processor";
  assert.equal(tablesOwner({ name, scope: "load.trade-events" }), "trade-processor-load-trade-events");
});
