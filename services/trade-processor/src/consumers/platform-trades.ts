import { parseDecimal } from "@bourse/base";
import type { BusRecord } from "@bourse/bus";
import { type EventOf, epochMs, TradeExecuted, TradeSettled } from "@bourse/contracts";
import { compiledSchema } from "@bourse/delivery";
import { LEG, type TradeColumns } from "../domain/trade-columns.ts";
import type { InstrumentTable } from "../domain/trade-instruments.ts";
import type { Refusal } from "./explain-report.ts";

const schema = compiledSchema(TradeExecuted.schema);

/**
 * A trade of the platform itself: two clients' sides, into two rows behind the columns' last. 0 rows: another event of
 * the topic, which moves the mark and no more.
 */
export function readPlatformTrade(
  record: BusRecord,
  instruments: InstrumentTable,
  into: TradeColumns,
): { readonly rows: number } | Refusal {
  let event: unknown;
  try {
    event = record.rawValue === undefined ? JSON.parse(record.value) : undefined;
  } catch (error) {
    return { code: "not_json", message: `the value is not JSON: ${(error as Error).message}` };
  }
  const eventType = (event as { readonly eventType?: unknown } | null | undefined)?.eventType;
  if (eventType === TradeSettled.eventType) return { rows: 0 };
  if (eventType !== TradeExecuted.eventType)
    return {
      code: "unknown_event_type",
      message: `eventType is ${String(eventType)}, and must be TradeExecuted`,
    };
  if (!schema.check(event)) return { code: "schema_violated", message: schema.fault(event) };
  return writeLegs(event as EventOf<typeof TradeExecuted>, instruments, into);
}

function writeLegs(
  trade: EventOf<typeof TradeExecuted>,
  instruments: InstrumentTable,
  into: TradeColumns,
): { readonly rows: number } | Refusal {
  const name = Buffer.from(trade.symbol);
  const symbol = instruments.find(name, 0, name.length);
  if (symbol < 0)
    return { code: "unknown_symbol", message: `symbol is ${trade.symbol}, which is not known here` };
  const { priceScale, quantityScale, amountScale, unitsPerTickLot } = instruments.at(symbol);
  const sides = [trade.buyer, trade.seller] as const;
  const quantityLots = scaled(trade.quantity, quantityScale);
  const priceTicks = scaled(trade.price, priceScale);
  const feeUnits = sides.map(({ fee }) => scaled(fee, amountScale));
  const notionalUnits = quantityLots * priceTicks * unitsPerTickLot;
  if (!feeUnits.every(Number.isSafeInteger) || !Number.isSafeInteger(notionalUnits))
    return {
      code: "out_of_range",
      message: "an amount has more decimals or digits than the symbol's scales hold",
    };
  if (quantityLots <= 0 || priceTicks <= 0)
    return {
      code: "quantity_not_positive",
      message: `quantity ${trade.quantity} x price ${trade.price} is not above zero`,
    };
  into.ensure(into.count + 2);
  sides.forEach(({ accountId, orderId }, nth) => {
    const row = into.count + nth;
    into.sources[row] = Buffer.from(accountId + trade.tradeId + orderId, "latin1");
    into.clientStart[row] = 0;
    into.clientEnd[row] = accountId.length;
    into.tradeStart[row] = accountId.length;
    into.tradeEnd[row] = accountId.length + trade.tradeId.length;
    into.orderStart[row] = accountId.length + trade.tradeId.length;
    into.orderEnd[row] = accountId.length + trade.tradeId.length + orderId.length;
    into.legs[row] = nth === 0 ? LEG.buyer : LEG.seller;
    into.symbols[row] = symbol;
    into.sides[row] = nth === 0 ? 1 : -1;
    into.quantityLots[row] = quantityLots;
    into.priceTicks[row] = priceTicks;
    into.feeUnits[row] = feeUnits[nth] ?? 0;
    into.notionalUnits[row] = notionalUnits;
    into.timesMs[row] = epochMs(trade.timestamp);
  });
  return { rows: 2 };
}

/** NaN: it has more decimals, or does not fit. */
function scaled(text: string, scale: number): number {
  const units = parseDecimal(text, scale);
  return typeof units === "bigint" ? Number(units) : Number.NaN;
}
