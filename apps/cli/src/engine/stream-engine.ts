import {
  type BinaryEngine,
  type BookSnapshot,
  COMMAND,
  CommandWords,
  createBinaryEngine,
  EVENT,
  ORDER_TYPE,
  REJECT_REASONS,
  TIME_IN_FORCE,
} from "@bourse/engine";
import { type RecordedCommand, type RecordedFill, RecordingError } from "@bourse/recordings";

const SYMBOL = 0;
/** Longer than the longest command that is written here. */
const WORDS = 8;

/** What a command did. */
export interface Outcome {
  readonly fills: readonly RecordedFill[];
  /** Why the engine refused the command; undefined where it did not. */
  readonly refusal?: string;
}

export interface Bounds {
  readonly maxPrice: number;
  readonly maxQuantity: number;
}

/** The engine, obeying recorded commands under the recording's own order ids. */
export class StreamEngine {
  readonly #engine: BinaryEngine;
  readonly #words = new CommandWords(WORDS);
  /** Of orders that rest. */
  readonly #handles = new Map<string, number>();
  readonly #ids = new Map<number, string>();
  #request = 0;
  #fills: RecordedFill[] = [];
  #refusal: string | undefined;

  /** Throws {@link RecordingError} for bounds that the engine can't count with exactly (R9). */
  constructor({ maxPrice, maxQuantity }: Bounds) {
    if (maxPrice * maxQuantity > Number.MAX_SAFE_INTEGER) {
      const text = `price reaches up to ${maxPrice} and qty up to ${maxQuantity}; allowed is a product of at most 2^53 - 1`;
      throw new RecordingError(0, text, "file");
    }
    this.#engine = createBinaryEngine({ maxAccounts: 2, onFull: () => this.#read() });
    this.#words.plain(COMMAND.LIST, this.#head(), SYMBOL, [maxPrice, maxQuantity]);
    this.#run();
  }

  /** Obeys a command. One about an order that does not rest is refused. */
  obey(command: RecordedCommand): Outcome {
    this.#fills = [];
    this.#refusal = undefined;
    if (command.kind === "limit" || command.kind === "aggress") this.#place(command);
    else if (command.kind !== "hidden") this.#reduce(command);
    return { fills: this.#fills, ...(this.#refusal === undefined ? {} : { refusal: this.#refusal }) };
  }

  book(depth: number): BookSnapshot {
    return this.#engine.bookSnapshot(SYMBOL, depth) ?? { bookSequence: 0, bids: [], asks: [] };
  }

  #place({ kind, id, side, price, quantity }: RecordedCommand): void {
    if (this.#handles.has(id)) {
      this.#refusal = "an order with this id rests already";
      return;
    }
    const head = this.#head();
    const isBuy = side === "BUY";
    this.#words.place(head, {
      symbol: SYMBOL,
      // Buyers and sellers are two, so that nobody meets himself.
      account: isBuy ? 0 : 1,
      side: isBuy ? 0 : 1,
      type: ORDER_TYPE.LIMIT,
      timeInForce: kind === "aggress" ? TIME_IN_FORCE.IOC : TIME_IN_FORCE.GTC,
      postOnly: false,
      priceTicks: price,
      quantityLots: quantity,
      worstPriceTicks: 0,
      expireAtMs: 0,
    });
    this.#run();
    if (this.#engine.order(head.request) === undefined) return;
    this.#handles.set(id, head.request);
    this.#ids.set(head.request, id);
  }

  #reduce({ kind, id, quantity }: RecordedCommand): void {
    const handle = this.#handles.get(id);
    const order = handle === undefined ? undefined : this.#engine.order(handle);
    if (handle === undefined || order === undefined) {
      this.#refusal = "no order with this id rests";
    } else if (kind === "delete" || quantity >= order.leavesLots) {
      this.#words.cancel(this.#head(), handle);
      this.#run();
      this.#forget(handle);
    } else {
      this.#words.amend(this.#head(), handle, 0, order.quantityLots - quantity);
      this.#run();
    }
  }

  #run(): void {
    this.#engine.run(this.#words);
    this.#words.clear();
    this.#read();
  }

  #read(): void {
    const { events } = this.#engine;
    const { i32, f64 } = events;
    for (let at = events.first(); at !== -1; at = events.after(at)) {
      const head = i32[at * 2] as number;
      if ((head & 255) === EVENT.REJECTED) this.#refusal = REJECT_REASONS[head >>> 16] ?? "refused";
      if ((head & 255) !== EVENT.TRADE) continue;
      const maker = f64[at + 3] as number;
      const fill = { price: f64[at + 5] as number, quantity: f64[at + 6] as number };
      this.#fills.push({ makerId: this.#ids.get(maker) ?? "", ...fill });
      if (f64[at + 7] === 0) this.#forget(maker);
    }
    events.releaseTo(-1);
  }

  #forget(handle: number): void {
    this.#handles.delete(this.#ids.get(handle) ?? "");
    this.#ids.delete(handle);
  }

  #head(): { readonly request: number; readonly atMs: number } {
    return { request: ++this.#request, atMs: 0 };
  }
}
