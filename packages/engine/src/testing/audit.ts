import { assert } from "@bourse/base";
import { ORDER_TYPE, type PlaceOrder, SIDE } from "../commands.ts";
import { createEngine } from "../create-engine.ts";
import type { Engine, EngineOptions } from "../engine.ts";
import { applyCommand, type EngineCommand } from "./engine-command.ts";
import { eventSink, type RecordedEvent } from "./recording-sink.ts";

interface Known {
  readonly handle: number;
  readonly symbol: number;
  readonly side: number;
  limitTicks: number;
  quantityLots: number;
  filledLots: number;
  leavesLots: number;
  cancelledLots: number;
  /** Among resting orders of one price the lower goes first. */
  priority: number;
  resting: boolean;
}

const OUTCOMES = ["accepted", "rejected", "replaced", "completed"];

/**
 * Judges a run by the events alone: one outcome per command, gapless numbers, no trade beyond a limit or worst price,
 * makers in price-time order, quantity = filled + leaves + cancelled, no crossed book, and level changes from which the
 * book can be rebuilt. Throws `InvariantError` with the rule that was broken.
 */
export function audit(
  commands: readonly EngineCommand[],
  create: (options: EngineOptions) => Engine = createEngine,
): number {
  const auditor = new Auditor();
  const engine = create({ sink: eventSink((event) => auditor.tell(event)), maxOrders: 500, maxAccounts: 64 });
  for (const command of commands) {
    auditor.begin(command);
    applyCommand(engine, command);
    while (engine.pendingWork()) engine.work(2);
    auditor.end(engine);
  }
  return auditor.trades;
}

class Auditor {
  trades = 0;
  readonly #orders = new Map<number, Known>();
  readonly #levels = new Map<string, number>();
  readonly #tradeNumbers = new Map<number, number>();
  readonly #bookSequences = new Map<number, number>();
  #command: EngineCommand | undefined;
  #outcomes = 0;
  #sequence = 0;
  #priority = 0;

  begin(command: EngineCommand): void {
    this.#command = command;
    this.#outcomes = 0;
  }

