import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTime, rfc3339 } from "./time.ts";

test("a time of RFC 3339 is read, by its zone and to its millisecond", () => {
  for (const [text, time] of [
    ["2026-11-21T09:30:00Z", "2026-11-21T09:30:00.000Z"],
    ["2026-11-21T09:30:00.5Z", "2026-11-21T09:30:00.500Z"],
    ["2026-11-21T09:30:00.123456789Z", "2026-11-21T09:30:00.123Z"],
    ["2026-11-21T00:30:00+02:00", "2026-11-20T22:30:00.000Z"],
    ["2024-02-29T23:59:59.999-23:59", "2024-03-01T23:58:59.999Z"],
  ] as const)
    assert.equal(rfc3339(parseTime(text)), time, text);
});

test("what is none, or is not there, is not a time", () => {
  for (const text of [
    "",
    "yesterday",
    "2026-11-21",
    "2026-11-21T09:30:00",
    "2026-11-21T09:30Z",
    "2026-11-21 09:30:00Z",
    " 2026-11-21T09:30:00Z",
    "2026-11-21T09:30:00Z\n",
    "2026-11-21T09:30:00.Z",
    "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-02-30T00:00:00.000Z",
    "2026-04-31T10:00:00+02:00",
    "2026-02-03T24:00:00Z",
    "2026-02-03T23:59:60Z",
    "2026-02-03T10:00:00+24:00",
  ])
    assert.ok(Number.isNaN(parseTime(text)), JSON.stringify(text));
});

test("every time that a record may have can be written, also the one of a record without a time", () => {
  assert.equal(rfc3339(-1), "1969-12-31T23:59:59.999Z");
  assert.equal(rfc3339(1_795_000_000_123), "2026-11-18T11:06:40.123Z");
  assert.equal(rfc3339(1_795_000_000_123_000_000), "+275760-09-13T00:00:00.000Z");
  assert.equal(rfc3339(-(2 ** 63)), "-271821-04-20T00:00:00.000Z");
});
