import { assert } from "@bourse/base";
import { type CostMethod, emptyPosition, type Position } from "@bourse/positions";
import { HeldPosition } from "./held-position.ts";
import type { InstrumentTable } from "./trade-instruments.ts";

/** A client's position in a symbol as memory has it, ahead of the tables by what is on its way into them. */
export interface BookEntry {
  readonly clientId: string;
  readonly symbol: number;
  held: HeldPosition;
  trades: number;
  /** Of the row as it will be once all that is prepared is written; 0: there is none. */
  version: number;
  /** Changed by the batch in hand. */
  isChanged: boolean;
}

/** Clients by the bytes of their names, and their positions: those that were loaded, and no others. */
export class PositionBook {
  readonly method: CostMethod;
  readonly #instruments: InstrumentTable;
  #names: Uint8Array[] = [];
  #texts: string[] = [];
  #slots = new Int32Array(FIRST_SLOTS).fill(-1);
  #entries: (BookEntry | undefined)[][] = [];
  #positions = 0;

  constructor(method: CostMethod, instruments: InstrumentTable) {
    this.method = method;
    this.#instruments = instruments;
  }

  get positions(): number {
    return this.#positions;
  }

  get clients(): number {
    return this.#names.length;
  }

  clear(): void {
    this.#names = [];
    this.#texts = [];
    this.#slots = new Int32Array(FIRST_SLOTS).fill(-1);
    this.#entries = [];
    this.#positions = 0;
  }

  /** A number for the client, the same as long as the book is not cleared. Ids are ASCII; the bytes are not kept. */
  client(bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const index = this.#slots[slot] ?? -1;
      if (index === -1) return this.#addClient(Uint8Array.from(bytes.subarray(start, end)), slot);
      const name = this.#names[index];
      if (name === undefined || name.length !== end - start) continue;
      let same = 0;
      while (same < name.length && name[same] === bytes[start + same]) same++;
      if (same === name.length) return index;
    }
  }

  clientId(client: number): string {
    return this.#texts[client] ?? "";
  }

  entry(client: number, symbol: number): BookEntry | undefined {
    return this.#entries[client]?.[symbol];
  }

  /** What the tables have, or undefined for a position that is new. */
  load(
    client: number,
    symbol: number,
    stored?: { position: Position; trades: number; version: number },
  ): BookEntry {
    const { unitsPerTickLot } = this.#instruments.at(symbol);
    const entry: BookEntry = {
      clientId: this.clientId(client),
      symbol,
      held: new HeldPosition(stored?.position ?? emptyPosition(this.method, BigInt(unitsPerTickLot))),
      trades: stored?.trades ?? 0,
      version: stored?.version ?? 0,
      isChanged: false,
    };
    const ofClient = this.#entries[client];
    assert(ofClient !== undefined, "a position is of a client of the book");
    if (ofClient[symbol] === undefined) this.#positions++;
    ofClient[symbol] = entry;
    return entry;
  }

  #addClient(name: Uint8Array, slot: number): number {
    const index = this.#names.length;
    this.#names.push(name);
    this.#texts.push(String.fromCharCode(...name));
    this.#entries.push([]);
    this.#slots[slot] = index;
    if (2 * this.#names.length > this.#slots.length) this.#grow();
    return index;
  }

  #grow(): void {
    const slots = new Int32Array(2 * this.#slots.length).fill(-1);
    const mask = slots.length - 1;
    this.#names.forEach((name, index) => {
      let hash = 0x811c9dc5;
      for (const letter of name) hash = Math.imul(hash ^ letter, 0x01000193);
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== -1) slot = (slot + 1) & mask;
      slots[slot] = index;
    });
    this.#slots = slots;
  }
}

const FIRST_SLOTS = 4_096;
