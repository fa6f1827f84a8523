import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dayEndMs } from "./calendar.ts";

const at = (text: string): number => Date.parse(text);

test("a day of 24x7 ends at the next midnight UTC", () => {
  assert.equal(dayEndMs("24x7", at("2026-03-04T05:06:07.008Z")), at("2026-03-05T00:00:00Z"));
  assert.equal(dayEndMs("24x7", at("2026-03-04T00:00:00Z")), at("2026-03-05T00:00:00Z"));
  assert.equal(dayEndMs("24x7", at("2026-03-04T23:59:59.999Z")), at("2026-03-05T00:00:00Z"));
});

const XNAS: readonly [string, string, string][] = [
  ["in winter at 21:00 UTC", "2026-01-14T15:00:00Z", "2026-01-14T21:00:00Z"],
  ["in summer at 20:00 UTC", "2026-07-15T15:00:00Z", "2026-07-15T20:00:00Z"],
  ["after the close, the next day", "2026-01-14T21:00:00Z", "2026-01-15T21:00:00Z"],
  ["after Friday's close, on Monday", "2026-01-16T21:00:00Z", "2026-01-19T21:00:00Z"],
  ["over the start of daylight saving", "2026-03-06T22:00:00Z", "2026-03-09T20:00:00Z"],
  ["over its end", "2026-10-30T21:00:00Z", "2026-11-02T21:00:00Z"],
  ["over a year's end", "2027-12-31T22:00:00Z", "2028-01-03T21:00:00Z"],
];
for (const [name, now, end] of XNAS)
  test(`a day of XNAS ends ${name}`, () => assert.equal(dayEndMs("XNAS", at(now)), at(end)));

test("XNAS closes at 16:00 in New York, as the time zone database has it", () => {
  const newYork = new Intl.DateTimeFormat("en-US", {
    timeZone: "America/New_York",
    weekday: "short",
    hour: "numeric",
    minute: "numeric",
    hourCycle: "h23",
  });
  fc.assert(
    fc.property(fc.integer({ min: at("2008-01-01T00:00:00Z"), max: at("2060-01-01T00:00:00Z") }), (nowMs) => {
      const end = dayEndMs("XNAS", nowMs);
      assert.ok(end > nowMs && end - nowMs <= 3 * 86_400_000 + 3_600_000);
      assert.match(newYork.format(end), /^(Mon|Tue|Wed|Thu|Fri),? 16:00$/);
    }),
  );
});

test("an unknown calendar is a broken invariant", () => {
  assert.throws(() => dayEndMs("XXXX", 0), /calendar/);
});
