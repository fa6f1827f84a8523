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
