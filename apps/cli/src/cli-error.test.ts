import assert from "node:assert/strict";
import { test } from "node:test";
import { BusError } from "@bourse/bus";
import { StoreError } from "@bourse/store";
import { endOf } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

test("a database that a later version has brought forward ends as data of another version", () => {
  const message = "the data in schema order is from another version of the code";
  const error = new StoreError("schema_mismatch", message, { retryable: false });
  assert.deepEqual(endOf(error), { exitCode: EXIT.dataVersion, message });
});

test("an event log in a format of a later version ends likewise", () => {
  const message = "the event log has format 3, this version of Bourse reads format 2";
  const error = new BusError("bus_format", message, { retryable: false });
  assert.deepEqual(endOf(error), { exitCode: EXIT.dataVersion, message });
});
