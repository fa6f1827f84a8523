import type { BusRecord } from "@bourse/bus";
import { encodeTradeReported, TradeReported } from "@bourse/contracts";
import { compiledSchema } from "@bourse/delivery";
import { SCAN } from "../domain/scan-report.ts";
import { MAX_SCALE, type TradeInstrument } from "../domain/trade-instruments.ts";

const schema = compiledSchema(TradeReported.schema);

/** Why a record is refused (R12): a stable code, and words that say what was given and what is allowed. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** A report that is written otherwise than generators write it: as they do, or why it is none. */
export function readReport(record: BusRecord): { readonly bytes: Uint8Array } | Refusal {
  if (record.rawValue === null) return { code: "not_json", message: "there is no value (a tombstone)" };
  if (record.rawValue !== undefined) return { code: "not_utf8", message: "the value is not UTF-8" };
  let event: unknown;
  try {
    event = JSON.parse(record.value);
  } catch (error) {
    return { code: "not_json", message: `the value is not JSON: ${(error as Error).message}` };
  }
  if (typeof event !== "object" || event === null || Array.isArray(event))
    return { code: "not_an_object", message: "the value is JSON, but not an object" };
  const { eventType, side } = event as { readonly eventType?: unknown; readonly side?: unknown };
  if (eventType !== TradeReported.eventType)
    return {
      code: "unknown_event_type",
      message: `eventType is ${shown(eventType)}, and must be ${TradeReported.eventType}`,
    };
  if (!schema.check(event)) {
    if (typeof side === "string" && side !== "BUY" && side !== "SELL")
      return { code: "unknown_side", message: `side is ${shown(side)}, and must be BUY or SELL` };
    return { code: "schema_violated", message: schema.fault(event) };
  }
  return { bytes: Buffer.from(encodeTradeReported(event as Parameters<typeof encodeTradeReported>[0])) };
}

/** What a scan of a well-formed report refuses, in words. */
export function refusalOf(
  code: number,
  record: BusRecord,
  instrumentOf: (symbol: string) => TradeInstrument | undefined,
): Refusal {
  const fields = fieldsOf(record);
  const symbol = String(fields.symbol);
  const instrument = instrumentOf(symbol);
  const scaleOf = (name: "priceScale" | "quantityScale" | "amountScale"): number =>
    instrument?.[name] ?? MAX_SCALE;
  const decimals = (field: string, scale: number): Refusal => ({
    code: "too_many_decimals",
    message: `${field} is ${shown(fields[field])}, and ${symbol} has at most ${scale} decimals there`,
  });
  switch (code) {
    case SCAN.unknownSymbol:
      return { code: "unknown_symbol", message: `symbol is ${shown(symbol)}, which is not known here` };
    case SCAN.quantityNotPositive:
      return notPositive("quantity", fields);
    case SCAN.priceNotPositive:
      return notPositive("price", fields);
    case SCAN.quantityDecimals:
      return decimals("quantity", scaleOf("quantityScale"));
    case SCAN.priceDecimals:
      return decimals("price", scaleOf("priceScale"));
    case SCAN.feeDecimals:
      return decimals("fee", scaleOf("amountScale"));
    case SCAN.outOfRange:
      return {
        code: "out_of_range",
        message: `quantity ${shown(fields.quantity)}, price ${shown(fields.price)} or fee ${shown(fields.fee)} is more than 2^53 of its unit`,
      };
    case SCAN.notionalOutOfRange:
      return {
        code: "notional_out_of_range",
        message: `quantity ${shown(fields.quantity)} x price ${shown(fields.price)} is more than 2^53 of its unit`,
      };
    case SCAN.noSuchTime:
      return {
        code: "no_such_time",
        message: `timestamp is ${shown(fields.timestamp)}, which is not a valid time`,
      };
    default:
      return { code: "schema_violated", message: "the value is not a TradeReported" };
  }
}

function notPositive(field: "quantity" | "price", fields: Readonly<Record<string, unknown>>): Refusal {
  return {
    code: `${field}_not_positive`,
    message: `${field} is ${shown(fields[field])}, and must be above zero`,
  };
}

function fieldsOf({ value }: BusRecord): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(value) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

const MAX_SHOWN = 80;

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "missing").slice(0, MAX_SHOWN);
}
