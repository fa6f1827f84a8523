import { assert, present } from "@bourse/base";
import {
  type BookChanged,
  bookEvents,
  type EventOf,
  type ExecutionReport,
  executionEvents,
  rfc3339,
  type Topic,
  type TradeExecuted,
  tradeEvents,
} from "@bourse/contracts";
import {
  type BookStatus,
  type CancelCause,
  type EventSink,
  type RejectReason,
  type SelfTradeMode,
  SIDE,
  type TriggerCause,
} from "@bourse/engine";
import type { ExecType, Liquidity, MarketStatus } from "@bourse/market";
import type { NetPositions } from "./net-positions.ts";
import {
  cancelSome,
  fill,
  isDone,
  type OrderRecord,
  type OrderRecords,
  statusOf,
  tradedTickLots,
  transfer,
} from "./order-records.ts";
import type { ListedSymbol, SymbolTable } from "./symbol-table.ts";

export type Output = (topic: Topic, key: string | null, event: object) => void;

/** The command that is being applied, as its reports name it. */
export interface CommandInHand {
  readonly sequence: number;
  readonly timeMs: number;
  readonly eventType: string;
  readonly requestId: string;
  /** The order that the command places, amends or cancels. */
  readonly orderId?: string;
  readonly accountId?: string;
  readonly symbol?: string;
}

type LevelChange = EventOf<typeof BookChanged>["changes"][number];

/** A BookSnapshot follows every so many changes of a symbol: what a reader who starts late has to go through. */
export const BOOK_SNAPSHOT_EVERY = 1_000;

/**
 * Turns the engine's events into the contracts' events, while a command runs. A maker's fill is told at once; the taker's
 * fills are one TRADE report after the last, before anything else is told; the levels of the book are one BookChanged per
 * symbol at the end.
 */
export class CommandReport implements EventSink {
  readonly #orders: OrderRecords;
  readonly #symbols: SymbolTable;
  readonly #positions: NetPositions;
  /** Gapless over execution reports and trades (R11). */
  engineSequence = 0;
  #output: Output = () => {};
  #command: CommandInHand = { sequence: 0, timeMs: 0, eventType: "", requestId: "" };
  #timestamp = "";
  /** The order being placed, until the engine has accepted it. */
  #placing: OrderRecord | null = null;
  #taker: OrderRecord | null = null;
  readonly #levels = new Map<ListedSymbol, LevelChange[]>();

  constructor(orders: OrderRecords, symbols: SymbolTable, positions: NetPositions) {
    this.#orders = orders;
    this.#symbols = symbols;
    this.#positions = positions;
  }

  begin(command: CommandInHand, output: Output, placing: OrderRecord | null = null): void {
    this.#command = command;
    this.#output = output;
    this.#timestamp = rfc3339(command.timeMs);
    this.#placing = placing;
  }

