/** What the demo venue lists. Prices are where its random walks begin. */
export const DEMO_ASSETS = [
  { asset: "USD", name: "US dollar", kind: "FIAT", scale: 6 },
  { asset: "BTC", name: "Bitcoin", kind: "CRYPTO", scale: 8 },
  { asset: "ETH", name: "Ether", kind: "CRYPTO", scale: 8 },
  { asset: "AAPL", name: "Apple Inc.", kind: "EQUITY", scale: 0 },
] as const;

const FEES = { makerFeePpm: 100, takerFeePpm: 300 };

export const DEMO_INSTRUMENTS = [
  {
    symbol: "BTC-USD",
    baseAsset: "BTC",
    quoteAsset: "USD",
    tickSize: "0.01",
    lotSize: "0.0001",
    minQuantity: "0.0001",
    maxQuantity: "100",
    maxPrice: "10000000",
    collarPpm: 100_000,
    referencePrice: "64000",
    calendar: "24x7",
    ...FEES,
  },
  {
    symbol: "ETH-USD",
    baseAsset: "ETH",
    quoteAsset: "USD",
    tickSize: "0.01",
    lotSize: "0.001",
    minQuantity: "0.001",
    maxQuantity: "1000",
    maxPrice: "1000000",
    collarPpm: 100_000,
    referencePrice: "3200",
    calendar: "24x7",
    ...FEES,
  },
  {
    symbol: "AAPL",
    baseAsset: "AAPL",
    quoteAsset: "USD",
    tickSize: "0.01",
    lotSize: "1",
    minQuantity: "1",
    maxQuantity: "100000",
    maxPrice: "100000",
    collarPpm: 100_000,
    referencePrice: "210",
    calendar: "24x7",
    ...FEES,
  },
] as const;

export type DemoInstrument = (typeof DEMO_INSTRUMENTS)[number];

export const MAKER = "demo-maker";
export const TAKERS = ["demo-taker-1", "demo-taker-2", "demo-taker-3"] as const;

/** What each participant starts with. */
export const DEMO_FUNDS = [
  { asset: "USD", amount: "50000000" },
  { asset: "BTC", amount: "500" },
  { asset: "ETH", amount: "10000" },
  { asset: "AAPL", amount: "100000" },
] as const;
