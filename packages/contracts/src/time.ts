export { rfc3339 } from "@bourse/base";

/** Milliseconds since the epoch of an RFC 3339 text that was validated. */
export function epochMs(text: string): number {
  return Date.parse(text);
}
