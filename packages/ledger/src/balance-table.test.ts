import assert from "node:assert/strict";
import { test } from "node:test";
import { BalanceTable } from "./balance-table.ts";

test("balances of one account are told apart by asset, those of one asset by account", () => {
  const rows = new BalanceTable<string>();
  const keys = ["a", "b"].flatMap((accountId) => ["X", "Y"].map((asset) => ({ accountId, asset })));
  for (const at of keys) rows.set(at, `${at.accountId}${at.asset}`);
  rows.set({ accountId: "a", asset: "X" }, "again");
  rows.delete({ accountId: "b", asset: "Y" });
  assert.deepEqual(
    keys.map((at) => rows.get(at)),
    ["again", "aY", "bX", undefined],
  );
  assert.equal(rows.size, 3);
});
