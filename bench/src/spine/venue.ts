import { present, type Random } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import { SHARDED_PARTITIONS } from "@bourse/contracts";

/** What the bench lists and who trades it. */

export const QUOTE_ASSET = "USD";
const REFERENCE_CENTS = 10_000;
const PRICE_STEPS = 5;
/** With sizes of 1 to 4 lots on both sides 0.8 trades come of an order: two rows of lengths share 2 in 10 ends. */
const MAX_LOTS = 4;
const FAR_FROM_CENTS = 100;
const FAR_STEPS = 1_500;

/** How large the venue is. */
export interface VenueSize {
  readonly accounts: number;
  /** A multiple of the partitions: each has as many of them, so that none is hotter than the others. */
  readonly symbols: number;
  /** How many symbols each seller has something of; a divisor of `symbols`. */
  readonly symbolsEach: number;
}

/** Four symbols, each in a partition of its own, which every seller sells. */
export function plainVenue(accounts: number): VenueSize {
  return { accounts, symbols: SHARDED_PARTITIONS, symbolsEach: SHARDED_PARTITIONS };
}

export function assetsOf(symbols: readonly string[]): readonly object[] {
  return [
    { asset: QUOTE_ASSET, name: "US dollar", kind: "FIAT", scale: 6 },
    ...symbols.map((symbol) => ({
      asset: baseAssetOf(symbol),
      name: `Of the bench, traded as ${symbol}`,
      kind: "CRYPTO",
      scale: 8,
    })),
  ];
}

export function instrumentOf(symbol: string): object {
  return {
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
  };
}

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

/** Prices far from the reference: no buy among them meets a sell, nor what trades around the reference. */
export const FAR_BUY_PRICES: readonly string[] = farPrices(-1);
export const FAR_SELL_PRICES: readonly string[] = farPrices(1);

/**
 * Accounts with even numbers buy, the others sell: nobody can trade with himself. Sellers have `symbolsEach` symbols that
 * lie together; seller after seller goes around all of them.
 */
export function fundedAssets(
  accountIndex: number,
  symbols: readonly string[],
  symbolsEach: number,
): readonly string[] {
  if (accountIndex % 2 === 0) return [QUOTE_ASSET];
  const seller = (accountIndex - 1) / 2;
  const first = (seller * symbolsEach) % symbols.length;
  return symbols.slice(first, first + symbolsEach).map(baseAssetOf);
}

/** An account that sells the symbol with this number, out of all that do. */
export function sellerOf(
  symbolIndex: number,
  { accounts, symbols, symbolsEach }: VenueSize,
  random: Random,
): number {
  const groups = symbols / symbolsEach;
  const turns = Math.floor(accounts / 2 / groups);
  const seller = Math.floor(symbolIndex / symbolsEach) + groups * random.below(turns);
  return seller * 2 + 1;
}

function prices(direction: 1 | -1): readonly string[] {
  return Array.from({ length: PRICE_STEPS }, (_, step) =>
    ((REFERENCE_CENTS + direction * step) / 100).toFixed(2),
  );
}

function baseAssetOf(symbol: string): string {
  return present(symbol.split("-")[0], "a symbol is base-quote");
}

function farPrices(direction: 1 | -1): readonly string[] {
  return Array.from({ length: FAR_STEPS }, (_, step) =>
    ((REFERENCE_CENTS + direction * (FAR_FROM_CENTS + step)) / 100).toFixed(2),
  );
}

/** As many symbols in each partition: one of each in turn. */
export function symbolsOf(count: number): readonly string[] {
  const byPartition = Array.from({ length: SHARDED_PARTITIONS }, (): string[] => []);
  const each = Math.ceil(count / SHARDED_PARTITIONS);
  for (let number = 1; byPartition.some((symbols) => symbols.length < each); number++) {
    const symbol = `BENCH${number}-${QUOTE_ASSET}`;
    const symbols = present(
      byPartition[partitionOf(symbol, SHARDED_PARTITIONS)],
      "a partition of the shards",
    );
    if (symbols.length < each) symbols.push(symbol);
  }
  return Array.from({ length: count }, (_, index) =>
    present(byPartition[index % SHARDED_PARTITIONS]?.[Math.floor(index / SHARDED_PARTITIONS)], "a symbol"),
  );
}
