/** The intervals that candles are kept for, in milliseconds. */
export const CANDLE_INTERVALS = { "1m": 60_000, "5m": 300_000, "1h": 3_600_000, "1d": 86_400_000 } as const;
export type CandleInterval = keyof typeof CANDLE_INTERVALS;

/** What a trade adds to the candles it falls into. */
export interface CandleTrade {
  readonly symbol: string;
  readonly timeMs: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
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

const INTERVALS_MS: readonly number[] = Object.values(CANDLE_INTERVALS);
/** Every interval is so many whole minutes. */
const MINUTE_MS = CANDLE_INTERVALS["1m"];

/**
 * One candle for each symbol and interval that the trades, in their order, fall into; sorted as their rows are locked.
 * Trades of a symbol that follow each other in one minute fall into the same candles: they are summed up first.
 */
export function candlesOf<Trade extends CandleTrade>(
  trades: readonly Trade[],
  notionalUnits: (trade: Trade) => bigint,
): readonly Candle[] {
  const candles = new Map<string, Sums>();
  const minutes = new Map<string, Sums>();
  for (const trade of trades) {
    const startMs = trade.timeMs - (trade.timeMs % MINUTE_MS);
    const minute = minutes.get(trade.symbol);
    if (minute?.startMs === startMs) {
      addTrade(minute, trade, notionalUnits(trade));
      continue;
    }
    if (minute !== undefined) addMinute(candles, minute);
    minutes.set(trade.symbol, sumsOf(trade, startMs, notionalUnits(trade)));
  }
  for (const minute of minutes.values()) addMinute(candles, minute);
  return [...candles.values()].sort(inLockOrder);
}

/** A candle that is being made. */
type Sums = { -readonly [Field in keyof Candle]: Candle[Field] };

function sumsOf({ symbol, priceTicks, quantityLots }: CandleTrade, startMs: number, units: bigint): Sums {
  return {
    symbol,
    intervalMs: MINUTE_MS,
    startMs,
    openTicks: priceTicks,
    highTicks: priceTicks,
    lowTicks: priceTicks,
    closeTicks: priceTicks,
    volumeLots: BigInt(quantityLots),
    turnoverUnits: units,
    trades: 1,
  };
}

function addTrade(sums: Sums, { priceTicks, quantityLots }: CandleTrade, units: bigint): void {
  if (priceTicks > sums.highTicks) sums.highTicks = priceTicks;
  if (priceTicks < sums.lowTicks) sums.lowTicks = priceTicks;
  sums.closeTicks = priceTicks;
  sums.volumeLots += BigInt(quantityLots);
  sums.turnoverUnits += units;
  sums.trades++;
}

/** What a minute saw is part of one candle of each interval. */
function addMinute(candles: Map<string, Sums>, minute: Sums): void {
  for (const intervalMs of INTERVALS_MS) {
    const startMs = minute.startMs - (minute.startMs % intervalMs);
    const key = `${minute.symbol} ${intervalMs} ${startMs}`;
    const candle = candles.get(key);
    if (candle === undefined) {
      candles.set(key, { ...minute, intervalMs, startMs });
      continue;
    }
    candle.highTicks = Math.max(candle.highTicks, minute.highTicks);
    candle.lowTicks = Math.min(candle.lowTicks, minute.lowTicks);
    candle.closeTicks = minute.closeTicks;
    candle.volumeLots += minute.volumeLots;
    candle.turnoverUnits += minute.turnoverUnits;
    candle.trades += minute.trades;
  }
}

function inLockOrder(a: Candle, b: Candle): number {
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1;
  return a.intervalMs - b.intervalMs || a.startMs - b.startMs;
}
