import { assert, present } from "@bourse/base";
import {
  type EventOf,
  type ExecutionReport,
  executionEvents,
  rfc3339,
  type TradeExecuted,
  tradeEvents,
} from "@bourse/contracts";
import type {
  BookStatus,
  CancelCause,
  EventSink,
  RejectReason,
  SelfTradeMode,
  TriggerCause,
} from "@bourse/engine";
import type { ExecType, MarketStatus } from "@bourse/market";
import type { WholeBook } from "./book-records.ts";
import { BookReport } from "./book-report.ts";
import type { NetPositions } from "./net-positions.ts";
import { factsOf, type OrderFacts, sideOf, type TradeSide } from "./order-facts.ts";
import {
  cancelSome,
  fill,
  isDone,
  type OrderRecord,
  type OrderRecords,
  statusOf,
  transfer,
} from "./order-records.ts";
import type { Output } from "./output.ts";
import type { ListedSymbol, SymbolTable } from "./symbol-table.ts";

/** The command that is being applied, with the fields that its reports have. */
export interface CommandInHand {
  readonly sequence: number;
  readonly timeMs: number;
  readonly eventType: string;
  readonly requestId: string;
  /** The order that the command places, amends or cancels. */
  readonly orderId: string | undefined;
  readonly accountId: string | undefined;
  readonly symbol: string | undefined;
}

const NO_COMMAND: CommandInHand = {
  sequence: 0,
  timeMs: 0,
  eventType: "",
  requestId: "",
  orderId: undefined,
  accountId: undefined,
  symbol: undefined,
};

/**
 * Turns the engine's events into the contracts' events, while a command runs. A maker's fill is reported at once. The taker's
 * fills become one TRADE report after the last of them, before any other event. Changes of the books come at the end.
 */
export class CommandReport implements EventSink {
  readonly #orders: OrderRecords;
  readonly #symbols: SymbolTable;
  readonly #positions: NetPositions;
  readonly #books: BookReport;
  /** Gapless over execution reports and trades (R11). */
  engineSequence = 0;
  #output: Output = () => {};
  #command = NO_COMMAND;
  #timestamp = "";
  /** The order being placed, until the engine has accepted it. */
  #placing: OrderRecord | null = null;
  #taker: OrderRecord | null = null;
  /** As of the taker's last fill; null if the taker has changed since. */
  #takerFacts: OrderFacts | null = null;

  /** `maxValueBytes`: the greatest length of an event. */
  constructor(orders: OrderRecords, symbols: SymbolTable, positions: NetPositions, maxValueBytes: number) {
    this.#orders = orders;
    this.#symbols = symbols;
    this.#positions = positions;
    this.#books = new BookReport(maxValueBytes);
  }

  begin(command: CommandInHand, output: Output): void {
    this.#command = command;
    this.#output = output;
    this.#timestamp = rfc3339(command.timeMs);
    this.#placing = null;
  }

  /** The command places this order: the next event is about it. */
  placing(order: OrderRecord): void {
    this.#placing = order;
  }

  /** Called after the engine has returned. `snapshot` reads the whole book of a symbol. */
  end(snapshot: (symbol: ListedSymbol) => WholeBook): void {
    this.#tellTaker();
    this.#books.tell(this.#timestamp, this.#output, snapshot);
  }

  accepted(_sequence: number, handle: number): void {
    const order = present(this.#placing, "the order that the engine accepts");
    assert(order.handle === handle, "an order's handle is the sequence of its command");
    this.#placing = null;
    this.#orders.add(order);
    this.#report(order, "NEW", true);
  }

  rejected(_sequence: number, _request: number, _handle: number, reason: RejectReason): void {
    const order = this.#placing;
    if (order === null) {
      this.refuse(reason);
      return;
    }
    this.#reject(order, reason);
  }

  /** The outcome of a command that an operator has voided (R8). */
  rejectVoided(): void {
    const order = this.#placing;
    if (order === null) this.refuse("voided");
    else this.#reject(order, "voided");
  }

  #reject(order: OrderRecord, reason: string): void {
    this.#placing = null;
    order.leavesLots = 0;
    order.cancelledLots = order.quantityLots;
    this.#report(order, "REJECTED", true, reason);
  }

