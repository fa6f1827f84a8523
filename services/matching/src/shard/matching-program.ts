import { assert, inOneTurn, present, StepCount, type Steps, unreachable } from "@bourse/base";
import { MAX_VALUE_BYTES } from "@bourse/bus";
import { epochMs, type orderEvents, type TopicEvent } from "@bourse/contracts";
import { type Envelope, type ShardProgram, UnknownRulesError } from "@bourse/delivery";
import {
  ANY,
  type CommandHead,
  createEngine,
  ENGINE_VERSION,
  type Engine,
  ORDER_TYPE,
  PHASE,
  restoreEngineSteps,
  SIDE,
  TIME_IN_FORCE,
} from "@bourse/engine";
import type { MarketStatus } from "@bourse/market";
import type { WholeBook } from "./book-records.ts";
import { type CommandInHand, CommandReport } from "./command-report.ts";
import { NameTable } from "./name-table.ts";
import { NetPositions } from "./net-positions.ts";
import { newOrderRecord, type OrderRecord, OrderRecords } from "./order-records.ts";
import type { Output } from "./output.ts";
import { hashProgram } from "./program-hash.ts";
import { decodeSteps, encodeSteps, PROGRAM_SNAPSHOT_FORMAT } from "./program-snapshot.ts";
import { engineSpecial, isSpecial } from "./special-terms.ts";
import { type ListedSymbol, SymbolTable } from "./symbol-table.ts";

type Command = TopicEvent<typeof orderEvents>;
type Placed = Extract<Command, { eventType: "OrderCreated" }>;

/** Orders per chunk of a command's mass work; all of it is done before the next command. */
const WORK_CHUNK = 1_024;

/** Orders that one step of a restore compares with the engine. */
const ORDERS_IN_A_STEP = 10_000;

/**
 * When the number of sessions reaches this plus twice the number of live orders, the unused ones are dropped: so finding them
 * costs each new session next to nothing. It depends on the state alone, and so is the same in each replay (R8).
 */
const SPARE_SESSIONS = 1_024;

/** The depth of a BookSnapshot: the whole book. */
const WHOLE_BOOK = 1_000_000;

/**
 * The engine of one partition, with what translates between it and the platform's events: symbols, accounts, order ids, fees.
 * A pure function of its log (R8): nothing here reads a clock, and the same commands yield the same bytes.
 */
export class MatchingProgram implements ShardProgram {
  readonly snapshotFormat = PROGRAM_SNAPSHOT_FORMAT;
  #symbols = new SymbolTable();
  #accounts = new NameTable();
  #sessions = new NameTable();
  #selfTradeGroups = new NameTable();
  #positions = new NetPositions();
  #orders = new OrderRecords();
  #report: CommandReport;
  #engine: Engine;
  /** The version of the rules that the log has activated; 0 before the first. */
  #version = 0;
  /** Since this object was created; not part of the state. */
  #commands = 0;
  #isWorking = false;
  /** Orders of a snapshot older than the event `lessened`: their records have more lots than the engine. */
  #untold: readonly OrderRecord[] = [];

  readonly #maxValueBytes: number;

  /** `maxValueBytes`: the greatest length of an event, as the bus limits it. */
  constructor(maxValueBytes: number = MAX_VALUE_BYTES) {
    this.#maxValueBytes = maxValueBytes;
    this.#report = new CommandReport(this.#orders, this.#symbols, this.#positions, maxValueBytes);
    this.#engine = createEngine({ sink: this.#report });
  }

  restore(snapshot: Uint8Array | null): void {
    inOneTurn(this.restoreSteps(snapshot));
  }

