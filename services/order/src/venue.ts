import { NewestReading } from "@bourse/host";
import type { Asset, CompiledInstrument, Instrument } from "@bourse/market";
import { ReferenceBook } from "@bourse/market";
import type { Listing } from "./domain/admit-placement.ts";

/**
 * What this instance knows of the venue: a copy of the tables, so that every order it admits follows its symbol's
 * SymbolListed in the log. Refreshed by the consumers of this instance and, for the others', by a job.
 */
export class Venue {
  readonly #reference = new ReferenceBook();
  /** What was compiled, so that a refresh compiles only what has changed. */
  readonly #definitions = new Map<string, string>();
  #listings: ReadonlyMap<string, Listing> = new Map();
  #blocked: ReadonlySet<string> = new Set();
  readonly #reading = new NewestReading();

  /** Reads the tables and loads them, unless a reading that began later was faster. */
  reload(read: () => Promise<VenueTables>): Promise<void> {
    return this.#reading.load(read, (tables) => this.load(tables));
  }

  /** Replaces everything by what the tables hold. */
  load(tables: VenueTables): void {
    for (const asset of tables.assets) this.#reference.listAsset(asset);
    for (const instrument of tables.instruments) {
      const definition = JSON.stringify(instrument);
      if (this.#definitions.get(instrument.symbol) === definition) continue;
      this.#reference.listInstrument(instrument);
      this.#definitions.set(instrument.symbol, definition);
    }
    const halted = new Set(tables.halted);
    this.#listings = new Map(
      this.#reference.instruments().map((instrument) => {
        const { symbol, status } = instrument.instrument;
        return [symbol, { instrument, trading: status === "TRADING" && !halted.has(symbol) }];
      }),
    );
    this.#blocked = new Set(tables.blocked);
  }

  listing(symbol: string): Listing | undefined {
    return this.#listings.get(symbol);
  }

  instrument(symbol: string): CompiledInstrument | undefined {
    return this.#reference.instrument(symbol);
  }

  instruments(): readonly CompiledInstrument[] {
    return this.#reference.instruments();
  }

  /** The kill switch of the account is set: the door is closed to it before risk is asked (R14). */
  isBlocked(accountId: string): boolean {
    return this.#blocked.has(accountId);
  }
}

export interface VenueTables {
  readonly assets: readonly Asset[];
  readonly instruments: readonly Instrument[];
  readonly halted: readonly string[];
  readonly blocked: readonly string[];
}
