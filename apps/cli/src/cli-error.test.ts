import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreError } from "@bourse/store";
import { endOf } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

test("a database that a later version has brought forward ends as data of another version", () => {
  const message = "the data in schema order is from another version of the code";
  const error = new StoreError("schema_mismatch", message, { retryable: false });
  assert.deepEqual(endOf(error), { exitCode: EXIT.dataVersion, message });
});
