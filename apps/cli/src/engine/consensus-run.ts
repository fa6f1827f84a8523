import {
  type BinaryEngine,
  COMMAND,
  CommandWords,
  createBinaryEngine,
  EVENT,
  type EventRing,
  REJECT_REASONS,
} from "@bourse/engine";
import { HEAD, MESSAGE, type MessageColumns, RecordingError } from "@bourse/recordings";
import { commandsOf, FIRST_REQUEST, type MessageCommands } from "./message-commands.ts";
import { REPORT, type ReportRows } from "./report-rows.ts";

const SYMBOL = 0;
const { ACCEPTED, REJECTED, TRADE, CANCELLED, LEVEL } = EVENT;
const { NEW, CANCEL } = MESSAGE;
const { KIND, SELLS } = HEAD;
const SIDE_SHIFT = 8;
const { ACKNOWLEDGED, MODIFIED, CANCEL_REJECTED, MODIFY_REJECTED } = REPORT;
const { TRADE: TRADED, CANCELLED: GONE } = REPORT;
const UNKNOWN_ORDER = REJECT_REASONS.indexOf("unknown_order");
/** Messages that the engine runs at a time: their events stay in the nearest cache. */
const BATCH = 64;
/** The line of the first message. */
const FIRST_LINE = 2;
const NOBODY = -1;

/**
 * Runs a consensus workload through the engine's binary commands and events, some messages at a time. No object and no
 * string is made.
 *
 * The engine counts prices from 1; a file with lower ones is run with all of its prices raised by the same number.
 */
export class ConsensusRun {
  readonly #messages: MessageColumns;
  readonly #commands: MessageCommands;
  readonly #rows: ReportRows;
  readonly #engine: BinaryEngine;
  readonly #ring: EventRing;
  readonly #raise: number;
  /** The message whose report comes with the level that its order has left; NOBODY. */
  #leaving = NOBODY;
  /** The message whose order trades. */
  #taking = 0;

  /** Throws {@link RecordingError} for a file whose prices and quantities the engine can't count exactly (R9). */
  constructor(messages: MessageColumns, rows: ReportRows) {
    this.#messages = messages;
    this.#rows = rows;
    this.#raise = messages.lowestPrice < 1 ? 1 - messages.lowestPrice : 0;
    this.#engine = createBinaryEngine({
      maxOrders: Math.max(1, messages.count),
      maxAccounts: 1,
      onFull: () => this.#report(),
    });
    this.#ring = this.#engine.events;
    this.#list();
    this.#commands = commandsOf(messages, this.#raise, BATCH);
  }

  /** All messages. Afterwards the reports are in the rows. */
  run(): void {
    const { starts, secondUses } = this.#commands;
    let next = 0;
    for (let batch = 1; batch < starts.length; batch++) {
      let from = starts[batch - 1] as number;
      const to = starts[batch] as number;
      for (let use = secondUses[next]; use !== undefined && use.at < to; use = secondUses[++next]) {
        this.#run(from, use.at);
        if (this.#engine.order(use.handle) !== undefined) throw this.#idInUse(use.message);
        from = use.at;
      }
      this.#run(from, to);
    }
  }

  #run(from: number, to: number): void {
    this.#engine.run(this.#commands.words, from, to);
    this.#report();
  }

  /** Makes reports of the events there are. */
  #report(): void {
    const ring = this.#ring;
    const { i32, f64 } = ring;
    for (let at = ring.first(); at !== -1; at = ring.after(at)) {
      const head = i32[at * 2] as number;
      const kind = head & 255;
      if (kind === ACCEPTED) this.#accepted((f64[at + 2] as number) - FIRST_REQUEST);
      else if (kind === LEVEL) {
        // The level that an order left tells where it was.
        if (this.#leaving !== NOBODY) this.#left(head >>> 16, at);
      } else if (kind === CANCELLED) this.#cancelled(at);
      else if (kind === TRADE) this.#trade(at);
      else if (kind === REJECTED) this.#rejected(head >>> 16, (f64[at + 2] as number) - FIRST_REQUEST);
    }
    ring.releaseTo(-1);
  }

  #accepted(message: number): void {
    this.#taking = message;
    const bits = this.#messages.head[message] as number;
    if ((bits & KIND) === NEW) this.#told(ACKNOWLEDGED, message, (bits & SELLS) === 0 ? 0 : 1);
  }

  #left(side: number, at: number): void {
    const message = this.#leaving;
    this.#leaving = NOBODY;
    if (((this.#messages.head[message] as number) & KIND) !== CANCEL) this.#told(MODIFIED, message, side);
    else {
      const row = this.#rows.next(GONE | (side << SIDE_SHIFT), message);
      this.#rows.f64[row + 1] = (this.#ring.f64[at + 2] as number) - this.#raise;
    }
  }

  /** A report of the price and the quantity that a message asks for. */
  #told(type: number, message: number, side: number): void {
    const rows = this.#rows;
    const { price, quantity } = this.#messages;
    const row = rows.next(type | (side << SIDE_SHIFT), message);
    rows.f64[row + 1] = price[message] as number;
    rows.i32[row * 2 + 4] = quantity[message] as number;
  }

  #cancelled(at: number): void {
    const { f64 } = this.#ring;
    const message = (f64[at + 2] as number) - FIRST_REQUEST;
    if (f64[at + 2] !== f64[at + 3]) {
      this.#leaving = message;
      return;
    }
    // An order's own request: what is left of it does not rest.
    const { head, price } = this.#messages;
    const side = ((head[message] as number) & SELLS) === 0 ? 0 : 1;
    const row = this.#rows.next(GONE | (side << SIDE_SHIFT), message);
    this.#rows.f64[row + 1] = price[message] as number;
  }

  #trade(at: number): void {
    const rows = this.#rows;
    const { f64 } = this.#ring;
    const row = rows.next(TRADED, this.#taking);
    rows.f64[row + 1] = (f64[at + 5] as number) - this.#raise;
    rows.i32[row * 2 + 4] = f64[at + 6] as number;
    rows.i32[row * 2 + 5] = (f64[at + 3] as number) - FIRST_REQUEST;
  }

  #rejected(reason: number, message: number): void {
    if (reason !== UNKNOWN_ORDER) throw this.#refused(reason, message);
    const cancels = ((this.#messages.head[message] as number) & KIND) === CANCEL;
    this.#rows.next(cancels ? CANCEL_REJECTED : MODIFY_REJECTED, message);
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
    words.plain(COMMAND.LIST, { request: FIRST_REQUEST - 1, atMs: 0 }, SYMBOL, [maxPrice, maxLots]);
    this.#engine.run(words);
    this.#ring.releaseTo(-1);
  }

  #idInUse(message: number): RecordingError {
    const id = this.#messages.orderId[message] as number;
    const text = `order_id is "${id}"; allowed is the id of no order that rests`;
    return new RecordingError(message + FIRST_LINE, text, "line");
  }

  #refused(reason: number, message: number): RecordingError {
    const { price, quantity } = this.#messages;
    const order = `qty ${quantity[message]} at price_ticks ${price[message]}`;
    const text = `${order} is refused: ${REJECT_REASONS[reason]}`;
    return new RecordingError(message + FIRST_LINE, text, "line");
  }
}
