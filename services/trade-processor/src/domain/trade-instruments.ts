import { assert } from "@bourse/base";

/**
 * How the amounts of a symbol are written as integers: a price in ticks of 10^-priceScale, a quantity in lots of
 * 10^-quantityScale, and amounts of money in units of 10^-amountScale (R9).
 */
export interface TradeInstrument {
  readonly symbol: string;
  readonly priceScale: number;
  readonly quantityScale: number;
  readonly amountScale: number;
  /** Amount units of one tick x one lot. */
  readonly unitsPerTickLot: number;
}

export const MAX_SCALE = 12;

/** `amountScale`: where fees have more decimals than price x quantity. */
export function tradeInstrument(
  symbol: string,
  priceScale: number,
  quantityScale: number,
  amountScale: number = priceScale + quantityScale,
): TradeInstrument {
  assert(priceScale >= 0 && quantityScale >= 0, "a scale is not negative");
  assert(amountScale >= priceScale + quantityScale, "an amount has the decimals of price x quantity");
  return {
    symbol,
    priceScale,
    quantityScale,
    amountScale,
    unitsPerTickLot: 10 ** (amountScale - priceScale - quantityScale),
  };
}

const SPEC = /^([A-Z0-9][A-Z0-9.-]{0,31}):([0-9]{1,2}):([0-9]{1,2})$/;

/** Reads `AAPL:4:4,BTC-USD:2:6`: symbol, decimals of the price, decimals of the quantity. null: it is not that. */
export function readInstruments(text: string): readonly TradeInstrument[] | null {
  const found: TradeInstrument[] = [];
  for (const part of text.split(",")) {
    const [, symbol, price, quantity] = SPEC.exec(part.trim()) ?? [];
    if (symbol === undefined || Number(price) > MAX_SCALE || Number(quantity) > MAX_SCALE) return null;
    if (Number(price) + Number(quantity) > MAX_SCALE || found.some((each) => each.symbol === symbol))
      return null;
    found.push(tradeInstrument(symbol, Number(price), Number(quantity)));
  }
  return found;
}

const TABLE_SIZE = 4_096;

/** The known symbols, found by the bytes of their names. */
export class InstrumentTable {
  readonly #instruments: TradeInstrument[] = [];
  readonly #names: Uint8Array[] = [];
  readonly #bySymbol = new Map<string, number>();
  readonly #slots = new Int32Array(TABLE_SIZE).fill(-1);

  constructor(instruments: readonly TradeInstrument[] = []) {
    for (const instrument of instruments) this.add(instrument);
  }

  /** A symbol that is known already keeps its scales: amounts that are stored are in them. */
  add(instrument: TradeInstrument): void {
    if (this.#bySymbol.has(instrument.symbol)) return;
    assert(this.#instruments.length < TABLE_SIZE / 2, "as many symbols as the table has room for");
    const name = Uint8Array.from(instrument.symbol, (letter) => letter.charCodeAt(0));
    const index = this.#instruments.length;
    this.#instruments.push(instrument);
    this.#names.push(name);
    this.#bySymbol.set(instrument.symbol, index);
    let slot = hashOf(name, 0, name.length);
    while (this.#slots[slot] !== -1) slot = (slot + 1) % TABLE_SIZE;
    this.#slots[slot] = index;
  }

  get count(): number {
    return this.#instruments.length;
  }

  get all(): readonly TradeInstrument[] {
    return this.#instruments;
  }

  at(index: number): TradeInstrument {
    const instrument = this.#instruments[index];
    assert(instrument !== undefined, "a symbol's index is of this table");
    return instrument;
  }

  nameAt(index: number): Uint8Array {
    return this.#names[index] ?? EMPTY;
  }

  bySymbol(symbol: string): TradeInstrument | undefined {
    const index = this.#bySymbol.get(symbol);
    return index === undefined ? undefined : this.#instruments[index];
  }

  /** -1: no symbol is written like this. */
  find(bytes: Uint8Array, start: number, end: number): number {
    let slot = hashOf(bytes, start, end);
    for (;;) {
      const index = this.#slots[slot] ?? -1;
      if (index === -1) return -1;
      if (isSame(this.#names[index] ?? EMPTY, bytes, start, end)) return index;
      slot = (slot + 1) % TABLE_SIZE;
    }
  }
}

const EMPTY = new Uint8Array(0);

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return (hash >>> 0) % TABLE_SIZE;
}

function isSame(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let step = 0; step < name.length; step++) if (name[step] !== bytes[start + step]) return false;
  return true;
}
