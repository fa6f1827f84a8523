/** The intervals that candles are kept for, in milliseconds. */
export const CANDLE_INTERVALS = { "1m": 60_000, "5m": 300_000, "1h": 3_600_000, "1d": 86_400_000 } as const;
export type CandleInterval = keyof typeof CANDLE_INTERVALS;

/** What a trade adds to the candles it falls into. */
export interface CandleTrade {
  readonly symbol: string;
  readonly timeMs: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly notionalUnits: bigint;
}

/** Open, high, low and close in ticks; intervals begin at whole multiples of their length since the epoch. */
export interface Candle {
  readonly symbol: string;
  readonly intervalMs: number;
  readonly startMs: number;
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
  readonly volumeLots: bigint;
  readonly turnoverUnits: bigint;
  readonly trades: number;
}

/** One candle for each symbol and interval that the trades, in their order, fall into; sorted as their rows are locked. */
export function candlesOf(trades: readonly CandleTrade[]): readonly Candle[] {
  const candles = new Map<string, Candle>();
  for (const trade of trades) {
    for (const intervalMs of Object.values(CANDLE_INTERVALS)) {
      const startMs = trade.timeMs - (trade.timeMs % intervalMs);
      const key = `${trade.symbol} ${intervalMs} ${startMs}`;
      const candle = candles.get(key);
      candles.set(
        key,
        candle === undefined ? openCandle(trade, intervalMs, startMs) : extended(candle, trade),
      );
    }
  }
  return [...candles.values()].sort(inLockOrder);
}

function openCandle(trade: CandleTrade, intervalMs: number, startMs: number): Candle {
  return {
    symbol: trade.symbol,
    intervalMs,
    startMs,
    openTicks: trade.priceTicks,
    highTicks: trade.priceTicks,
    lowTicks: trade.priceTicks,
    closeTicks: trade.priceTicks,
    volumeLots: BigInt(trade.quantityLots),
    turnoverUnits: trade.notionalUnits,
    trades: 1,
  };
}

function extended(candle: Candle, trade: CandleTrade): Candle {
  return {
    ...candle,
    highTicks: Math.max(candle.highTicks, trade.priceTicks),
    lowTicks: Math.min(candle.lowTicks, trade.priceTicks),
    closeTicks: trade.priceTicks,
    volumeLots: candle.volumeLots + BigInt(trade.quantityLots),
    turnoverUnits: candle.turnoverUnits + trade.notionalUnits,
    trades: candle.trades + 1,
  };
}

function inLockOrder(a: Candle, b: Candle): number {
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1;
  return a.intervalMs - b.intervalMs || a.startMs - b.startMs;
}