  trade(
    _sequence: number,
    symbol: number,
    tradeNumber: number,
    makerHandle: number,
    takerHandle: number,
    priceTicks: number,
    quantityLots: number,
    makerLeavesLots: number,
    takerLeavesLots: number,
  ): void {
    const making = this.#order(makerHandle);
    const taking = this.#order(takerHandle);
    if (this.#taker !== taking) this.#tellTaker();
    const makerFeeUnits = fill(making, "MAKER", priceTicks, quantityLots, makerLeavesLots);
    const takerFeeUnits = fill(taking, "TAKER", priceTicks, quantityLots, takerLeavesLots);
    this.#moveLots(symbol, making, taking, quantityLots);
    const maker = { order: making, feeUnits: makerFeeUnits, facts: factsOf(making) };
    const taker = { order: taking, feeUnits: takerFeeUnits, facts: factsOf(taking) };
    this.#tellTrade(symbol, maker, taker, { number: tradeNumber, priceTicks, quantityLots });
    this.#tell(making, maker.facts, "TRADE", false);
    if (isDone(making)) this.#orders.remove(making);
    this.#taker = taking;
    this.#takerFacts = taker.facts;
  }

  #moveLots(symbol: number, maker: OrderRecord, taker: OrderRecord, lots: number): void {
    const bought = taker.side === "BUY" ? lots : -lots;
    this.#positions.move(taker.account, symbol, bought);
    this.#positions.move(maker.account, symbol, -bought);
  }