  *restoreSteps(snapshot: Uint8Array | null): Steps<void> {
    if (snapshot === null) return;
    const state = yield* decodeSteps(snapshot);
    this.#symbols = state.symbols;
    this.#accounts = state.accounts;
    this.#sessions = state.sessions;
    this.#selfTradeGroups = state.selfTradeGroups;
    this.#positions = state.positions;
    this.#orders = state.orders;
    this.#version = state.version;
    this.#report = new CommandReport(this.#orders, this.#symbols, this.#positions, this.#maxValueBytes);
    this.#report.engineSequence = state.engineSequence;
    const engine = yield* restoreEngineSteps(state.engine, this.#report);
    assert(engine.ok, "the engine in a snapshot that was written whole can be read");
    this.#engine = engine.value;
    const untold: OrderRecord[] = [];
    const count = new StepCount(ORDERS_IN_A_STEP);
    for (const order of this.#orders.all()) {
      if (count.isFull()) yield;
      if (this.#engineLeaves(order) !== order.leavesLots) untold.push(order);
    }
    this.#untold = untold;
  }

  /** Not while it is restored: what was read is what would be written again. */
  #tellUntold(): void {
    for (const order of this.#untold) {
      const leavesLots = this.#engineLeaves(order);
      this.#report.lessened(order.handle, order.leavesLots - leavesLots, leavesLots);
    }
    this.#untold = [];
  }

  #engineLeaves({ handle }: OrderRecord): number {
    return present(this.#engine.order(handle), "an order that has its record is the engine's").leavesLots;
  }

  apply(envelope: Envelope, output: Output): void {
    const rest = this.applySteps(envelope, output);
    if (rest !== null) inOneTurn(rest);
  }

  applySteps(envelope: Envelope, output: Output): Steps<void> | null {
    this.#commands++;
    const command = envelope.event as Command;
    if (this.#untold.length > 0) this.#tellUntold();
    const head: CommandHead = { request: envelope.sequence, atMs: envelope.timeMs };
    this.#report.begin(inHand(command, envelope), output);
    this.#run(command, head);
    if (this.#engine.pendingWork()) return this.#workSteps();
    this.#report.end(this.#wholeBook);
    return null;
  }

  *#workSteps(): Steps<void> {
    this.#isWorking = true;
    try {
      for (;;) {
        this.#engine.work(WORK_CHUNK);
        if (!this.#engine.pendingWork()) break;
        yield;
      }
      this.#report.end(this.#wholeBook);
    } finally {
      this.#isWorking = false;
    }
  }

  /** A command has mass work left: the state is between two others. */
  get isWorking(): boolean {
    return this.#isWorking;
  }

  /** R8: the engine doesn't get it. A new order is rejected with all its terms, and so its hold is released. */
  void(envelope: Envelope, output: Output): void {
    this.#commands++;
    const command = envelope.event as Command;
    const symbol = command.eventType === "OrderCreated" ? this.#symbols.find(command.symbol) : undefined;
    this.#report.begin(inHand(command, envelope), output);
    if (command.eventType === "OrderCreated" && symbol !== undefined && !this.#orders.has(command.orderId))
      this.#report.placing(newOrderRecord(command, symbol, this.#numbersOf(command, envelope.sequence)));
    this.#report.rejectVoided();
    this.#report.end(this.#wholeBook);
  }

  #run(command: Command, head: CommandHead): void {
    // What is looked up below for a command is what its time has left; TimeAdvanced reports how much that ends.
    if (command.eventType !== "TimeAdvanced") this.#engine.passTime(head.atMs);
    switch (command.eventType) {
      case "OrderCreated":
        this.#place(command, head);
        return;
      case "OrderModified":
        this.#amend(command, head);
        return;
      case "OrderCancelled":
        this.#engine.cancel({ ...head, handle: this.#orders.handleOf(command.orderId) });
        return;
      case "MassCancelled":
        this.#massCancel(command, head);
        return;
      case "AccountBlocked":
        this.#engine.blockAccount({ ...head, account: this.#accounts.indexOf(command.accountId) });
        return;
      case "AccountUnblocked":
        this.#engine.unblockAccount({ ...head, account: this.#accounts.indexOf(command.accountId) });
        return;
      case "AccountGrouped":
        this.#group(command, head);
        return;
      case "PositionFollowed":
        this.#followPosition(command, head);
        return;
      case "SessionClosed":
        this.#engine.closeSession({
          ...head,
          session: this.#sessionOf(command.accountId, command.sessionId),
        });
        return;
      case "TradingHalted": {
        const about = { ...head, symbol: this.#indexOf(command.symbol) };
        if (command.cancelOnly === true) this.#engine.cancelOnly(about);
        else this.#engine.halt(about);
        this.#tellStatus(command.symbol);
        return;
      }
      case "PriceBandsSet":
        this.#setBands(command, head);
        return;
      case "TradingResumed":
        this.#engine.resume({ ...head, symbol: this.#indexOf(command.symbol) });
        this.#tellStatus(command.symbol);
        return;
      case "TimeAdvanced":
        this.#engine.advanceTime(head);
        return;
      case "SymbolListed":
        this.#list(command, head);
        return;
      case "OrderLimitsSet":
        this.#setLimits(command, head);
        return;
      case "EngineVersionActivated":
        this.#activate(command.engineVersion);
        return;
      default:
        unreachable(command);
    }
  }

  #activate(version: number): void {
    if (version > ENGINE_VERSION) {
      throw new UnknownRulesError(
        `the log goes on by version ${version} of the engine's rules, this version of Bourse knows ${ENGINE_VERSION}: ` +
          "run the version that activated it, or a later one",
      );
    }
    this.#version = version;
    this.#report.complete(0);
  }

  #place(command: Placed, head: CommandHead): void {
    const symbol = this.#symbols.find(command.symbol);
    if (symbol === undefined || this.#orders.has(command.orderId)) {
      this.#report.refuse(symbol === undefined ? "unknown_symbol" : "duplicate_order");
      return;
    }
    const { instrument } = symbol;
    const order = newOrderRecord(command, symbol, this.#numbersOf(command, head.request));
    const { account, quantityLots, boundTicks } = order;
    this.#report.placing(order);
    const terms = {
      request: head.request,
      atMs: head.atMs,
      symbol: symbol.index,
      account,
      side: SIDE[command.side],
      type: ORDER_TYPE[command.orderType],
      timeInForce: TIME_IN_FORCE[command.timeInForce],
      postOnly: command.postOnly,
      priceTicks: command.price === undefined ? 0 : instrument.decodePrice(command.price),
      quantityLots,
      worstPriceTicks: boundTicks,
      expireAtMs: command.expireAt === undefined ? 0 : epochMs(command.expireAt),
    };
    const { replaces } = command;
    if (replaces === undefined && !isSpecial(command)) {
      this.#engine.place(terms);
      return;
    }
    const special = engineSpecial(command, instrument, this.#orders, (accountId, sessionId) =>
      this.#sessionOf(accountId, sessionId),
    );
    // A pegged order's price is its limit.
    const priceTicks = command.orderType === "PEGGED" ? boundTicks : terms.priceTicks;
    if (replaces === undefined) this.#engine.place({ ...terms, ...special, priceTicks });
    else this.#engine.replace({ ...terms, ...special, priceTicks, handle: this.#orders.handleOf(replaces) });
  }

  /** The engine's number of an account's session, from 1. */
  #sessionOf(accountId: string, sessionId: string): number {
    const name = `${accountId} ${sessionId}`;
    if (!this.#sessions.has(name) && this.#sessions.size >= SPARE_SESSIONS + 2 * this.#orders.size)
      this.#forgetSessions();
    return this.#sessions.indexOf(name) + 1;
  }

  /** Clients choose the names of sessions, so only those of live orders are kept. */
  #forgetSessions(): void {
    const used = new Set<number>();
    for (const { handle } of this.#orders.all()) {
      const session = this.#engine.order(handle)?.session ?? 0;
      if (session !== 0) used.add(session - 1);
    }
    this.#sessions.keepOnly(used);
  }

