import { assert } from "./assert.ts";

const RFC_3339 =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/;
const DAYS_OF_MONTHS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const DAYS_TO_1970 = 719_528;
const DAY_MS = 86_400_000;

/**
 * Milliseconds since the epoch of a text that somebody has written. NaN: it is not of RFC 3339, or there is no such time.
 * `Date` takes more: by the machine's time zone, as it guesses, and a 30th of February for the 2nd of March.
 */
export function parseTime(text: string): number {
  const parts = RFC_3339.exec(text);
  if (parts === null) return Number.NaN;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as SixNumbers;
  const [, , , , , , , fraction = "", sign, zoneHours = "0", zoneMinutes = "0"] = parts;
  const days = daysSinceEpoch(year, month, day);
  if (hour > 23 || minute > 59 || second > 59 || Number(zoneHours) > 23 || Number(zoneMinutes) > 59)
    return Number.NaN;
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000 * (sign === "-" ? -1 : 1);
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, "0"));
  return days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1_000 + milliseconds - zoneMs;
}

type SixNumbers = [number, number, number, number, number, number];

/** NaN: the calendar has no such day. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const lengths = isLeap(year) ? DAYS_OF_MONTHS.with(1, 29) : DAYS_OF_MONTHS;
  if (day < 1 || day > (lengths[month - 1] ?? 0)) return Number.NaN;
  const leapDays =
    year === 0
      ? 0
      : Math.floor((year - 1) / 4) - Math.floor((year - 1) / 100) + Math.floor((year - 1) / 400) + 1;
  const before = lengths.slice(0, month - 1).reduce((sum, length) => sum + length, 0);
  return year * 365 + leapDays + before + day - 1 - DAYS_TO_1970;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** What a date of ECMAScript holds, either way. */
const MAX_DATE_MS = 8.64e15;

/**
 * RFC 3339 in UTC with milliseconds, as every `timestamp` is written. A record of others may have any time, such as
 * nanoseconds in place of milliseconds: one that no date holds is the nearest that there is.
 */
export function rfc3339(epochMs: number): string {
  if (epochMs === lastMs) return lastText;
  lastText = writeTime(Math.max(-MAX_DATE_MS, Math.min(MAX_DATE_MS, Math.trunc(epochMs))));
  lastMs = epochMs;
  return lastText;
}

// Events of a batch share their time, so the last answer is usually the next one.
let lastMs = Number.NaN;
let lastText = "";

function writeTime(epochMs: number): string {
  assert(!Number.isNaN(epochMs), "a time is a number");
  const days = Math.floor(epochMs / DAY_MS);
  const ms = epochMs - days * DAY_MS;
  const clock = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1_000) % 60]
    .map((part) => digits(part, 2))
    .join(":");
  return `${dayOf(days)}T${clock}.${digits(ms % 1_000, 3)}Z`;
}

/**
 * The calendar's day, by the years that begin in March and the eras of 400 of them.
 * https://howardhinnant.github.io/date_algorithms.html#civil_from_days
 */
function dayOf(daysSince1970: number): string {
  const days = daysSince1970 + DAYS_TO_MARCH_1970;
  const era = Math.floor(days / DAYS_OF_ERA);
  const day = days - era * DAYS_OF_ERA;
  const years = day - Math.floor(day / 1_460) + Math.floor(day / 36_524) - Math.floor(day / 146_096);
  const yearOfEra = Math.floor(years / 365);
  const dayOfYear = day - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${yearText(year)}-${digits(month, 2)}-${digits(dayOfMonth, 2)}`;
}

const DAYS_OF_ERA = 146_097;
/** From the 1st of March of the year 0. */
const DAYS_TO_MARCH_1970 = 719_468;

/** Six digits and a sign where four don't hold it, as ECMAScript writes it. */
function yearText(year: number): string {
  if (year >= 0 && year <= 9_999) return digits(year, 4);
  return `${year < 0 ? "-" : "+"}${digits(Math.abs(year), 6)}`;
}

function digits(value: number, count: number): string {
  return String(Math.floor(value)).padStart(count, "0");
}
