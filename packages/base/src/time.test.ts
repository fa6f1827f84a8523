import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTime } from "./time.ts";

test("a time of RFC 3339 is read, by its zone and to its millisecond", () => {
  for (const [text, time] of [
    ["2026-11-21T09:30:00Z", "2026-11-21T09:30:00.000Z"],
    ["2026-11-21T09:30:00.5Z", "2026-11-21T09:30:00.500Z"],
    ["2026-11-21T09:30:00.123456789Z", "2026-11-21T09:30:00.123Z"],
    ["2026-11-21T00:30:00+02:00", "2026-11-20T22:30:00.000Z"],
    ["2024-02-29T23:59:59.999-23:59", "2024-03-01T23:58:59.999Z"],
  ] as const)
    assert.equal(new Date(parseTime(text)).toISOString(), time, text);
});

test("every day of the calendar is where Date has it", () => {
  const days = [0, 1, 4, 99, 100, 399, 400, 1600, 1899, 1900, 1969, 1970, 1972, 2000, 2024, 2100, 9999];
  for (const year of days)
    for (let month = 1; month <= 12; month++)
      for (let day = 1; day <= 31; day++) {
        const date = [
          String(year).padStart(4, "0"),
          String(month).padStart(2, "0"),
          String(day).padStart(2, "0"),
        ];
        const text = `${date.join("-")}T12:34:56.789Z`;
        const asDate = new Date(Date.parse(text));
        const isThere = asDate.getUTCDate() === day;
        assert.equal(parseTime(text), isThere ? asDate.getTime() : Number.NaN, text);
      }
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
    "2026-00-01T00:00:00Z",
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
