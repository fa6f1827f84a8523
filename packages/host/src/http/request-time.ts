import { parseTime } from "@bourse/base";
import { Type } from "typebox";

/** The name of the format that `validator.ts` checks. */
export const TIME_FORMAT = "date-time";

/** A time in a request: any that RFC 3339 can write, as clients' libraries do, and that there is. */
export const RequestTime = Type.String({
  maxLength: 40,
  format: TIME_FORMAT,
  description: "RFC 3339; `+` of an offset is %2B in an address",
  allowed: "a valid time with its offset, such as 2026-11-21T09:30:00Z or 2026-11-21T10:30:00.000%2B01:00",
});

export function isTime(text: string): boolean {
  return !Number.isNaN(parseTime(text));
}
