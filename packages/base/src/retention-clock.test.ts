import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "./random.ts";
import { RetentionClock, type RetentionHour } from "./retention-clock.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;
const START_MS = 1_700_000_000_000;

/** Somebody who lives, with a clock that may be wrong by any amount. */
function living(stored: readonly RetentionHour[] = []) {
  const kept = new Map(stored.map((hour) => [hour.hour, hour]));
  const clock = new RetentionClock(stored);
  const keep = (hour: RetentionHour): void => void kept.set(hour.hour, hour);
  return {
    clock,
    kept: () => [...kept.values()],
    start: (ms: number) => keep(clock.read(ms)),
    live: (minutes: number, nowMs: number): number => {
      let ms = nowMs;
      for (let minute = 0; minute < minutes; minute++) {
        ms += MINUTE_MS;
        keep(clock.minutePassed(ms).hour);
      }
      return ms;
    },
  };
}

test("with a clock that is right, what is a retention old goes within an hour more", () => {
  const { clock, start, live } = living();
  start(START_MS);
  let nowMs = live(24 * 60, START_MS);
  assert.equal(
    clock.cutoffMs(DAY_MS, nowMs),
    0,
    "nobody has lived for a day and the minute of the last reading",
  );
  for (let hour = 0; hour < 100; hour++) {
    nowMs = live(60, nowMs);
    const cutoffMs = clock.cutoffMs(DAY_MS, nowMs);
    assert.ok(cutoffMs <= nowMs - DAY_MS && cutoffMs >= nowMs - DAY_MS - 2 * HOUR_MS, `${hour}`);
  }
});

test("a clock that is a year ahead, for as long as it likes, makes old only what is lived through", () => {
  for (const minutes of [1, 24 * 60, 10 * 24 * 60]) {
    const { clock, start, live } = living();
    start(START_MS);
    let nowMs = live(40 * 24 * 60, START_MS);
    for (let minute = 0; minute < minutes; minute++) {
      live(1, nowMs + YEAR_MS);
      nowMs += MINUTE_MS;
      assert.ok(clock.cutoffMs(30 * DAY_MS, nowMs + YEAR_MS) <= nowMs - 30 * DAY_MS);
    }
    assert.ok(clock.cutoffMs(30 * DAY_MS, nowMs) <= nowMs - 30 * DAY_MS, "set right");
    nowMs = live(60, nowMs);
    assert.ok(clock.cutoffMs(30 * DAY_MS, nowMs) >= nowMs - 30 * DAY_MS - 2 * HOUR_MS, "and it goes on");
  }
});

test("a start behind a long rest, or with a wrong clock, deletes nothing by it", () => {
  const before = living();
  before.start(START_MS);
  const endMs = before.live(3 * 24 * 60, START_MS);
  const { clock, start, live } = living(before.kept());
  start(endMs + YEAR_MS);
  assert.ok(clock.cutoffMs(2 * DAY_MS, endMs + YEAR_MS) <= endMs - 2 * DAY_MS);
  const laterMs = live(24 * 60, endMs + YEAR_MS);
  assert.ok(clock.cutoffMs(2 * DAY_MS, laterMs) <= endMs - DAY_MS, "a day more was lived");
  const muchLaterMs = live(3 * 24 * 60, laterMs);
  assert.ok(
    clock.cutoffMs(2 * DAY_MS, muchLaterMs) >= muchLaterMs - 2 * DAY_MS - 2 * HOUR_MS,
    "no debt is left",
  );
});

test("what was stamped while the clock was years behind stays for its retention", () => {
  const { clock, start, live } = living();
  start(5 * MINUTE_MS);
  live(10, 5 * MINUTE_MS);
  let nowMs = START_MS;
  for (let hour = 0; hour < 24; hour++) {
    assert.ok(clock.cutoffMs(DAY_MS, nowMs) <= 5 * MINUTE_MS);
    nowMs = live(60, nowMs);
  }
  nowMs = live(120, nowMs);
  assert.ok(clock.cutoffMs(DAY_MS, nowMs) > nowMs - DAY_MS - 3 * HOUR_MS);
});

test("R16: whatever the clock and the process do, nothing goes before it was kept for its retention", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const retentionMs = (1 + random.below(50)) * 17 * MINUTE_MS;
    let alive = living();
    let lived = 0;
    let wrongMs = 0;
    /** One a minute. */
    const stamps: number[] = [];
    const now = (): number => Math.max(0, START_MS + lived * MINUTE_MS + wrongMs);
    alive.start(now());
    for (let step = 0; step < 2_000; step++) {
      if (random.below(200) === 0) wrongMs = (random.below(3) - 1) * Math.floor(random.next() * YEAR_MS);
      if (random.below(300) === 0) {
        alive = living(alive.kept());
        alive.start(now());
      }
      lived++;
      alive.live(1, now() - MINUTE_MS);
      stamps.push(now());
      const young = stamps.slice(-retentionMs / MINUTE_MS);
      const cutoffMs = alive.clock.cutoffMs(retentionMs, now());
      assert.ok(Math.min(...young) >= cutoffMs, `seed ${seed}, step ${step}`);
    }
  }
});

test("several that keep one account of it never count a minute twice, and the lowest reading counts", () => {
  const one = living();
  one.start(START_MS);
  const nowMs = one.live(90, START_MS);
  const other = living(one.kept());
  other.start(nowMs - 10 * MINUTE_MS);
  other.live(30, nowMs - 10 * MINUTE_MS);
  one.live(30, nowMs);
  one.clock.take(other.kept());
  assert.equal(one.kept().at(-1)?.minute, 120);
  assert.equal(other.kept().at(-1)?.minute, 120);
  assert.ok(one.clock.cutoffMs(30 * MINUTE_MS, nowMs + 30 * MINUTE_MS) <= nowMs - 10 * MINUTE_MS);
});

test("a jump is told, and the first reading of a start is none", () => {
  const clock = new RetentionClock([]);
  clock.read(START_MS);
  assert.equal(clock.minutePassed(START_MS + MINUTE_MS).jumpMs, 0);
  assert.equal(clock.minutePassed(START_MS + YEAR_MS).jumpMs, YEAR_MS - 2 * MINUTE_MS);
  assert.equal(clock.minutePassed(START_MS).jumpMs, -YEAR_MS - MINUTE_MS);
});

test("hours that no retention asks for are forgotten, and nothing older is claimed", () => {
  const { clock, start, live } = living();
  start(START_MS);
  const nowMs = live(48 * 60, START_MS);
  assert.equal(clock.forget(DAY_MS), 23);
  assert.ok(clock.cutoffMs(DAY_MS, nowMs) > 0);
  assert.equal(clock.cutoffMs(2 * DAY_MS, nowMs), 0);
});
