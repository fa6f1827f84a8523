import { assert, assertSafeInteger } from "@bourse/base";

/**
 * When the trading day that `nowMs` falls into ends: the first session close after `nowMs`, in milliseconds
 * since the Unix epoch. DAY orders expire then. Integer arithmetic only, so that every replay agrees.
 *
 * - `24x7`: midnight UTC.
 * - `XNAS`: 16:00 in New York, Monday to Friday. Exchange holidays are not known here.
 */
export function dayEndMs(calendar: string, nowMs: number): number {
  assertSafeInteger(nowMs, "a time in milliseconds");
  assert(isCalendar(calendar), "a calendar is one of those listed");
  const day = Math.floor(nowMs / DAY_MS);
  if (calendar === "24x7") return (day + 1) * DAY_MS;
  for (let candidate = day; ; candidate++) {
    const closeMs = candidate * DAY_MS + NEW_YORK_CLOSE_MS + newYorkBehindMs(candidate);
    if (isWeekday(candidate) && closeMs > nowMs) return closeMs;
  }
}

export const CALENDARS = ["24x7", "XNAS"] as const;
export type Calendar = (typeof CALENDARS)[number];

export function isCalendar(text: string): text is Calendar {
  return (CALENDARS as readonly string[]).includes(text);
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NEW_YORK_CLOSE_MS = 16 * HOUR_MS;

/** 1970-01-01 was a Thursday; 0 is Sunday. */
function weekday(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

function isWeekday(day: number): boolean {
  const name = weekday(day);
  return name !== 0 && name !== 6;
}

/** Daylight saving runs from the second Sunday of March to the first of November (Energy Policy Act of 2005). */
function newYorkBehindMs(day: number): number {
  const year = yearOf(day);
  const march8 = daysFromCivil(year, 3, 8);
  const november1 = daysFromCivil(year, 11, 1);
  const starts = march8 + ((7 - weekday(march8)) % 7);
  const ends = november1 + ((7 - weekday(november1)) % 7);
  return (day >= starts && day < ends ? 4 : 5) * HOUR_MS;
}

/** Days since the epoch of a civil date. Source: Howard Hinnant, "chrono-compatible low-level date algorithms". */
function daysFromCivil(year: number, month: number, dayOfMonth: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + dayOfMonth - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function yearOf(day: number): number {
  const guess = 1970 + Math.floor(day / 365.2425);
  if (day < daysFromCivil(guess, 1, 1)) return guess - 1;
  return day >= daysFromCivil(guess + 1, 1, 1) ? guess + 1 : guess;
}
