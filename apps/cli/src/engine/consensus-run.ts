import {
  type BinaryEngine,
  COMMAND,
  CommandWords,
  createBinaryEngine,
  EVENT,
  type EventRing,
  PLACE_WORD,
  REJECT_REASONS,
} from "@bourse/engine";
import { HEAD, MESSAGE, type MessageColumns, RecordingError } from "@bourse/recordings";
import { REPORT, type ReportRows } from "./report-rows.ts";

const SYMBOL = 0;
const IMMEDIATE_OR_CANCEL = 3 << 4;
const PLACE_WORDS = 6;
const CANCEL_WORDS = 4;
const { PRICE, QUANTITY } = PLACE_WORD;
const { REJECTED, TRADE, CANCELLED, LEVEL } = EVENT;
const { NEW, CANCEL } = MESSAGE;
/** Messages whose entries are loaded at once, a power of two. */
const AHEAD = 32;
const AHEAD_MASK = AHEAD - 1;
/** The line of the first message. */
const FIRST_LINE = 2;
const { KIND, SELLS, IMMEDIATE } = HEAD;

/**
 * Runs a consensus workload through the engine's binary commands and events, message by message. A modification is a
 * cancel and, where that finds its order, a place: the format's rule, by which whatever is modified goes to the end of its
 * level and may trade. No object and no string is made.
 *
 * The engine counts prices from 1; a file with lower ones is run with all of its prices raised by the same number.
 */
export class ConsensusRun {
  readonly #messages: MessageColumns;
  readonly #rows: ReportRows;
  readonly #engine: BinaryEngine;
  readonly #ring: EventRing;
  /** One command each, with what is the same in all of them in place. */
  readonly #placeWords = new CommandWords(PLACE_WORDS);
  readonly #cancelWords = new CommandWords(CANCEL_WORDS);
  /** By key: the handle of the order that rests under this id, or 0. */
  readonly #handles: Int32Array;
  /** By handle: the message that placed the order. */
  readonly #placedBy: Int32Array;
  readonly #raise: number;
  #request = 1;
  /** Where loads go that nobody needs; what goes nowhere would not be loaded. */
  readonly #scratch = new Int32Array(1);
  /** The message whose events are read. */
  #message = 0;
  /** What is left of the order that is placed. */
  #leaves = 0;
  /** Where the order that was removed last was. */
  #side = 0;
  #price = 0;