  #group(command: Extract<Command, { eventType: "AccountGrouped" }>, head: CommandHead): void {
    const { accountId, selfTradeGroup } = command;
    const group = selfTradeGroup === undefined ? 0 : this.#selfTradeGroups.indexOf(selfTradeGroup) + 1;
    this.#engine.setAccountGroup({ ...head, account: this.#accounts.indexOf(accountId), group });
  }

  #followPosition(command: Extract<Command, { eventType: "PositionFollowed" }>, head: CommandHead): void {
    const account = this.#accounts.indexOf(command.accountId);
    const symbol = this.#indexOf(command.symbol);
    this.#engine.setPosition({ ...head, account, symbol, lots: this.#positions.lots(account, symbol) });
  }

  #setBands(command: Extract<Command, { eventType: "PriceBandsSet" }>, head: CommandHead): void {
    const { lowerPrice, upperPrice, limitStateMs = 0 } = command;
    const instrument = this.#symbols.find(command.symbol)?.instrument;
    const ticks = (price: string | undefined): number =>
      price === undefined || instrument === undefined ? 0 : instrument.decodePrice(price);
    const [lowerTicks, upperTicks] = [ticks(lowerPrice), ticks(upperPrice)];
    this.#engine.setBands({
      ...head,
      symbol: this.#indexOf(command.symbol),
      lowerTicks,
      upperTicks,
      limitStateMs,
    });
  }

  #numbersOf({ accountId }: Placed, handle: number): { readonly handle: number; readonly account: number } {
    return { handle, account: this.#accounts.indexOf(accountId) };
  }

  #amend(command: Extract<Command, { eventType: "OrderModified" }>, head: CommandHead): void {
    const handle = this.#orders.handleOf(command.orderId);
    const instrument = this.#symbols.find(command.symbol)?.instrument;
    const order = this.#orders.byHandle(handle);
    // The engine counts neither what was cancelled of an order nor what was transferred.
    const aside = order === undefined ? 0 : order.cancelledLots + order.transferredLots;
    const quantityLots =
      command.quantity === undefined || instrument === undefined
        ? 0
        : instrument.decodeQuantity(command.quantity) - aside;
    if (command.quantity !== undefined && aside > 0 && quantityLots <= 0) {
      this.#report.refuse("quantity_not_above_filled");
      return;
    }
    this.#engine.amend({
      ...head,
      handle,
      priceTicks:
        command.price === undefined || instrument === undefined ? 0 : instrument.decodePrice(command.price),
      quantityLots,
    });
  }

  #massCancel(command: Extract<Command, { eventType: "MassCancelled" }>, head: CommandHead): void {
    const { accountId, symbol, side } = command;
    this.#engine.massCancel({
      ...head,
      account: accountId === undefined ? ANY : this.#accounts.indexOf(accountId),
      symbol: symbol === undefined ? ANY : this.#indexOf(symbol),
      side: side === undefined ? ANY : SIDE[side],
    });
  }

  #list(command: Extract<Command, { eventType: "SymbolListed" }>, head: CommandHead): void {
    const { eventType: _type, timestamp: _timestamp, requestId: _requestId, ...listing } = command;
    const { index, instrument } = this.#symbols.list(listing);
    const { maxPriceTicks, maxQuantityLots } = instrument;
    this.#engine.listSymbol({ ...head, symbol: index, maxPriceTicks, maxQuantityLots });
  }

  #setLimits(command: Extract<Command, { eventType: "OrderLimitsSet" }>, head: CommandHead): void {
    const listed = this.#symbols.find(command.symbol);
    if (listed === undefined) {
      this.#report.refuse("unknown_symbol");
      return;
    }
    const maxPriceTicks = listed.instrument.decodePrice(command.maxPrice);
    const maxQuantityLots = listed.instrument.decodeQuantity(command.maxQuantity);
    this.#engine.setLimits({ ...head, symbol: listed.index, maxPriceTicks, maxQuantityLots });
  }

  /** That a market is at its band is reported by the engine itself, and that event comes last. */
  #tellStatus(symbol: string): void {
    const status = this.#engine.symbolStatus(this.#indexOf(symbol));
    if (status === undefined || status.limitUntilMs !== 0) return;
    this.#report.statusChanged(symbol, PHASES[status.phase] ?? "HALTED");
  }

  /** If the symbol is not listed here, an index that the engine doesn't have: it refuses the command. */
  #indexOf(symbol: string): number {
    return this.#symbols.find(symbol)?.index ?? this.#symbols.all().length;
  }

  readonly #wholeBook = (symbol: ListedSymbol): WholeBook => this.book(symbol);

  /** The whole visible book, best first: price, quantity, orders. */
  book(symbol: ListedSymbol): WholeBook {
    const snapshot = this.#engine.bookSnapshot(symbol.index, WHOLE_BOOK);
    const { instrument } = symbol;
    const rows = (
      levels: readonly { priceTicks: number; totalLots: number; orderCount: number }[] = [],
    ): BookRow[] =>
      levels.map(({ priceTicks, totalLots, orderCount }) => [
        instrument.formatPrice(priceTicks),
        instrument.formatQuantity(totalLots),
        orderCount,
      ]);
    return { bids: rows(snapshot?.bids), asks: rows(snapshot?.asks) };
  }

  snapshot(): Uint8Array {
    return inOneTurn(this.snapshotSteps());
  }

  *snapshotSteps(): Steps<Uint8Array> {
    return yield* encodeSteps({
      version: this.#version,
      engineSequence: this.#report.engineSequence,
      symbols: this.#symbols,
      accounts: this.#accounts,
      sessions: this.#sessions,
      selfTradeGroups: this.#selfTradeGroups,
      positions: this.#positions,
      orders: this.#orders,
      engine: yield* this.#engine.snapshotSteps(),
    });
  }

  size(): number {
    return this.#orders.size;
  }

  stateHash(): string {
    return present(inOneTurn(this.stateHashSteps()), "a hash where no command comes between its steps");
  }

  /** The same step by step; null where a command came between two of them, or is not done. */
  *stateHashSteps(): Steps<string | null> {
    if (this.#isWorking) return null;
    const [symbols, accounts, sessions] = [this.#symbols, this.#accounts, this.#sessions];
    const tables = { symbols, accounts, sessions, positions: this.#positions, orders: this.#orders };
    const steps = hashProgram(tables, this.#engine);
    const commands = this.#commands;
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      yield;
      if (this.#commands !== commands) return null;
    }
  }

  /** What the service reports about the partition. */
  figures(): {
    readonly symbols: readonly string[];
    readonly restingOrders: number;
    readonly engineVersion: number;
  } {
    return {
      symbols: this.#symbols.all().map(({ symbol }) => symbol),
      restingOrders: this.#engine.restingOrders(),
      engineVersion: this.#version,
    };
  }
}

const PHASES: Readonly<Record<number, MarketStatus>> = {
  [PHASE.TRADING]: "TRADING",
  [PHASE.HALTED]: "HALTED",
  [PHASE.CANCEL_ONLY]: "CANCEL_ONLY",
  [PHASE.PAUSED]: "PAUSED",
};

type BookRow = [price: string, quantity: string, orders: number];

/** The fields of a command that its reports have. */
function inHand(command: Command, { sequence, timeMs }: Envelope): CommandInHand {
  const { eventType } = command;
  return {
    sequence,
    timeMs,
    eventType,
    requestId: eventType === "OrderCreated" ? command.orderId : command.requestId,
    orderId: "orderId" in command ? command.orderId : undefined,
    accountId: "accountId" in command ? command.accountId : undefined,
    symbol: "symbol" in command ? command.symbol : undefined,
  };
}