  /** After the engine has returned. `snapshot` writes the whole book of a symbol. */
  end(snapshot: (symbol: ListedSymbol) => object): void {
    this.#tellTaker();
    for (const [listed, changes] of this.#levels) {
      listed.bookSequence++;
      const { symbol, bookSequence } = listed;
      this.#output(bookEvents, symbol, {
        eventType: "BookChanged",
        timestamp: this.#timestamp,
        symbol,
        bookSequence,
        changes,
      });
      if (bookSequence % BOOK_SNAPSHOT_EVERY !== 0) continue;
      const whole = { eventType: "BookSnapshot", timestamp: this.#timestamp, symbol, bookSequence };
      this.#output(bookEvents, symbol, { ...whole, ...snapshot(listed) });
    }
    this.#levels.clear();
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
    maker: number,
    taker: number,
    priceTicks: number,
    quantityLots: number,
    makerLeavesLots: number,
    takerLeavesLots: number,
  ): void {
    const making = this.#order(maker);
    const taking = this.#order(taker);
    if (this.#taker !== taking) this.#tellTaker();
    const makerFeeUnits = fill(making, "MAKER", priceTicks, quantityLots, makerLeavesLots);
    const takerFeeUnits = fill(taking, "TAKER", priceTicks, quantityLots, takerLeavesLots);
    this.#moveLots(symbol, making, taking, quantityLots);
    const sides = { maker: making, taker: taking, makerFeeUnits, takerFeeUnits };
    this.#tellTrade(symbol, sides, { number: tradeNumber, priceTicks, quantityLots });
    this.#report(making, "TRADE", false);
    if (isDone(making)) this.#orders.remove(making);
    this.#taker = taking;
  }

  #moveLots(symbol: number, maker: OrderRecord, taker: OrderRecord, lots: number): void {
    const bought = taker.side === "BUY" ? lots : -lots;
    this.#positions.move(taker.account, symbol, bought);
    this.#positions.move(maker.account, symbol, -bought);
  }

  /** Both sides of a fill or, where it has no number, of a transfer. */
  #tellTrade(
    symbol: number,
    { maker, taker, makerFeeUnits, takerFeeUnits }: TradeSides,
    {
      number,
      priceTicks,
      quantityLots,
    }: { readonly number: number | null; readonly priceTicks: number; readonly quantityLots: number },
  ): void {
    const { instrument, listing } = this.#symbols.at(symbol);
    const makerSide = tradeSide(maker, "MAKER", makerFeeUnits);
    const takerSide = tradeSide(taker, "TAKER", takerFeeUnits);
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
      price: instrument.formatPrice(priceTicks),
      quantity: instrument.formatQuantity(quantityLots),
      notional: instrument.formatNotional(priceTicks * quantityLots),
      aggressorSide: taker.side,
      buyer: taker.side === "BUY" ? takerSide : makerSide,
      seller: taker.side === "BUY" ? makerSide : takerSide,
    };
    this.#output(tradeEvents, listing.symbol, number === null ? { ...executed, transfer: true } : executed);
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
      const sides = { maker: making, taker: taking, makerFeeUnits: 0n, takerFeeUnits: 0n };
      this.#tellTrade(symbol, sides, { number: null, priceTicks, quantityLots: preventedLots });
    }
    for (const order of [making, taking]) {
      if (!moves) cancelSome(order, preventedLots);
      if (isDone(order)) this.#orders.remove(order);
      this.#report(order, moves ? "TRADE" : "CANCELLED", false, "self_trade");
    }
  }

  triggered(_sequence: number, handle: number, _cause: TriggerCause, leavesLots: number): void {
    this.#tellTaker();
    const order = this.#order(handle);
    cancelSome(order, order.leavesLots - leavesLots);
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
    const listed = this.#symbols.at(symbol);
    const { instrument } = listed;
    const change: LevelChange = [
      side === SIDE.BUY ? "BUY" : "SELL",
      instrument.formatPrice(priceTicks),
      instrument.formatQuantity(totalLots),
      orderCount,
    ];
    const changes = this.#levels.get(listed);
    if (changes === undefined) this.#levels.set(listed, [change]);
    else changes.push(change);
  }

  /** The outcome of a command that changes no order by itself. */
  complete(ordersAffected: number): void {
    this.#complete({ accepted: true, ordersAffected });
  }

  /** The outcome of a command that is refused and concerns no new order. */
  refuse(reason: string): void {
    this.#complete({ accepted: false, reason, ordersAffected: 0 });
  }

  /** The engine halted or resumed a symbol, or it came to a price band. */
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
    order.leavesLots = 0;
    order.cancelledLots += lots;
    this.#orders.remove(order);
    this.#report(order, execType, outcome, reason);
  }

  /** The fills of the command's own order, told once, after the last. */
  #tellTaker(): void {
    const taker = this.#taker;
    if (taker === null) return;
    this.#taker = null;
    this.#report(taker, "TRADE", false);
    if (isDone(taker)) this.#orders.remove(taker);
  }

  #report(order: OrderRecord, execType: ExecType, outcome: boolean, reason?: string): void {
    const { instrument } = order.symbol;
    const report: EventOf<typeof ExecutionReport> = {
      eventType: "ExecutionReport",
      timestamp: this.#timestamp,
      execType,
      engineSequence: ++this.engineSequence,
      commandSequence: this.#command.sequence,
      requestId: this.#command.requestId,
      outcome,
      symbol: instrument.symbol,
      orderId: order.orderId,
      accountId: order.accountId,
      side: order.side,
      orderStatus: statusOf(order, execType),
      quantity: instrument.formatQuantity(order.quantityLots),
      boundPrice: instrument.formatPrice(order.boundTicks),
      leavesQuantity: instrument.formatQuantity(order.leavesLots),
      cumulativeQuantity: instrument.formatQuantity(order.filledLots),
      cancelledQuantity: instrument.formatQuantity(order.cancelledLots),
      cumulativeNotional: instrument.formatNotional(tradedTickLots(order)),
      cumulativeFee: instrument.formatQuoteUnits(order.feeUnits),
      done: isDone(order),
    };
    if (reason !== undefined) report.reason = reason;
    if (order.triggered) report.triggered = true;
    this.#output(executionEvents, instrument.symbol, report);
  }
}

interface TradeSides {
  readonly maker: OrderRecord;
  readonly taker: OrderRecord;
  readonly makerFeeUnits: bigint;
  readonly takerFeeUnits: bigint;
}

const MARKET_STATUS: Readonly<Record<BookStatus, MarketStatus>> = {
  trading: "TRADING",
  halted: "HALTED",
  cancel_only: "CANCEL_ONLY",
  paused: "PAUSED",
  limit_state: "LIMIT_STATE",
};

function tradeSide(
  order: OrderRecord,
  liquidity: Liquidity,
  feeUnits: bigint,
): EventOf<typeof TradeExecuted>["buyer"] {
  const { instrument } = order.symbol;
  return {
    orderId: order.orderId,
    accountId: order.accountId,
    liquidity,
    fee: instrument.formatQuoteUnits(feeUnits),
    boundPrice: instrument.formatPrice(order.boundTicks),
    leavesQuantity: instrument.formatQuantity(order.leavesLots),
    cumulativeQuantity: instrument.formatQuantity(order.filledLots),
    cumulativeNotional: instrument.formatNotional(tradedTickLots(order)),
    cumulativeFee: instrument.formatQuoteUnits(order.feeUnits),
    done: isDone(order),
  };
}
