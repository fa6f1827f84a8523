import { assert } from "@bourse/base";
import type { Asset } from "./asset.ts";
import { type CompiledInstrument, compileInstrument } from "./compile-instrument.ts";
import type { Instrument } from "./instrument.ts";

/** Assets and instruments that tests of any package may use; listed with odd steps where that finds more. */

export const USD: Asset = { asset: "USD", name: "US dollar", kind: "FIAT", scale: 6 };
export const BTC: Asset = { asset: "BTC", name: "Bitcoin", kind: "CRYPTO", scale: 8 };
export const AAPL: Asset = { asset: "AAPL", name: "Apple", kind: "EQUITY", scale: 0 };

export const BTC_USD: Instrument = {
  symbol: "BTC-USD",
  baseAsset: "BTC",
  quoteAsset: "USD",
  tickSize: "0.05",
  lotSize: "0.0001",
  minQuantity: "0.0001",
  maxQuantity: "1000",
  maxPrice: "1000000",
  makerFeePpm: -50,
  takerFeePpm: 1_000,
  collarPpm: 100_000,
  referencePrice: "60000",
  calendar: "24x7",
  status: "TRADING",
};

export const AAPL_USD: Instrument = {
  symbol: "AAPL",
  baseAsset: "AAPL",
  quoteAsset: "USD",
  tickSize: "0.01",
  lotSize: "1",
  minQuantity: "1",
  maxQuantity: "1000000",
  maxPrice: "100000",
  makerFeePpm: 0,
  takerFeePpm: 250,
  collarPpm: 200_000,
  referencePrice: "180",
  calendar: "XNAS",
  status: "TRADING",
};

/** BTC-USD, compiled, with what a test wants different. */
export function compiledBtcUsd(changes: Partial<Instrument> = {}): CompiledInstrument {
  return compiled({ ...BTC_USD, ...changes }, BTC, USD);
}

/** AAPL, compiled, with what a test wants different. */
export function compiledAapl(changes: Partial<Instrument> = {}): CompiledInstrument {
  return compiled({ ...AAPL_USD, ...changes }, AAPL, USD);
}

function compiled(instrument: Instrument, base: Asset, quote: Asset): CompiledInstrument {
  const result = compileInstrument(instrument, base, quote);
  assert(result.ok, "an instrument of the tests can be listed");
  return result.value;
}
