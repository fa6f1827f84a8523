/** RFC 3339 in UTC with milliseconds, as every `timestamp` is written. */
export function rfc3339(epochMs: number): string {
  if (epochMs === lastMs) return lastText;
  lastText = new Date(epochMs).toISOString();
  lastMs = epochMs;
  return lastText;
}

// Events of a batch share their time, so the last answer is usually the next one.
let lastMs = -1;
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
