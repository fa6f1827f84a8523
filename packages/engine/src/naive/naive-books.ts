import type { CancelCause, EventSink, SelfTradeMode } from "../events.ts";
import { SELF_TRADE_MODES } from "../events.ts";
import { beyondBand, overflows, reduces, reducing } from "./naive-rules.ts";
import {
  byHandle,
  crosses,
  inPriority,
  type NaiveOrder,
  type NaiveState,
  type NaiveSymbol,
} from "./naive-state.ts";

/** What happens in the books, in the simplest code: arrays that are sorted and scanned freely. */
export class NaiveBooks {
  readonly state: NaiveState;
  readonly sink: Required<EventSink>;
  #touched: { symbol: NaiveSymbol; side: number; priceTicks: number }[] = [];
  /** The command that events are attributed to. */
  request = 0;

  constructor(state: NaiveState, sink: Required<EventSink>) {
    this.state = state;
    this.sink = sink;
  }

  sequence(): number {
    this.state.eventSequence++;
    return this.state.eventSequence;
  }

  symbol(index: number): NaiveSymbol | undefined {
    return this.state.symbols.find((symbol) => symbol.symbol === index);
  }

  symbolOf(order: NaiveOrder): NaiveSymbol {
    return this.symbol(order.symbol) as NaiveSymbol;
  }

  find(handle: number): NaiveOrder | undefined {
    return this.state.orders.find((order) => order.handle === handle);
  }

  put(order: NaiveOrder, where: NaiveOrder["where"]): void {
    order.where = where;
    order.priority = ++this.state.lastPriority;
    this.state.orders.push(order);
    this.#touch(order);
  }

  take(order: NaiveOrder): void {
    this.#touch(order);
    this.state.orders = this.state.orders.filter((other) => other !== order);
    order.where = "nowhere";
    order.openLots = order.leavesLots;
  }

  /** Ends an order that is live or in flight. */
  cancel(order: NaiveOrder, cause: CancelCause): void {
    if (order.where !== "nowhere") this.take(order);
    const lots = order.leavesLots;
    order.leavesLots = 0;
    this.sink.cancelled(this.sequence(), this.request, order.handle, cause, lots);
    this.done(order);
  }

  /** What an order's end means for the orders linked to it. */
  done(order: NaiveOrder): void {
    if (order.where !== "nowhere") this.take(order);
    this.dissolve(order);
    const children = this.state.orders.filter((other) => other.parent === order.handle).sort(byHandle);
    for (const child of children) {
      if (order.filledLots === 0) {
        child.parent = 0;
      } else {
        child.ready = true;
        const lots = Math.max(0, child.leavesLots - order.filledLots);
        child.leavesLots -= lots;
        if (lots > 0) this.sink.lessened(child.handle, lots, child.leavesLots);
        child.openLots = child.leavesLots;
        child.displayLots = Math.min(child.displayLots, child.leavesLots);
        child.minimumLots = Math.min(child.minimumLots, child.leavesLots);
      }
    }
    if (order.filledLots === 0) for (const child of children) this.cancel(child, "parent_unfilled");
  }

  /** One of an OCO group has filled, was triggered or has ended: the others are cancelled. */
  dissolve(order: NaiveOrder): void {
    const family = this.state.orders
      .filter(
        (other) =>
          other !== order &&
          ((order.group !== 0 && other.group === order.group) ||
            (order.parent !== 0 && other.parent === order.parent)),
      )
      .sort(byHandle);
    for (const member of [order, ...family]) {
      member.group = 0;
      member.parent = 0;
    }
    // One that has just filled ends by itself.
    for (const member of family) if (member.leavesLots > 0) this.cancel(member, "one_cancels_other");
  }

  /** A new order, or one that wakes or moves: it trades, and rests or is cancelled with what is left. */
  enter(order: NaiveOrder): void {
    const symbol = this.symbolOf(order);
    const needed = order.timeInForce === 4 ? order.leavesLots : order.minimumLots;
    order.minimumLots = 0;
    if (needed > 0 && !this.#canFill(order, needed)) {
      this.cancel(order, order.timeInForce === 4 ? "fill_or_kill" : "minimum_quantity");
      return;
    }
    this.#match(order, symbol);
    if (order.leavesLots === 0) this.done(order);
    else this.#rest(order, symbol);
  }

