/**
 * How trades of a market look, in a few numbers: measured once over recordings, so that a generated stream has the sizes,
 * price steps and bursts of a real one.
 */
export interface TradeProfile {
  /** Quantities at {@link SHARES}; between them the logarithm is taken to be straight. */
  readonly quantities: readonly number[];
  /** One order takes several resting ones: trades of the same millisecond and side. How many orders take just one. */
  readonly singleShare: number;
  /** How many the others take on average. */
  readonly sweepMean: number;
  /** Trades at the same price as the one before. */
  readonly samePriceShare: number;
  /** The size of the other price steps in ticks, at {@link SHARES}. */
  readonly stepTicks: readonly number[];
  /** How often the next order is of the other side. */
  readonly flipShare: number;
}

export const SHARES = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1] as const;

/** Binance spot BTCUSDT, 2024-08-08, 9,757 trades in 5 min 45 s. */
const MAJOR_COIN: TradeProfile = {
  quantities: [0.00001, 0.00003, 0.00009, 0.00011, 0.0006, 0.01329, 0.05565, 0.32416, 0.76908, 0.98261],
  singleShare: 0.704,
  sweepMean: 7.8,
  samePriceShare: 0.588,
  stepTicks: [1, 1, 1, 1, 7, 41, 133, 685, 1_898, 3_268],
  flipShare: 0.32,
};

/** XRP/ETH, 12,477 trades. */
const MINOR_COIN: TradeProfile = {
  quantities: [1, 2, 9, 15, 68, 294, 1_163, 6_059, 17_639, 35_787],
  singleShare: 0.905,
  sweepMean: 3.6,
  samePriceShare: 0.323,
  stepTicks: [1, 1, 1, 6, 26, 109, 222, 445, 670, 774],
  flipShare: 0.26,
};

/** NASDAQ AMZN, 2012-06-21, 11,419 executions. */
const SHARE: TradeProfile = {
  quantities: [1, 1, 5, 15, 66, 100, 100, 400, 1_100, 4_000],
  singleShare: 0.643,
  sweepMean: 2.8,
  samePriceShare: 0.516,
  stepTicks: [1, 1, 1, 1, 2, 4, 7, 16, 25, 43],
  flipShare: 0.23,
};

export interface StreamInstrument {
  readonly symbol: string;
  readonly profile: TradeProfile;
  /** How often an order is for it, relative to the others. */
  readonly weight: number;
  readonly startTicks: number;
  /** Decimals of a price, of a quantity, and of an amount of the quote asset. */
  readonly priceScale: number;
  readonly quantityScale: number;
  readonly feeScale: number;
  /** Quantities of the profile are for another price: times this. */
  readonly quantityFactor: number;
}

export const STREAM_INSTRUMENTS: readonly StreamInstrument[] = [
  coin({ symbol: "BTC-USD", weight: 30, startTicks: 6_183_763, quantityScale: 5, quantityFactor: 1 }),
  coin({ symbol: "ETH-USD", weight: 18, startTicks: 268_412, quantityScale: 4, quantityFactor: 20 }),
  coin({ symbol: "SOL-USD", weight: 10, startTicks: 16_218, quantityScale: 3, quantityFactor: 300 }),
  {
    symbol: "XRP-ETH",
    profile: MINOR_COIN,
    weight: 4,
    startTicks: 141_342,
    priceScale: 8,
    quantityScale: 0,
    feeScale: 8,
    quantityFactor: 1,
  },
  share("AAPL", 14, 58_594),
  share("AMZN", 10, 22_390),
  share("MSFT", 8, 30_950),
  share("TSLA", 6, 3_380),
];

function coin(own: {
  readonly symbol: string;
  readonly weight: number;
  readonly startTicks: number;
  readonly quantityScale: number;
  readonly quantityFactor: number;
}): StreamInstrument {
  return { ...own, profile: MAJOR_COIN, priceScale: 2, feeScale: 2 };
}

function share(symbol: string, weight: number, startTicks: number): StreamInstrument {
  return {
    symbol,
    profile: SHARE,
    weight,
    startTicks,
    priceScale: 2,
    quantityScale: 0,
    feeScale: 2,
    quantityFactor: 1,
  };
}

/** The value at a share of the measured distribution, 0 <= `at` < 1. */
export function quantile(values: readonly number[], at: number): number {
  let next = 1;
  while (next < SHARES.length - 1 && at >= (SHARES[next] ?? 1)) next++;
  const low = values[next - 1] ?? 0;
  const high = values[next] ?? low;
  if (low === high) return low;
  const from = SHARES[next - 1] ?? 0;
  const part = (at - from) / ((SHARES[next] ?? 1) - from);
  return low * (high / low) ** part;
}
