/** What a date holds, either way. */
const MAX_DATE_MS = 8.64e15;

/**
 * RFC 3339 in UTC with milliseconds, as every `timestamp` is written. A record of others may have any time, such as
 * nanoseconds in place of milliseconds: one that no date holds is the nearest that there is. Throws on what is no number.
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