  #rest(order: NaiveOrder, symbol: NaiveSymbol): void {
    const others = this.state.orders;
    const position = this.position(order.account, order.symbol);
    if (order.type === 1 || order.timeInForce > 2) {
      const residue = order.type === 1 ? "market_residue" : "immediate_or_cancel";
      this.cancel(order, order.timeInForce === 4 ? "fill_or_kill" : residue);
    } else if (beyondBand(symbol, order.side, order.priceTicks)) {
      this.cancel(order, "beyond_band");
    } else if (overflows(others, order.symbol, order.side, order.priceTicks, order.leavesLots)) {
      this.cancel(order, "level_full");
    } else if (order.reduceOnly && !this.fits(order, position?.lots ?? 0)) {
      this.cancel(order, "reduce_only");
    } else {
      order.openLots =
        order.displayLots === 0 ? order.leavesLots : Math.min(order.displayLots, order.leavesLots);
      this.put(order, "book");
    }
  }

  fits(order: NaiveOrder, positionLots: number): boolean {
    const resting = reducing(this.state.orders, order.account, order.symbol);
    return reduces(positionLots, order.side) && resting + order.leavesLots <= Math.abs(positionLots);
  }

  /** The makers an order may trade with, in the order in which it would. */
  #crossed(taker: NaiveOrder): NaiveOrder[] {
    const symbol = this.symbolOf(taker);
    return inPriority(this.state.orders, taker.symbol, 1 - taker.side).filter(
      (maker) =>
        crosses(taker.side, taker.priceTicks, maker.priceTicks) &&
        !beyondBand(symbol, taker.side, maker.priceTicks),
    );
  }

  isSame(left: number, right: number): boolean {
    const { groups } = this.state;
    return left === right || ((groups.get(left) ?? 0) !== 0 && groups.get(left) === groups.get(right));
  }

  /** Orders that may be cancelled before they are reached don't count. */
  #canFill(taker: NaiveOrder, neededLots: number): boolean {
    let wanted = taker.leavesLots;
    let needed = neededLots;
    const take = (lots: number): void => {
      const taken = Math.min(wanted, lots);
      wanted -= taken;
      needed -= taken;
    };
    const makers = this.#crossed(taker);
    for (const price of new Set(makers.map((maker) => maker.priceTicks))) {
      for (const hidden of [false, true]) {
        let reserves = 0;
        for (const maker of makers.filter((m) => m.priceTicks === price && m.hidden === hidden)) {
          if (needed <= 0) return true;
          if (wanted <= 0) return false;
          const own = taker.selfTrade !== 0 && this.isSame(taker.account, maker.account);
          if (own && (taker.selfTrade === 1 || taker.selfTrade === 3)) return false;
          if (own && taker.selfTrade >= 4) wanted -= maker.leavesLots;
          const soft = maker.reduceOnly || maker.group !== 0 || maker.parent !== 0;
          if (own || soft) continue;
          take(maker.openLots);
          reserves += maker.leavesLots - maker.openLots;
        }
        if (wanted > 0) take(reserves);
      }
    }
    return needed <= 0;
  }

  #match(taker: NaiveOrder, symbol: NaiveSymbol): void {
    for (;;) {
      const maker = this.#crossed(taker)[0];
      if (maker === undefined || taker.leavesLots === 0) return;
      if (taker.selfTrade !== 0 && this.isSame(taker.account, maker.account)) this.#prevent(taker, maker);
      else this.#fill(taker, maker, symbol);
    }
  }

  #fill(taker: NaiveOrder, maker: NaiveOrder, symbol: NaiveSymbol): void {
    const lots = Math.min(maker.openLots, taker.leavesLots);
    maker.openLots -= lots;
    for (const order of [maker, taker]) {
      order.leavesLots -= lots;
      order.filledLots += lots;
    }
    this.#touch(maker);
    symbol.tradeNumber++;
    symbol.lastPriceTicks = maker.priceTicks;
    const leaves = [maker.leavesLots, taker.leavesLots] as const;
    this.sink.trade(
      this.sequence(),
      symbol.symbol,
      symbol.tradeNumber,
      maker.handle,
      taker.handle,
      maker.priceTicks,
      lots,
      ...leaves,
    );
    this.dissolve(taker);
    this.dissolve(maker);
    if (maker.where !== "nowhere") this.#reopenOrEnd(maker);
    this.#move(taker, maker, lots);
  }

  /** An iceberg shows its next part at the end of its level. */
  #reopenOrEnd(maker: NaiveOrder): void {
    if (maker.leavesLots === 0) {
      this.done(maker);
    } else if (maker.openLots === 0) {
      this.take(maker);
      maker.openLots = Math.min(maker.displayLots, maker.leavesLots);
      this.put(maker, "book");
    }
  }

  #prevent(taker: NaiveOrder, maker: NaiveOrder): void {
    const transfers = maker.selfTrade === 5 && maker.account !== taker.account;
    const mode = taker.selfTrade === 5 && !transfers ? 4 : taker.selfTrade;
    const lots = mode >= 4 ? Math.min(taker.leavesLots, maker.leavesLots) : 0;
    for (const order of [maker, taker]) order.leavesLots -= lots;
    this.#touchIfShownChanges(maker, Math.min(maker.openLots, maker.leavesLots));
    this.sink.prevented(
      this.sequence(),
      taker.symbol,
      maker.handle,
      taker.handle,
      SELF_TRADE_MODES[mode] as SelfTradeMode,
      maker.priceTicks,
      lots,
      maker.leavesLots,
      taker.leavesLots,
    );
    const makerEnds = mode === 2 || mode === 3 || maker.leavesLots === 0;
    const family =
      taker.group !== 0 ? taker.group === maker.group : taker.parent !== 0 && taker.parent === maker.parent;
    if (makerEnds && family) {
      // An order in flight is not cancelled as a consequence of its own trades.
      taker.group = 0;
      taker.parent = 0;
    }
    if (mode === 2 || mode === 3) this.cancel(maker, "self_trade");
    if (mode === 1 || mode === 3) {
      const left = taker.leavesLots;
      taker.leavesLots = 0;
      this.sink.cancelled(this.sequence(), this.request, taker.handle, "self_trade", left);
    }
    if (mode >= 4 && maker.leavesLots === 0) this.done(maker);
    if (mode === 5) this.#move(taker, maker, lots);
  }

  #touchIfShownChanges(order: NaiveOrder, openLots: number): void {
    if (openLots === order.openLots) return;
    order.openLots = openLots;
    this.#touch(order);
  }

  position(account: number, symbol: number): { lots: number } | undefined {
    return this.state.positions.find((held) => held.account === account && held.symbol === symbol);
  }

  #move(taker: NaiveOrder, maker: NaiveOrder, lots: number): void {
    for (const order of [maker, taker]) {
      const held = this.position(order.account, order.symbol);
      if (held === undefined) continue;
      const moved = held.lots + (order.side === 0 ? lots : -lots);
      const most = Number.MAX_SAFE_INTEGER;
      held.lots = Math.abs(moved) > most ? Math.sign(moved) * most : moved;
    }
    for (const order of [maker, taker]) this.trim(order.account, order.symbol);
  }

  /** Cancels the youngest reduce-only orders until the others don't exceed the position. */
  trim(account: number, symbol: number): void {
    const held = this.position(account, symbol);
    if (held === undefined) return;
    for (;;) {
      const reducers = this.state.orders
        .filter((o) => o.reduceOnly && o.where === "book" && o.account === account && o.symbol === symbol)
        .sort(byHandle);
      const wrong = reducers.some((order) => !reduces(held.lots, order.side));
      const total = reducers.reduce((sum, order) => sum + order.leavesLots, 0);
      const youngest = reducers.at(-1);
      if (youngest === undefined || (!wrong && total <= Math.abs(held.lots))) return;
      this.cancel(youngest, "reduce_only");
    }
  }

  /** Price of the best level of a side that shows something, 0 where none does. */
  bestShown(symbol: number, side: number, firmOnly: boolean): number {
    const shown = inPriority(this.state.orders, symbol, side).filter(
      (order) => !order.hidden && (!firmOnly || order.peg === 0),
    );
    return shown[0]?.priceTicks ?? 0;
  }

  pegPrice(order: NaiveOrder): number {
    const own = this.bestShown(order.symbol, order.side, true);
    const other = this.bestShown(order.symbol, 1 - order.side, true);
    if (own === 0 || (order.peg === 2 && other === 0)) return 0;
    const half = order.peg === 2 ? Math.floor(Math.abs(other - own) / 2) : 0;
    return order.side === 0 ? Math.min(own + half, order.boundTicks) : Math.max(own - half, order.boundTicks);
  }

  #touch(order: NaiveOrder): void {
    if (order.where !== "book" || order.hidden) return;
    const symbol = this.symbolOf(order);
    const { side, priceTicks } = order;
    const known = this.#touched.some(
      (level) => level.symbol === symbol && level.side === side && level.priceTicks === priceTicks,
    );
    if (!known) this.#touched.push({ symbol, side, priceTicks });
  }

  touch(order: NaiveOrder): void {
    this.#touch(order);
  }

  tellLevels(): void {
    for (const { symbol, side, priceTicks } of this.#touched) {
      const { totalLots, orderCount } = this.level(symbol.symbol, side, priceTicks);
      symbol.bookSequence++;
      this.sink.levelChanged(symbol.bookSequence, symbol.symbol, side, priceTicks, totalLots, orderCount);
    }
    this.#touched = [];
  }

  level(symbol: number, side: number, priceTicks: number): { totalLots: number; orderCount: number } {
    const orders = inPriority(this.state.orders, symbol, side).filter(
      (order) => order.priceTicks === priceTicks && !order.hidden,
    );
    return { totalLots: orders.reduce((sum, order) => sum + order.openLots, 0), orderCount: orders.length };
  }
}
