import assert from "node:assert/strict";
import { test } from "node:test";
import { rfc3339 } from "./time.ts";

test("every time that a record may have can be written, also the one of a record without a time", () => {
  assert.equal(rfc3339(-1), "1969-12-31T23:59:59.999Z");
  assert.equal(rfc3339(1_795_000_000_123), "2026-11-18T11:06:40.123Z");
  assert.equal(rfc3339(1_795_000_000_123.9), "2026-11-18T11:06:40.123Z");
  assert.equal(rfc3339(253_402_300_800_000), "+010000-01-01T00:00:00.000Z");
  assert.equal(rfc3339(-62_167_219_200_001), "-000001-12-31T23:59:59.999Z");
  assert.equal(rfc3339(1_795_000_000_123_000_000), "+275760-09-13T00:00:00.000Z");
  assert.equal(rfc3339(-(2 ** 63)), "-271821-04-20T00:00:00.000Z");
});

test("what is no number is not written as the time before it", () => {
  assert.equal(rfc3339(0), "1970-01-01T00:00:00.000Z");
  assert.throws(() => rfc3339(Number.NaN), RangeError);
  assert.equal(rfc3339(0), "1970-01-01T00:00:00.000Z");
});