  tell(event: RecordedEvent): void {
    const [name, ...values] = event;
    const numbers = values.map(Number);
    if (name === "levelChanged") {
      this.#level(numbers);
      return;
    }
    assert(numbers[0] === ++this.#sequence, "events are numbered without a gap");
    if (OUTCOMES.includes(name) || (name === "cancelled" && values[3] === "requested")) {
      this.#outcomes++;
      assert(Object.is(numbers[1], this.#command?.request), "an outcome names its command's request");
    }
    if (name === "accepted") this.#accepted();
    if (name === "trade") this.#trade(numbers);
    if (name === "replaced") this.#replaced(numbers);
    if (name === "cancelled") this.#finished(numbers[2], numbers[4]);
    if (name === "expired") this.#finished(numbers[1], numbers[2]);
  }

  end(engine: Engine): void {
    assert(this.#outcomes === 1, `a command has exactly one outcome, got ${this.#outcomes}`);
    const command = this.#command;
    if (command?.kind === "place" || command?.kind === "replace" || command?.kind === "amend") {
      const order = this.#orders.get(command.kind === "amend" ? command.handle : command.request);
      if (order !== undefined) order.resting = order.leavesLots > 0;
    }
    for (const order of this.#orders.values()) {
      const { quantityLots, filledLots, leavesLots, cancelledLots } = order;
      assert(
        quantityLots === filledLots + leavesLots + cancelledLots,
        "quantity = filled + leaves + cancelled",
      );
      assert(
        leavesLots === (engine.order(order.handle)?.leavesLots ?? 0),
        "the engine's leaves are those it told",
      );
      if (leavesLots === 0) this.#orders.delete(order.handle);
    }
    for (const symbol of this.#bookSequences.keys()) this.#compareBook(engine, symbol);
  }

  #accepted(): void {
    const command = this.#command as PlaceOrder;
    const { request: handle, symbol, side, type, quantityLots } = command;
    const limitTicks = type === ORDER_TYPE.MARKET ? command.worstPriceTicks : command.priceTicks;
    const quantities = { quantityLots, filledLots: 0, leavesLots: quantityLots, cancelledLots: 0 };
    const priority = ++this.#priority;
    this.#orders.set(handle, { handle, symbol, side, limitTicks, ...quantities, priority, resting: false });
  }

  #trade(numbers: readonly number[]): void {
    const [
      ,
      symbol = 0,
      tradeNumber,
      makerHandle = 0,
      takerHandle = 0,
      price = 0,
      lots = 0,
      makerLeaves,
      takerLeaves,
    ] = numbers;
    this.trades++;
    const last = this.#tradeNumbers.get(symbol) ?? 0;
    assert(tradeNumber === last + 1, "trades of a symbol are numbered without a gap");
    this.#tradeNumbers.set(symbol, tradeNumber);
    const maker = this.#known(makerHandle);
    const taker = this.#known(takerHandle);
    assert(lots > 0, "a trade has a quantity");
    assert(
      maker.side !== taker.side && maker.symbol === symbol && taker.symbol === symbol,
      "a trade has two sides",
    );
    assert(price === maker.limitTicks, "a trade has the maker's price");
    assert(
      taker.side === SIDE.BUY ? price <= taker.limitTicks : price >= taker.limitTicks,
      "no trade beyond a limit",
    );
    assert(maker === this.#best(symbol, maker.side), "the maker is first by price, then by time");
    for (const order of [maker, taker]) {
      order.filledLots += lots;
      order.leavesLots -= lots;
      assert(order.leavesLots >= 0, "leaves are never negative");
    }
    assert(maker.leavesLots === makerLeaves && taker.leavesLots === takerLeaves, "a trade tells both leaves");
    if (maker.leavesLots === 0) maker.resting = false;
  }

  #replaced([, , handle = 0, priceTicks = 0, quantityLots = 0, leavesLots = 0]: readonly number[]): void {
    const order = this.#known(handle);
    if (priceTicks !== order.limitTicks || quantityLots > order.quantityLots) {
      order.priority = ++this.#priority;
      order.resting = false;
    }
    order.limitTicks = priceTicks;
    order.quantityLots = quantityLots;
    order.leavesLots = quantityLots - order.filledLots;
    assert(order.leavesLots === leavesLots && leavesLots > 0, "a replaced order has leaves");
  }

  #finished(handle = 0, lots = 0): void {
    const order = this.#known(handle);
    assert(order.leavesLots === lots && lots > 0, "an order ends with all of its leaves");
    order.cancelledLots = lots;
    order.leavesLots = 0;
    order.resting = false;
  }

  #best(symbol: number, side: number): Known | undefined {
    const direction = side === SIDE.BUY ? -1 : 1;
    return [...this.#orders.values()]
      .filter((order) => order.resting && order.symbol === symbol && order.side === side)
      .sort(
        (left, right) => (left.limitTicks - right.limitTicks) * direction || left.priority - right.priority,
      )[0];
  }

  #level([sequence, symbol = 0, side, price, total = 0, count = 0]: readonly number[]): void {
    assert(
      sequence === (this.#bookSequences.get(symbol) ?? 0) + 1,
      "level changes are numbered without a gap",
    );
    this.#bookSequences.set(symbol, sequence);
    assert(total > 0 === count > 0, "a level has a total exactly while it has orders");
    if (count === 0) this.#levels.delete(`${symbol}/${side}/${price}`);
    else this.#levels.set(`${symbol}/${side}/${price}`, total);
  }

  #compareBook(engine: Engine, symbol: number): void {
    const book = engine.bookSnapshot(symbol, Number.POSITIVE_INFINITY);
    const rows = [book?.bids ?? [], book?.asks ?? []].map((levels, side) =>
      levels.map((level) => [`${symbol}/${side}/${level.priceTicks}`, level.totalLots] as const),
    );
    const rebuilt = [...this.#levels.keys()].filter((key) => key.startsWith(`${symbol}/`));
    assert(rebuilt.length === rows.flat().length, "the level changes rebuild the book");
    for (const [key, total] of rows.flat())
      assert(this.#levels.get(key) === total, "the level changes rebuild the book");
    const [bid, ask] = [
      book?.bids[0]?.priceTicks ?? 0,
      book?.asks[0]?.priceTicks ?? Number.POSITIVE_INFINITY,
    ];
    assert(bid < ask, "a book is never crossed after a command");
  }

  #known(handle: number): Known {
    const order = this.#orders.get(handle);
    assert(order !== undefined, "events name orders that are accepted and not done");
    return order;
  }
}
