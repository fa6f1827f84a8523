import { assert } from "@bourse/base";
import type { EventOf, SymbolListed } from "@bourse/contracts";
import { type CompiledInstrument, compileListed } from "@bourse/market";

export type Listing = Omit<EventOf<typeof SymbolListed>, "eventType" | "timestamp" | "requestId">;

/** A symbol of this partition: its index inside the engine and its decimals. */
export interface ListedSymbol {
  readonly index: number;
  readonly symbol: string;
  readonly listing: Listing;
  readonly instrument: CompiledInstrument;
  /** Numbers BookChanged events, gapless (R15). */
  bookSequence: number;
}

/** The symbols of a partition in the order of their listing. */
export class SymbolTable {
  readonly #symbols: ListedSymbol[] = [];
  readonly #byName = new Map<string, ListedSymbol>();

  /** Lists a symbol; listing it again changes nothing, since scale, tick and lot never change (R9). */
  list(listing: Listing): ListedSymbol {
    const known = this.#byName.get(listing.symbol);
    if (known !== undefined) return known;
    const index = this.#symbols.length;
    const listed: ListedSymbol = {
      index,
      symbol: listing.symbol,
      listing,
      instrument: compileListed(listing),
      bookSequence: 0,
    };
    this.#symbols.push(listed);
    this.#byName.set(listing.symbol, listed);
    return listed;
  }

  find(symbol: string): ListedSymbol | undefined {
    return this.#byName.get(symbol);
  }

  at(index: number): ListedSymbol {
    const listed = this.#symbols[index];
    assert(listed !== undefined, "the engine names symbols that are listed");
    return listed;
  }

  all(): readonly ListedSymbol[] {
    return this.#symbols;
  }
}
