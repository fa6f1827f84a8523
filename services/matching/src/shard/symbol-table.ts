import { assert } from "@bourse/base";
import type { BookChanged, EventOf, SymbolListed } from "@bourse/contracts";
import { type CompiledInstrument, compileListed } from "@bourse/market";
import { DecimalTexts } from "./decimal-texts.ts";

export type Listing = Omit<EventOf<typeof SymbolListed>, "eventType" | "timestamp" | "requestId">;

export type LevelChange = EventOf<typeof BookChanged>["changes"][number];

/** A symbol of this partition: its index inside the engine and its decimals. */
export interface ListedSymbol {
  readonly index: number;
  readonly symbol: string;
  readonly listing: Listing;
  readonly instrument: CompiledInstrument;
  /** Ticks and lots as decimals. */
  readonly prices: DecimalTexts;
  readonly quantities: DecimalTexts;
  /** Numbers BookChanged events, gapless (R15). */
  bookSequence: number;
  /** What the running command has changed in the book; empty between commands. */
  changes: LevelChange[];
}

/** The symbols of a partition in the order of their listing. */
export class SymbolTable {
  readonly #symbols: ListedSymbol[] = [];
  readonly #byName = new Map<string, ListedSymbol>();
  /** By the size of a step: there are only few sizes, however many symbols. */
  readonly #texts = new Map<string, DecimalTexts>();

  /** Lists a symbol; listing it again changes nothing, since scale, tick and lot never change (R9). */
  list(listing: Listing): ListedSymbol {
    const known = this.#byName.get(listing.symbol);
    if (known !== undefined) return known;
    const index = this.#symbols.length;
    const instrument = compileListed(listing);
    const listed: ListedSymbol = {
      index,
      symbol: listing.symbol,
      listing,
      instrument,
      prices: this.#textsOf(listing.tickSize, instrument.formatPrice),
      quantities: this.#textsOf(listing.lotSize, instrument.formatQuantity),
      bookSequence: 0,
      changes: [],
    };
    this.#symbols.push(listed);
    this.#byName.set(listing.symbol, listed);
    return listed;
  }

  #textsOf(stepSize: string, write: (steps: number) => string): DecimalTexts {
    let texts = this.#texts.get(stepSize);
    if (texts === undefined) {
      texts = new DecimalTexts(write);
      this.#texts.set(stepSize, texts);
    }
    return texts;
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