  /** Throws {@link RecordingError} for a file whose prices and quantities the engine can't count exactly (R9). */
  constructor(messages: MessageColumns, rows: ReportRows) {
    this.#messages = messages;
    this.#rows = rows;
    this.#raise = messages.lowestPrice < 1 ? 1 - messages.lowestPrice : 0;
    this.#handles = new Int32Array(messages.keys);
    this.#placedBy = new Int32Array(messages.count * 2 + 2);
    this.#engine = createBinaryEngine({
      maxOrders: Math.max(1, messages.count),
      maxAccounts: 1,
      onFull: () => this.#readPlaced(),
    });
    this.#ring = this.#engine.events;
    this.#placeWords.i32[0] = COMMAND.PLACE | (PLACE_WORDS << 8);
    this.#cancelWords.i32[0] = COMMAND.CANCEL | (CANCEL_WORDS << 8);
    this.#list();
  }

  /** All messages. Afterwards the reports are in the rows. */
  run(): void {
    const { head, count, key } = this.#messages;
    for (let message = 0; message < count; message++) {
      if ((message & AHEAD_MASK) === 0) this.#touch(message, Math.min(message + AHEAD, count));
      const bits = head[message] as number;
      const kind = bits & KIND;
      this.#message = message;
      if (kind === NEW) this.#new(message, key[message] as number, bits);
      else if (kind === CANCEL) this.#cancel(message, key[message] as number);
      else this.#modify(message, key[message] as number);
    }
  }

  /** Loads the entries of messages that are near: together they come as fast as one of them would alone. */
  #touch(from: number, to: number): void {
    const { key } = this.#messages;
    const handles = this.#handles;
    let any = 0;
    for (let message = from; message < to; message++) any |= handles[key[message] as number] as number;
    this.#scratch[0] = any;
  }

  #new(message: number, key: number, bits: number): void {
    if (this.#handles[key] !== 0) throw this.#idInUse(message);
    const side = (bits & SELLS) === 0 ? 0 : 1;
    const { price, quantity } = this.#messages;
    const lots = quantity[message] as number;
    this.#rows.add(REPORT.ACKNOWLEDGED, message, side, price[message] as number, lots, 0);
    this.#place(message, key, side, bits & IMMEDIATE);
  }

  #cancel(message: number, key: number): void {
    if (this.#remove(key)) this.#rows.add(REPORT.CANCELLED, message, this.#side, this.#price, 0, 0);
    else this.#rows.add(REPORT.CANCEL_REJECTED, message, 0, 0, 0, 0);
  }

  #modify(message: number, key: number): void {
    if (!this.#remove(key)) {
      this.#rows.add(REPORT.MODIFY_REJECTED, message, 0, 0, 0, 0);
      return;
    }
    // Whatever side the message names: an order keeps its own.
    const side = this.#side;
    this.#place(message, key, side, 0);
    const { price, quantity } = this.#messages;
    this.#rows.add(REPORT.MODIFIED, message, side, price[message] as number, quantity[message] as number, 0);
  }

  #place(message: number, key: number, side: number, immediate: number): void {
    const { i32, f64 } = this.#placeWords;
    const { price, quantity } = this.#messages;
    const handle = ++this.#request;
    const lots = quantity[message] as number;
    f64[1] = handle;
    i32[7] = immediate === 0 ? side : side | IMMEDIATE_OR_CANCEL;
    f64[PRICE] = (price[message] as number) + this.#raise;
    f64[QUANTITY] = lots;
    this.#placedBy[handle] = message;
    this.#leaves = lots;
    this.#engine.run(this.#placeWords, 0, PLACE_WORDS);
    this.#readPlaced();
    if (this.#leaves !== 0) this.#handles[key] = handle;
  }

  /** Cancels what rests under an id: whether anything did, and its side and price. */
  #remove(key: number): boolean {
    const { f64 } = this.#cancelWords;
    f64[1] = ++this.#request;
    // Handle 0 is no order's: the engine refuses it as unknown.
    f64[3] = this.#handles[key] as number;
    this.#handles[key] = 0;
    this.#engine.run(this.#cancelWords, 0, CANCEL_WORDS);
    const ring = this.#ring;
    let removed = false;
    for (let at = ring.first(); at !== -1; at = ring.after(at)) {
      const head = ring.i32[at * 2] as number;
      // The level that the order left, right behind the outcome, tells where it was.
      if ((head & 255) !== LEVEL) continue;
      this.#side = head >>> 16;
      this.#price = (ring.f64[at + 2] as number) - this.#raise;
      removed = true;
    }
    ring.releaseTo(-1);
    return removed;
  }

  /** What a place did: fills, and the residue of what does not rest. */
  #readPlaced(): void {
    const ring = this.#ring;
    const { i32 } = ring;
    for (let at = ring.first(); at !== -1; at = ring.after(at)) {
      const kind = (i32[at * 2] as number) & 255;
      if (kind === TRADE) this.#trade(at);
      else if (kind === CANCELLED) this.#cancelResidue();
      else if (kind === REJECTED) throw this.#refused((i32[at * 2] as number) >>> 16);
    }
    ring.releaseTo(-1);
  }

  #trade(at: number): void {
    const { f64 } = this.#ring;
    const maker = this.#placedBy[f64[at + 3] as number] as number;
    const price = (f64[at + 5] as number) - this.#raise;
    this.#rows.add(REPORT.TRADE, this.#message, 0, price, f64[at + 6] as number, maker);
    this.#leaves = f64[at + 8] as number;
    if (f64[at + 7] === 0) this.#handles[this.#messages.key[maker] as number] = 0;
  }

  #cancelResidue(): void {
    const { head, price } = this.#messages;
    const message = this.#message;
    const side = ((head[message] as number) & SELLS) === 0 ? 0 : 1;
    this.#rows.add(REPORT.CANCELLED, message, side, price[message] as number, 0, 0);
    this.#leaves = 0;
  }

  #list(): void {
    const { highestPrice, greatestQuantity } = this.#messages;
    const maxPrice = Math.max(1, highestPrice + this.#raise);
    const maxLots = Math.max(1, greatestQuantity);
    if (maxPrice * maxLots > Number.MAX_SAFE_INTEGER) {
      throw new RecordingError(
        0,
        `price_ticks reach over ${maxPrice} ticks and qty up to ${maxLots}; allowed is a product of at most 2^53 - 1`,
        "file",
      );
    }
    const words = new CommandWords(5);
    words.plain(COMMAND.LIST, { request: this.#request, atMs: 0 }, SYMBOL, [maxPrice, maxLots]);
    this.#engine.run(words);
    this.#ring.releaseTo(-1);
  }

  #idInUse(message: number): RecordingError {
    const id = this.#messages.orderId[message] as number;
    const text = `order_id is "${id}"; allowed is the id of no order that rests`;
    return new RecordingError(message + FIRST_LINE, text, "line");
  }

  #refused(reason: number): RecordingError {
    const { price, quantity } = this.#messages;
    const message = this.#message;
    const order = `qty ${quantity[message]} at price_ticks ${price[message]}`;
    const text = `${order} is refused: ${REJECT_REASONS[reason]}`;
    return new RecordingError(message + FIRST_LINE, text, "line");
  }
}
