import { parseTime } from "@bourse/base";
import { type Command, InvalidArgumentError, Option } from "commander";

/** As given on the command line. */
export interface FilterOptions {
  readonly service?: string;
  readonly subscription?: string;
  readonly topic?: string;
  readonly code?: string;
  readonly recordKey?: string;
  readonly since?: string;
}

/** What the services are asked for. */
export type Filter = Readonly<Record<string, string>>;

export function withFilter(command: Command): Command {
  return command
    .option("--service <name>", "of one service (default: of all)")
    .option("--subscription <name>", "of one subscription")
    .option("--topic <topic>", "records of one topic")
    .option("--code <code>", "parked for this reason")
    .option("--record-key <key>", "records of this key, or that queue by it")
    .addOption(
      new Option("--since <time>", "parked since: 15m, 2h, 7d, or 2026-11-21T09:30:00Z").argParser(sinceTime),
    );
}

export function filterOf(options: FilterOptions): Filter {
  const { subscription, topic, code, recordKey: key, since } = options;
  return Object.fromEntries(
    Object.entries({ subscription, topic, code, key, since }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

/** Of a service, one record: `wallet/settlement/trade-events/2/17`. */
export interface RecordReference {
  readonly service: string;
  readonly id: string;
}

export function recordReference(text: string): RecordReference {
  const [, service, id] = /^([a-z-]+)\/([^/]+\/[^/]+\/[0-9]+\/[0-9]+)$/.exec(text) ?? [];
  if (service !== undefined && id !== undefined) return { service, id };
  throw new InvalidArgumentError(
    "Allowed is a record as `bourse dlq list` shows it: wallet/settlement/trade-events/2/17.",
  );
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Exported for its test: an ISO time with milliseconds. */
export function sinceTime(text: string, _previous?: unknown, nowMs: number = Date.now()): string {
  const [, count, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined)
    return new Date(Math.max(0, nowMs - Number(count) * (UNITS_MS[unit] ?? 0))).toISOString();
  const timeMs = parseTime(text);
  if (!Number.isNaN(timeMs)) return new Date(timeMs).toISOString();
  throw new InvalidArgumentError(
    "Allowed is a time like 2026-11-21T09:30:00Z, or how long ago: 15m, 2h, 7d.",
  );
}
