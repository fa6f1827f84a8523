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
