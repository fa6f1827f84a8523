import { DECIMAL_MAX_LENGTH, DECIMAL_PATTERN, parseTime } from "@bourse/base";
import { RecordingError } from "../recording-error.ts";

/** A trade as a recording has it. `side` is the aggressor's; price and quantity are positive decimal strings. */
export interface RecordedTrade {
  readonly timeMs: number;
  readonly symbol: string;
  readonly side: "BUY" | "SELL";
  readonly price: string;
  readonly quantity: string;
}

/** Where in a file something stands, for what is said of it. */
export interface Place {
  readonly line: number;
  readonly field: string;
}

const DECIMAL = new RegExp(DECIMAL_PATTERN);
const SYMBOL = /^[A-Z0-9][A-Z0-9.-]{0,31}$/;

export function wrong({ line, field }: Place, given: unknown, allowed: string): RecordingError {
  const shown = JSON.stringify(given ?? "")?.slice(0, 80);
  return new RecordingError(line, `${field} is ${shown}; allowed is ${allowed}`, "line");
}

/** A positive decimal without the zeros at its end. */
export function positiveDecimal(given: unknown, place: Place): string {
  if (typeof given === "string" && given.length <= DECIMAL_MAX_LENGTH && DECIMAL.test(given)) {
    const text = given.includes(".") ? given.replace(/\.?0+$/, "") : given;
    if (!text.startsWith("-") && text !== "0") return text;
  }
  throw wrong(place, given, "a positive decimal such as 0.0153");
}

const SIDES: Readonly<Record<string, "BUY" | "SELL">> = {
  buy: "BUY",
  b: "BUY",
  bid: "BUY",
  "1": "BUY",
  sell: "SELL",
  s: "SELL",
  ask: "SELL",
  "-1": "SELL",
};

export function sideOf(given: unknown, place: Place): "BUY" | "SELL" {
  const side = typeof given === "string" ? SIDES[given.toLowerCase()] : undefined;
  if (side === undefined) throw wrong(place, given, "buy or sell");
  return side;
}

export function symbolOf(given: unknown, place: Place): string {
  const symbol = typeof given === "string" ? given.toUpperCase().replace("/", "-") : "";
  if (!SYMBOL.test(symbol)) throw wrong(place, given, "a symbol such as BTC-USD");
  return symbol;
}

/**
 * The largest count of seconds, milliseconds and microseconds since the epoch that is taken for one: the year 5138. With
 * the decimals that a millisecond has of it.
 */
const SCALES = [
  [1e11, 3],
  [1e14, 0],
  [1e17, -3],
] as const;
const OF_NANOSECONDS = -6;
const LAST_MS = 8.64e15;

/**
 * Seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by their size, or RFC 3339, also with a
 * blank in place of its T; without a zone it is of UTC, wherever it is read.
 */
export function timeMsOf(given: unknown, place: Place): number {
  const text = String(given ?? "");
  let timeMs = Number.NaN;
  if (/^[0-9]{1,19}(\.[0-9]+)?$/.test(text)) {
    const value = Number(text);
    timeMs = shifted(text, SCALES.find(([below]) => value < below)?.[1] ?? OF_NANOSECONDS);
  } else timeMs = parseTime(inUtc(text));
  if (!Number.isSafeInteger(timeMs) || timeMs > LAST_MS)
    throw wrong(place, given, "a time since the epoch, or RFC 3339 such as 2026-11-21T09:30:00Z");
  return timeMs;
}

function inUtc(text: string): string {
  const [, date, time, zone = "Z"] = /^([0-9-]{10})[T ]([0-9:.]+)(.+)?$/.exec(text) ?? [];
  return `${date}T${time}${zone.replace(/^ ?UTC$/, "Z")}`;
}

/**
 * A decimal without a sign times 10^places, cut to a whole number: by its digits, since a product of doubles may fall
 * short of the number that was written.
 */
export function shifted(decimal: string, places: number): number {
  const [whole = "", fraction = ""] = decimal.split(".");
  return Number(places < 0 ? whole.slice(0, places) : whole + fraction.slice(0, places).padEnd(places, "0"));
}
