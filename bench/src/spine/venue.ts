import { present } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import { SHARDED_PARTITIONS } from "@bourse/contracts";

/** What the bench lists and who trades it. */

export const QUOTE_ASSET = "USD";
const REFERENCE_CENTS = 10_000;
const PRICE_STEPS = 5;
/** With sizes of 1 to 4 lots on both sides 0.8 trades come of an order: two rows of lengths share 2 in 10 ends. */
const MAX_LOTS = 4;

/** Four symbols, each in a partition of its own, so that no partition is hotter than the others. */
export const SYMBOLS: readonly string[] = symbolOfEachPartition();

export const ASSETS: readonly object[] = [
  { asset: QUOTE_ASSET, name: "US dollar", kind: "FIAT", scale: 6 },
  ...SYMBOLS.map((symbol) => ({
    asset: baseAssetOf(symbol),
    name: `Of the bench, traded as ${symbol}`,
    kind: "CRYPTO",
    scale: 8,
  })),
];

export const INSTRUMENTS: readonly object[] = SYMBOLS.map((symbol) => ({
  symbol,
  baseAsset: baseAssetOf(symbol),
  quoteAsset: QUOTE_ASSET,
  tickSize: "0.01",
  lotSize: "0.001",
  minQuantity: "0.001",
  maxQuantity: "1000",
  maxPrice: "100000",
  makerFeePpm: 200,
  takerFeePpm: 500,
  collarPpm: 200_000,
  referencePrice: "100",
}));

/** Prices that a buy may carry, at the reference or above; every one meets every price of a sell. */
export const BUY_PRICES: readonly string[] = prices(1);
export const SELL_PRICES: readonly string[] = prices(-1);
export const QUANTITIES: readonly string[] = Array.from(
  { length: MAX_LOTS },
  (_, index) => `0.00${index + 1}`,
);

/** Never run out: an order is worth less than a dollar. */
export const FUNDS_EACH = "1000000";

export function accountIdOf(index: number): string {
  return `bench-${index}`;
}

/** Accounts with even numbers buy, the others sell: nobody can trade with himself. */
export function fundedAsset(accountIndex: number): readonly string[] {
  return accountIndex % 2 === 0 ? [QUOTE_ASSET] : SYMBOLS.map(baseAssetOf);
}

function prices(direction: 1 | -1): readonly string[] {
  return Array.from({ length: PRICE_STEPS }, (_, step) =>
    ((REFERENCE_CENTS + direction * step) / 100).toFixed(2),
  );
}

function baseAssetOf(symbol: string): string {
  return present(symbol.split("-")[0], "a symbol is base-quote");
}

function symbolOfEachPartition(): readonly string[] {
  const symbols = new Map<number, string>();
  for (let number = 1; symbols.size < SHARDED_PARTITIONS; number++) {
    const symbol = `BENCH${number}-${QUOTE_ASSET}`;
    const partition = partitionOf(symbol, SHARDED_PARTITIONS);
    if (!symbols.has(partition)) symbols.set(partition, symbol);
  }
  return [...symbols.values()];
}
