import type { CancelCause, EventSink, RejectReason } from "./events.ts";

/** Numbers events and passes them on. */
export class Reporter {
  readonly #sink: EventSink;
  eventSequence = 0;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  accepted(handle: number): void {
    this.#sink.accepted(++this.eventSequence, handle);
  }

  rejected(request: number, handle: number, reason: RejectReason): void {
    this.#sink.rejected(++this.eventSequence, request, handle, reason);
  }

  trade(
    symbol: number,
    tradeNumber: number,
    maker: number,
    taker: number,
    priceTicks: number,
    quantityLots: number,
    makerLeavesLots: number,
    takerLeavesLots: number,
  ): void {
    const sequence = ++this.eventSequence;
    this.#sink.trade(
      sequence,
      symbol,
      tradeNumber,
      maker,
      taker,
      priceTicks,
      quantityLots,
      makerLeavesLots,
      takerLeavesLots,
    );
  }

  replaced(
    request: number,
    handle: number,
    priceTicks: number,
    quantityLots: number,
    leavesLots: number,
  ): void {
    this.#sink.replaced(++this.eventSequence, request, handle, priceTicks, quantityLots, leavesLots);
  }

  cancelled(request: number, handle: number, cause: CancelCause, cancelledLots: number): void {
    this.#sink.cancelled(++this.eventSequence, request, handle, cause, cancelledLots);
  }

  expired(handle: number, expiredLots: number): void {
    this.#sink.expired(++this.eventSequence, handle, expiredLots);
  }

  completed(request: number, affectedOrders: number): void {
    this.#sink.completed(++this.eventSequence, request, affectedOrders);
  }

  levelChanged(
    bookSequence: number,
    symbol: number,
    side: number,
    priceTicks: number,
    totalLots: number,
    orderCount: number,
  ): void {
    this.#sink.levelChanged(bookSequence, symbol, side, priceTicks, totalLots, orderCount);
  }
}
