import { parseTime } from "@bourse/base";
import { Timestamp } from "@bourse/contracts";
import { Type } from "typebox";

/** The name of the format that `validator.ts` checks. */
export const TIME_FORMAT = "date-time";

/** A time in a request. A `Timestamp` is so by its form alone, in which 25 o'clock can be written too. */
export const RequestTime = Type.String({
  ...Timestamp,
  format: TIME_FORMAT,
  allowed: "a time that there is, in UTC with milliseconds, such as 2026-11-21T09:30:00.000Z",
});

export function isTime(text: string): boolean {
  return !Number.isNaN(parseTime(text));
}
