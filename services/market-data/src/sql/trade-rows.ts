import { amountText, copyRows, type Row, type Statement, sql, sqlArray } from "@bourse/store";

/** A trade as it is kept. Prices in ticks, quantities in lots, fees in minor units of the quote asset. */
export interface TradeRow {
  readonly symbol: string;
  readonly engineSequence: number;
  /** null: a transfer between two accounts, which is no trade of the market and has no fees. */
  readonly tradeNumber: number | null;
  readonly timeMs: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly buyerAggressed: boolean;
  readonly buyerOrderId: string;
  readonly sellerOrderId: string;
  readonly buyerAccountId: string;
  readonly sellerAccountId: string;
  readonly buyerFeeUnits: bigint;
  readonly sellerFeeUnits: bigint;
}

const COPY_TRADES = `COPY trades (symbol, engine_sequence, trade_number, time_ms, price_ticks, quantity_lots,
  buyer_aggressed, buyer_order, seller_order, buyer_account, seller_account, buyer_fee, seller_fee) FROM STDIN`;

export function insertTrades(trades: readonly TradeRow[]): Statement {
  return copyRows(COPY_TRADES, trades, (trade) => [
    trade.symbol,
    trade.engineSequence,
    trade.tradeNumber,
    trade.timeMs,
    trade.priceTicks,
    trade.quantityLots,
    trade.buyerAggressed,
    trade.buyerOrderId,
    trade.sellerOrderId,
    trade.buyerAccountId,
    trade.sellerAccountId,
    amountText(trade.buyerFeeUnits),
    amountText(trade.sellerFeeUnits),
  ]);
}

const COPY_TRANSFERS = `COPY transfers (symbol, engine_sequence, time_ms, price_ticks, quantity_lots, buyer_aggressed,
  buyer_order, seller_order, buyer_account, seller_account) FROM STDIN`;

export function insertTransfers(transfers: readonly TradeRow[]): Statement {
  return copyRows(COPY_TRANSFERS, transfers, (transfer) => [
    transfer.symbol,
    transfer.engineSequence,
    transfer.timeMs,
    transfer.priceTicks,
    transfer.quantityLots,
    transfer.buyerAggressed,
    transfer.buyerOrderId,
    transfer.sellerOrderId,
    transfer.buyerAccountId,
    transfer.sellerAccountId,
  ]);
}

/** Of either table. */
export function tradeOfRow(row: Row): TradeRow {
  return {
    symbol: String(row.symbol),
    engineSequence: Number(row.engine_sequence),
    tradeNumber: row.trade_number === undefined ? null : Number(row.trade_number),
    timeMs: Number(row.time_ms),
    priceTicks: Number(row.price_ticks),
    quantityLots: Number(row.quantity_lots),
    buyerAggressed: row.buyer_aggressed === true,
    buyerOrderId: orderIdOf(row.buyer_order),
    sellerOrderId: orderIdOf(row.seller_order),
    buyerAccountId: String(row.buyer_account),
    sellerAccountId: String(row.seller_account),
    buyerFeeUnits: BigInt(String(row.buyer_fee ?? 0)),
    sellerFeeUnits: BigInt(String(row.seller_fee ?? 0)),
  };
}

/** As it is in the topic. */
export function tradeIdOf({ symbol, engineSequence, tradeNumber }: TradeRow): string {
  return `${symbol}-${tradeNumber ?? `T${engineSequence}`}`;
}

/** PostgreSQL prints a uuid with hyphens; an order id has none. */
export function orderIdOf(value: unknown): string {
  return String(value).replaceAll("-", "");
}

/** The last trade of each symbol of a batch. They come sorted, one row each (R13). */
export function writeLastTrades(trades: readonly TradeRow[]): Statement {
  return sql`
    INSERT INTO markets AS m (symbol, last_ticks, last_time_ms, last_sequence, prints)
    SELECT s, p, t, e, 0
    FROM unnest(${sqlArray(trades.map((trade) => trade.symbol))}::text[],
      ${sqlArray(trades.map((trade) => trade.priceTicks))}::bigint[],
      ${sqlArray(trades.map((trade) => trade.timeMs))}::bigint[],
      ${sqlArray(trades.map((trade) => trade.engineSequence))}::bigint[]) AS n (s, p, t, e)
    ON CONFLICT (symbol) DO UPDATE SET last_ticks = EXCLUDED.last_ticks, last_time_ms = EXCLUDED.last_time_ms,
      last_sequence = EXCLUDED.last_sequence`;
}
