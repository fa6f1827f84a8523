import { parseTime } from "@bourse/base";
import type { Fault } from "../faults.tsx";

/** Which messages a person wants to see, as the address bar says it. */
export interface MessageFilter {
  readonly partition?: number;
  readonly key?: string;
  readonly type?: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly fromTime?: string;
  readonly toTime?: string;
  /** Of each partition. */
  readonly limit: number;
}

export const FILTER_FIELDS = ["partition", "key", "type", "from", "to", "limit"] as const;

/** As a person has typed it. */
export type FilterText = Readonly<Record<(typeof FILTER_FIELDS)[number], string>>;

export const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 5_000;
const MAX_KEY = 1_000;
const MAX_TYPE = 100;
const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What the query of an address says of the filter alone. */
export function filterText(query: URLSearchParams): FilterText {
  return Object.fromEntries(FILTER_FIELDS.map((field) => [field, query.get(field) ?? ""])) as FilterText;
}

/** Reads the query of a topic's address. What can't be used is told field by field, and nothing is asked then. */
export function readMessageFilter(
  query: URLSearchParams,
  about: { readonly nowMs: number; readonly partitions: number; readonly isLive?: boolean },
): { readonly filter: MessageFilter; readonly faults: readonly Fault[] } {
  const { nowMs, partitions, isLive = false } = about;
  const faults: Fault[] = [];
  const number = (field: string, most: number, least = 0): number | undefined => {
    const given = query.get(field);
    if (given === null || given === "") return undefined;
    const value = /^(0|[1-9][0-9]*)$/.test(given) ? Number(given) : Number.NaN;
    if (value >= least && value <= most) return value;
    faults.push({ field, given, allowed: `a whole number from ${least} to ${most}` });
    return undefined;
  };
  const text = (field: string, most: number): string | undefined => {
    const given = query.get(field);
    if (given === null || given === "") return undefined;
    if (given.length <= most) return given;
    faults.push({ field, given: `${given.slice(0, 40)}…`, allowed: `at most ${most} characters` });
    return undefined;
  };
  const time = (field: string): string | undefined => {
    const given = query.get(field);
    if (given === null || given === "") return undefined;
    const value = timeOf(given, nowMs);
    if (value === null)
      faults.push({
        field,
        given,
        allowed: "a time such as 2026-11-21T09:30:00Z, or how long ago: 15m, 2h, 7d",
      });
    return value ?? undefined;
  };
  const partition = number("partition", partitions - 1);
  const [key, type] = [text("key", MAX_KEY), text("type", MAX_TYPE)];
  const [fromTime, toTime] = [time("from"), isLive ? undefined : time("to")];
  // From that time on nothing could come any more, and it would be waited for all the same.
  if (isLive && query.get("to"))
    faults.push({ field: "to", given: query.get("to") ?? "", allowed: "no end while Live is on" });
  // Both are of one form, so that they compare as texts. Nothing lies between them: as if nothing fitted.
  if (fromTime !== undefined && toTime !== undefined && toTime < fromTime)
    faults.push({
      field: "to",
      given: query.get("to") ?? "",
      allowed: `a time that is not before ${fromTime}`,
    });
  const filter = {
    partition,
    key,
    type,
    fromTime,
    toTime,
    limit: number("limit", MAX_LIMIT, 1) ?? DEFAULT_LIMIT,
  };
  return { filter: withoutAbsent(filter), faults };
}

/** A time of RFC 3339, or how long ago; null: neither. */
export function timeOf(text: string, nowMs: number): string | null {
  const [, count, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined)
    return new Date(Math.max(0, nowMs - Number(count) * (UNITS_MS[unit] ?? 0))).toISOString();
  const ms = parseTime(text);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

type Present<Fields> = { readonly [Name in keyof Fields]: Exclude<Fields[Name], undefined> };

function withoutAbsent<Fields extends object>(fields: Fields): Partial<Present<Fields>> & { limit: number } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<
    Present<Fields>
  > & { limit: number };
}
