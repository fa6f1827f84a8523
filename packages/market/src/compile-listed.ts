import { assert } from "@bourse/base";
import { type CompiledInstrument, compileInstrument } from "./compile-instrument.ts";
import type { Instrument } from "./instrument.ts";

/** What the engine's log says of a symbol when it is listed. */
export interface ListedTerms
  extends Pick<
    Instrument,
    "symbol" | "baseAsset" | "quoteAsset" | "tickSize" | "lotSize" | "maxPrice" | "maxQuantity"
  > {
  readonly baseScale: number;
  readonly quoteScale: number;
}

/**
 * An instrument for its decimals alone, which never change (R9): fees come with each order, collars and limits are
 * risk's, and whether it trades is told by other events. Asserts the listing rule, which was kept when it was listed.
 */
export function compileListed(terms: ListedTerms): CompiledInstrument {
  const { symbol, baseAsset, quoteAsset, tickSize, lotSize, maxPrice, maxQuantity } = terms;
  const compiled = compileInstrument(
    {
      symbol,
      baseAsset,
      quoteAsset,
      tickSize,
      lotSize,
      maxPrice,
      maxQuantity,
      minQuantity: lotSize,
      referencePrice: tickSize,
      makerFeePpm: 0,
      takerFeePpm: 0,
      collarPpm: 0,
      calendar: "24x7",
      status: "TRADING",
    },
    { asset: baseAsset, name: baseAsset, kind: "CRYPTO", scale: terms.baseScale },
    { asset: quoteAsset, name: quoteAsset, kind: "FIAT", scale: terms.quoteScale },
  );
  assert(compiled.ok, `the listed symbol ${symbol} obeys the listing rule`);
  return compiled.value;
}
