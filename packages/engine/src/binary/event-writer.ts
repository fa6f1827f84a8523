import { EVENT } from "./event-layout.ts";
import type { EventRing } from "./event-ring.ts";

const SEQUENCE = 0;

const { ACCEPTED, REJECTED, TRADE, REPLACED, CANCELLED, EXPIRED, COMPLETED, LEVEL } = EVENT;
const { TRIGGERED, REPRICED, PREVENTED, STATUS, ORDER_ADDED, ORDER_REDUCED, LESSENED } = EVENT;

/** Numbers events and writes them to the ring. Methods take a record's fields, in the order of the record. */
export class EventWriter {
  readonly #ring: EventRing;
  readonly #f64: Float64Array;
  readonly #i32: Int32Array;
  /** A number in an array is never boxed. */
  readonly counter: Float64Array = new Float64Array(1);

  constructor(ring: EventRing) {
    this.#ring = ring;
    this.#f64 = ring.f64;
    this.#i32 = ring.i32;
  }

  get sequence(): number {
    return this.counter[SEQUENCE] as number;
  }

  set sequence(value: number) {
    this.counter[SEQUENCE] = value;
  }

  accepted(handle: number): void {
    const at = this.#begin(ACCEPTED, 3, 0, 0);
    this.#f64[at + 2] = handle;
  }

  rejected(request: number, handle: number, reason: number): void {
    const at = this.#begin(REJECTED, 4, reason, 0);
    this.#f64[at + 2] = request;
    this.#f64[at + 3] = handle;
  }

  trade(
    symbol: number,
    tradeNumber: number,
    maker: number,
    taker: number,
    priceTicks: number,
    lots: number,
    makerLeaves: number,
    takerLeaves: number,
  ): void {
    const f64 = this.#f64;
    const at = this.#begin(TRADE, 9, 0, symbol);
    f64[at + 2] = tradeNumber;
    f64[at + 3] = maker;
    f64[at + 4] = taker;
    f64[at + 5] = priceTicks;
    f64[at + 6] = lots;
    f64[at + 7] = makerLeaves;
    f64[at + 8] = takerLeaves;
  }

  replaced(
    request: number,
    handle: number,
    priceTicks: number,
    quantityLots: number,
    leavesLots: number,
  ): void {
    const f64 = this.#f64;
    const at = this.#begin(REPLACED, 7, 0, 0);
    f64[at + 2] = request;
    f64[at + 3] = handle;
    f64[at + 4] = priceTicks;
    f64[at + 5] = quantityLots;
    f64[at + 6] = leavesLots;
  }

  cancelled(request: number, handle: number, cause: number, lots: number): void {
    const at = this.#begin(CANCELLED, 5, cause, 0);
    this.#f64[at + 2] = request;
    this.#f64[at + 3] = handle;
    this.#f64[at + 4] = lots;
  }

  expired(handle: number, lots: number): void {
    const at = this.#begin(EXPIRED, 4, 0, 0);
    this.#f64[at + 2] = handle;
    this.#f64[at + 3] = lots;
  }

  completed(request: number, affectedOrders: number): void {
    const at = this.#begin(COMPLETED, 4, 0, 0);
    this.#f64[at + 2] = request;
    this.#f64[at + 3] = affectedOrders;
  }

  triggered(handle: number, cause: number, leavesLots: number): void {
    const at = this.#begin(TRIGGERED, 4, cause, 0);
    this.#f64[at + 2] = handle;
    this.#f64[at + 3] = leavesLots;
  }

  repriced(handle: number, priceTicks: number): void {
    const at = this.#begin(REPRICED, 4, 0, 0);
    this.#f64[at + 2] = handle;
    this.#f64[at + 3] = priceTicks;
  }

  prevented(
    symbol: number,
    mode: number,
    maker: number,
    taker: number,
    priceTicks: number,
    lots: number,
    makerLeaves: number,
    takerLeaves: number,
  ): void {
    const f64 = this.#f64;
    const at = this.#begin(PREVENTED, 8, mode, symbol);
    f64[at + 2] = maker;
    f64[at + 3] = taker;
    f64[at + 4] = priceTicks;
    f64[at + 5] = lots;
    f64[at + 6] = makerLeaves;
    f64[at + 7] = takerLeaves;
  }

  bookStatus(symbol: number, status: number, untilMs: number): void {
    const at = this.#begin(STATUS, 3, status, symbol);
    this.#f64[at + 2] = untilMs;
  }

  levelChanged(
    bookSequence: number,
    symbol: number,
    side: number,
    priceTicks: number,
    totalLots: number,
    orders: number,
  ): void {
    const f64 = this.#f64;
    const at = this.#ring.reserve(5);
    this.#i32[at * 2] = LEVEL | (5 << 8) | (side << 16);
    this.#i32[at * 2 + 1] = symbol;
    f64[at + 1] = bookSequence;
    f64[at + 2] = priceTicks;
    f64[at + 3] = totalLots;
    f64[at + 4] = orders;
  }

  orderAdded(
    orderSequence: number,
    symbol: number,
    handle: number,
    side: number,
    priceTicks: number,
    lots: number,
  ): void {
    const f64 = this.#f64;
    const at = this.#ring.reserve(5);
    this.#i32[at * 2] = ORDER_ADDED | (5 << 8) | (side << 16);
    this.#i32[at * 2 + 1] = symbol;
    f64[at + 1] = orderSequence;
    f64[at + 2] = handle;
    f64[at + 3] = priceTicks;
    f64[at + 4] = lots;
  }

  orderReduced(orderSequence: number, symbol: number, handle: number, lots: number): void {
    const at = this.#ring.reserve(4);
    this.#i32[at * 2] = ORDER_REDUCED | (4 << 8);
    this.#i32[at * 2 + 1] = symbol;
    this.#f64[at + 1] = orderSequence;
    this.#f64[at + 2] = handle;
    this.#f64[at + 3] = lots;
  }

  lessened(handle: number, lots: number, leavesLots: number): void {
    const at = this.#ring.reserve(4);
    this.#i32[at * 2] = LESSENED | (4 << 8);
    this.#f64[at + 1] = handle;
    this.#f64[at + 2] = lots;
    this.#f64[at + 3] = leavesLots;
  }

  #begin(kind: number, words: number, code: number, symbol: number): number {
    const at = this.#ring.reserve(words);
    this.#i32[at * 2] = kind | (words << 8) | (code << 16);
    this.#i32[at * 2 + 1] = symbol;
    const sequence = (this.counter[SEQUENCE] as number) + 1;
    this.counter[SEQUENCE] = sequence;
    this.#f64[at + 1] = sequence;
    return at;
  }
}
