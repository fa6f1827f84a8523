import { assert, decimalUnits } from "@bourse/base";
import type { EventOf, TopicEvent, TradeExecuted, tradeEvents } from "@bourse/contracts";
import type { Effects, Envelope, Unit } from "@bourse/delivery";
import { candlesOf } from "../domain/candle.ts";
import { instrumentOf, type MarketData } from "../market-data.ts";
import { addToCandles } from "../sql/candle-rows.ts";
import { insertTrades, insertTransfers, type TradeRow, writeLastTrades } from "../sql/trade-rows.ts";

type Executed = EventOf<typeof TradeExecuted>;

/**
 * Writes the trades of a batch to the tape, adds them to the candles, and keeps the last one of each symbol. Transfers are kept for
 * the accounts whose fills they are.
 */
export async function recordTrades(
  service: MarketData,
  batch: readonly Envelope[],
  _unit: Unit,
): Promise<Effects> {
  const trades: TradeRow[] = [];
  const transfers: TradeRow[] = [];
  const last = new Map<string, TradeRow>();
  for (const { event, timeMs } of batch as readonly TradeEnvelope[]) {
    if (event.eventType !== "TradeExecuted") continue;
    const trade = tradeOf(service, event, timeMs);
    if (isOnTape(event)) {
      trades.push(trade);
      last.set(trade.symbol, trade);
    } else transfers.push(trade);
  }
  const kept = transfers.length === 0 ? [] : [insertTransfers(transfers)];
  if (trades.length === 0) return { statements: kept, events: [], result: undefined };
  const candles = candlesOf(trades, ({ symbol, priceTicks, quantityLots }) =>
    instrumentOf(service, symbol).notionalUnits(priceTicks * quantityLots),
  );
  const lastTrades = [...last.values()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  return {
    statements: [insertTrades(trades), ...kept, addToCandles(candles), writeLastTrades(lastTrades)],
    events: [],
    result: undefined,
  };
}

export function tradesRecorded({ metrics, unpublished }: MarketData, batch: readonly Envelope[]): void {
  let recorded = 0;
  let last = "";
  for (const { event } of batch as readonly TradeEnvelope[]) {
    if (!isOnTape(event)) continue;
    recorded++;
    // Trades of a symbol come together.
    if (event.symbol !== last) unpublished.add(event.symbol);
    last = event.symbol;
  }
  metrics.trades.inc(recorded);
}

type TradeEnvelope = Envelope<TopicEvent<typeof tradeEvents>>;

/** A transfer between accounts of one self-trade group is no trade of the market. */
export function isOnTape(event: TopicEvent<typeof tradeEvents>): event is Executed {
  return event.eventType === "TradeExecuted" && event.transfer !== true;
}

export function tradeOf(service: Pick<MarketData, "reference">, event: Executed, timeMs: number): TradeRow {
  const instrument = instrumentOf(service, event.symbol);
  return {
    symbol: event.symbol,
    engineSequence: event.engineSequence,
    tradeNumber: tradeNumberOf(event),
    timeMs,
    priceTicks: instrument.decodePrice(event.price),
    quantityLots: instrument.decodeQuantity(event.quantity),
    buyerAggressed: event.aggressorSide === "BUY",
    buyerOrderId: event.buyer.orderId,
    sellerOrderId: event.seller.orderId,
    buyerAccountId: event.buyer.accountId,
    sellerAccountId: event.seller.accountId,
    buyerFeeUnits: decimalUnits(event.buyer.fee, instrument.quoteScale),
    sellerFeeUnits: decimalUnits(event.seller.fee, instrument.quoteScale),
  };
}

/** `AAPL-17` is the 17th trade of AAPL. */
function tradeNumberOf({ tradeId, symbol, transfer }: Executed): number | null {
  if (transfer === true) return null;
  const number = Number(tradeId.slice(symbol.length + 1));
  assert(
    tradeId === `${symbol}-${number}` && Number.isSafeInteger(number) && number > 0,
    "a trade id is the symbol and the number of the trade in it",
  );
  return number;
}
