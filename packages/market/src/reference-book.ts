import { assert } from "@bourse/base";
import type { Asset } from "./asset.ts";
import { type CompiledInstrument, compileInstrument } from "./compile-instrument.ts";
import type { Instrument } from "./instrument.ts";

/**
 * What exists, in memory: assets and compiled instruments, as the reference events tell them.
 * Reference data has checked what it lists, so an instrument that does not compile is a broken invariant.
 */
export class ReferenceBook {
  readonly #assets = new Map<string, Asset>();
  readonly #instruments = new Map<string, CompiledInstrument>();

  listAsset(asset: Asset): void {
    this.#assets.set(asset.asset, asset);
  }

  /** Lists an instrument or replaces what may change of it. */
  listInstrument(instrument: Instrument): CompiledInstrument {
    const baseAsset = this.#assets.get(instrument.baseAsset);
    const quoteAsset = this.#assets.get(instrument.quoteAsset);
    assert(
      baseAsset !== undefined && quoteAsset !== undefined,
      "an instrument's assets are listed before it",
    );
    const compiled = compileInstrument(instrument, baseAsset, quoteAsset);
    assert(compiled.ok, `the listed instrument ${instrument.symbol} obeys the listing rule`);
    this.#instruments.set(instrument.symbol, compiled.value);
    return compiled.value;
  }

  asset(code: string): Asset | undefined {
    return this.#assets.get(code);
  }

  instrument(symbol: string): CompiledInstrument | undefined {
    return this.#instruments.get(symbol);
  }

  assets(): readonly Asset[] {
    return [...this.#assets.values()];
  }

  instruments(): readonly CompiledInstrument[] {
    return [...this.#instruments.values()];
  }
}
