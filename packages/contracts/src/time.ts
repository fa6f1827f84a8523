/** What a date holds, either way. */
const MAX_DATE_MS = 8.64e15;

/**
 * RFC 3339 in UTC with milliseconds, as every `timestamp` is written. A record of others may have any time, such as
 * nanoseconds in place of milliseconds: one that no date holds is the nearest that there is.
 */
export function rfc3339(epochMs: number): string {
  if (epochMs === lastMs) return lastText;
  lastText = new Date(Math.max(-MAX_DATE_MS, Math.min(MAX_DATE_MS, epochMs))).toISOString();
  lastMs = epochMs;
  return lastText;
}

// Events of a batch share their time, so the last answer is usually the next one.
let lastMs = Number.NaN;
let lastText = "";

/** Milliseconds since the epoch of an RFC 3339 text that was validated. */
export function epochMs(text: string): number {
  return Date.parse(text);
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
const SECONDS_LENGTH = "2026-11-21T09:30:00".length;

/**
 * The same of a text that somebody has written. NaN: it is not of RFC 3339, or there is no such time. `Date` alone takes more:
 * by the machine's time zone, as it guesses, and a 30th of February for the 2nd of March.
 */
export function parseTime(text: string): number {
  if (!RFC_3339.test(text)) return Number.NaN;
  const seconds = text.slice(0, SECONDS_LENGTH);
  const asInUtc = Date.parse(`${seconds}Z`);
  const isThere = !Number.isNaN(asInUtc) && rfc3339(asInUtc).startsWith(seconds);
  return isThere ? Date.parse(text) : Number.NaN;
}