  /** Both sides of a fill or, if it has no trade number, of a transfer. */
  #tellTrade(
    symbol: number,
    maker: TradeSide,
    taker: TradeSide,
    {
      number,
      priceTicks,
      quantityLots,
    }: { readonly number: number | null; readonly priceTicks: number; readonly quantityLots: number },
  ): void {
    const { instrument, listing, prices, quantities } = this.#symbols.at(symbol);
    const makerSide = sideOf(maker, "MAKER");
    const takerSide = sideOf(taker, "TAKER");
    const { side } = taker.order;
    const engineSequence = ++this.engineSequence;
    const executed: EventOf<typeof TradeExecuted> = {
      eventType: "TradeExecuted",
      timestamp: this.#timestamp,
      tradeId: `${listing.symbol}-${number ?? `T${engineSequence}`}`,
      engineSequence,
      commandSequence: this.#command.sequence,
      symbol: listing.symbol,
      baseAsset: listing.baseAsset,
      quoteAsset: listing.quoteAsset,
      price: prices.text(priceTicks),
      quantity: quantities.text(quantityLots),
      notional: instrument.formatNotional(priceTicks * quantityLots),
      aggressorSide: side,
      buyer: side === "BUY" ? takerSide : makerSide,
      seller: side === "BUY" ? makerSide : takerSide,
    };
    if (number === null) executed.transfer = true;
    this.#output(tradeEvents, listing.symbol, executed);
  }

  /** Lots that would have been a self-trade: moved between two accounts of one group, or cancelled on both sides. */
  prevented(
    _sequence: number,
    symbol: number,
    maker: number,
    taker: number,
    mode: SelfTradeMode,
    priceTicks: number,
    preventedLots: number,
    makerLeavesLots: number,
    takerLeavesLots: number,
  ): void {
    if (preventedLots === 0) return;
    this.#tellTaker();
    const making = this.#order(maker);
    const taking = this.#order(taker);
    const moves = mode === "transfer" && making.accountId !== taking.accountId;
    if (moves) {
      transfer(making, priceTicks, preventedLots, makerLeavesLots);
      transfer(taking, priceTicks, preventedLots, takerLeavesLots);
      this.#moveLots(symbol, making, taking, preventedLots);
      this.#tellTrade(
        symbol,
        { order: making, feeUnits: 0n, facts: factsOf(making) },
        { order: taking, feeUnits: 0n, facts: factsOf(taking) },
        { number: null, priceTicks, quantityLots: preventedLots },
      );
    }
    for (const order of [making, taking]) {
      if (!moves) cancelSome(order, preventedLots);
      if (isDone(order)) this.#orders.remove(order);
      this.#report(order, moves ? "TRADE" : "CANCELLED", false, "self_trade");
    }
  }

  /** The lots that the parent did not fill are in the order's next report, that of its trigger or its end. */
  lessened(handle: number, lots: number, leavesLots: number): void {
    const order = this.#order(handle);
    cancelSome(order, lots);
    assert(order.leavesLots === leavesLots, "a child loses of what was left");
  }

  triggered(_sequence: number, handle: number, _cause: TriggerCause, leavesLots: number): void {
    this.#tellTaker();
    const order = this.#order(handle);
    assert(order.leavesLots === leavesLots, "an order wakes with what was left");
    order.triggered = true;
    this.#report(order, "TRIGGERED", false);
  }

  bookStatus(_sequence: number, symbol: number, status: BookStatus, untilMs: number): void {
    this.statusChanged(this.#symbols.at(symbol).symbol, MARKET_STATUS[status], untilMs);
  }

  replaced(
    _sequence: number,
    _request: number,
    handle: number,
    priceTicks: number,
    _quantityLots: number,
    leavesLots: number,
  ): void {
    const order = this.#order(handle);
    if (order === this.#taker) this.#takerFacts = null;
    order.boundTicks = priceTicks;
    order.leavesLots = leavesLots;
    // The engine does not count what was cancelled or transferred as part of the order's quantity.
    order.quantityLots = order.filledLots + leavesLots + order.cancelledLots;
    this.#report(order, "REPLACED", true);
  }

  cancelled(
    _sequence: number,
    _request: number,
    handle: number,
    cause: CancelCause,
    cancelledLots: number,
  ): void {
    this.#tellTaker();
    this.#finish(this.#order(handle), "CANCELLED", cancelledLots, cause === "requested", cause);
  }

  expired(_sequence: number, handle: number, expiredLots: number): void {
    this.#tellTaker();
    this.#finish(this.#order(handle), "EXPIRED", expiredLots, false, "expired");
  }

  completed(_sequence: number, _request: number, affectedOrders: number): void {
    this.#tellTaker();
    this.complete(affectedOrders);
  }

  levelChanged(
    _bookSequence: number,
    symbol: number,
    side: number,
    priceTicks: number,
    totalLots: number,
    orderCount: number,
  ): void {
    this.#books.levelChanged(this.#symbols.at(symbol), side, priceTicks, totalLots, orderCount);
  }

  /** The outcome of a command that changes no order by itself. */
  complete(ordersAffected: number): void {
    this.#complete({ accepted: true, ordersAffected });
  }

  /** The outcome of a command that is refused and concerns no new order. */
  refuse(reason: string): void {
    this.#complete({ accepted: false, reason, ordersAffected: 0 });
  }

  /** A symbol was halted or resumed, or reached a price band. */
  statusChanged(symbol: string, status: MarketStatus, untilMs = 0): void {
    this.#output(executionEvents, symbol, {
      eventType: "MarketStatusChanged",
      timestamp: this.#timestamp,
      symbol,
      status,
      ...(untilMs === 0 ? {} : { until: rfc3339(untilMs) }),
    });
  }

  #complete(outcome: { accepted: boolean; ordersAffected: number; reason?: string }): void {
    const { sequence, requestId, eventType, orderId, accountId, symbol } = this.#command;
    this.#output(executionEvents, symbol ?? null, {
      eventType: "CommandCompleted",
      timestamp: this.#timestamp,
      engineSequence: ++this.engineSequence,
      commandSequence: sequence,
      requestId,
      command: eventType,
      ...(orderId === undefined ? {} : { orderId }),
      ...(accountId === undefined ? {} : { accountId }),
      ...(symbol === undefined ? {} : { symbol }),
      ...outcome,
    });
  }

  #order(handle: number): OrderRecord {
    return present(this.#orders.byHandle(handle), "an order of the engine has its record");
  }

  #finish(order: OrderRecord, execType: ExecType, lots: number, outcome: boolean, reason: string): void {
    assert(lots === order.leavesLots, "what is cancelled is what was left");
    cancelSome(order, lots);
    this.#orders.remove(order);
    this.#report(order, execType, outcome, reason);
  }

  /** Reports the fills of the command's own order, once, after the last. */
  #tellTaker(): void {
    const taker = this.#taker;
    if (taker === null) return;
    this.#taker = null;
    this.#tell(taker, this.#takerFacts ?? factsOf(taker), "TRADE", false);
    if (isDone(taker)) this.#orders.remove(taker);
  }

  #report(order: OrderRecord, execType: ExecType, outcome: boolean, reason?: string): void {
    this.#tell(order, factsOf(order), execType, outcome, reason);
  }

  #tell(order: OrderRecord, facts: OrderFacts, execType: ExecType, outcome: boolean, reason?: string): void {
    const { symbol, quantities } = order.symbol;
    const report: EventOf<typeof ExecutionReport> = {
      eventType: "ExecutionReport",
      timestamp: this.#timestamp,
      execType,
      engineSequence: ++this.engineSequence,
      commandSequence: this.#command.sequence,
      requestId: this.#command.requestId,
      outcome,
      symbol,
      orderId: order.orderId,
      accountId: order.accountId,
      side: order.side,
      orderStatus: statusOf(order, execType),
      quantity: quantities.text(order.quantityLots),
      boundPrice: facts.boundPrice,
      leavesQuantity: facts.leavesQuantity,
      cumulativeQuantity: facts.cumulativeQuantity,
      cancelledQuantity: quantities.text(order.cancelledLots),
      cumulativeNotional: facts.cumulativeNotional,
      cumulativeFee: facts.cumulativeFee,
      done: facts.done,
    };
    if (reason !== undefined) report.reason = reason;
    if (order.triggered) report.triggered = true;
    this.#output(executionEvents, symbol, report);
  }
}

const MARKET_STATUS: Readonly<Record<BookStatus, MarketStatus>> = {
  trading: "TRADING",
  halted: "HALTED",
  cancel_only: "CANCEL_ONLY",
  paused: "PAUSED",
  limit_state: "LIMIT_STATE",
};
