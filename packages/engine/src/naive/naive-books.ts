import type { CancelCause, EventSink, SelfTradeMode, TriggerCause } from "../events.ts";
import { SELF_TRADE_MODES } from "../events.ts";
import type { MassWork } from "../state.ts";
import { beyondBand, overflows, reduces, reducing } from "./naive-rules.ts";
import {
  asleep,
  byHandle,
  crosses,
  inPriority,
  type NaiveOrder,
  type NaiveState,
  type NaiveSymbol,
} from "./naive-state.ts";

/** What happens in the books, said as plainly as possible: arrays that are sorted and scanned at will. */
export class NaiveBooks {
  readonly state: NaiveState;
  readonly #sink: Required<EventSink>;
  #touched: { symbol: NaiveSymbol; side: number; priceTicks: number }[] = [];
  /** The command that what happens is laid to. */
  request = 0;

  constructor(state: NaiveState, sink: Required<EventSink>) {
    this.state = state;
    this.#sink = sink;
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
    this.#sink.cancelled(this.sequence(), this.request, order.handle, cause, lots);
    this.done(order);
  }

  expire(order: NaiveOrder): void {
    this.take(order);
    this.#sink.expired(this.sequence(), order.handle, order.leavesLots);
    this.done(order);
    this.tellLevels();
    this.settle(this.symbolOf(order));
  }

  /** What an order's end means for those that hang on it. */
  done(order: NaiveOrder): void {
    if (order.where !== "nowhere") this.take(order);
    this.#dissolve(order);
    const children = this.state.orders.filter((other) => other.parent === order.handle).sort(byHandle);
    for (const child of children) {
      if (order.filledLots === 0) {
        child.parent = 0;
      } else {
        child.ready = true;
        child.leavesLots = Math.min(child.leavesLots, order.filledLots);
        child.openLots = child.leavesLots;
        child.displayLots = Math.min(child.displayLots, child.leavesLots);
        child.minimumLots = Math.min(child.minimumLots, child.leavesLots);
      }
    }
    if (order.filledLots === 0) for (const child of children) this.cancel(child, "parent_unfilled");
  }

  /** One of a family has filled, woken or ended: the others are cancelled. */
  #dissolve(order: NaiveOrder): void {
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
    } else if (order.reduceOnly && !this.#fits(order, position?.lots ?? 0)) {
      this.cancel(order, "reduce_only");
    } else {
      order.openLots =
        order.displayLots === 0 ? order.leavesLots : Math.min(order.displayLots, order.leavesLots);
      this.put(order, "book");
    }
  }

  #fits(order: NaiveOrder, positionLots: number): boolean {
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

  /** Orders that may go before they are met don't count. */
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
    this.#sink.trade(
      this.sequence(),
      symbol.symbol,
      symbol.tradeNumber,
      maker.handle,
      taker.handle,
      maker.priceTicks,
      lots,
      ...leaves,
    );
    this.#dissolve(taker);
    this.#dissolve(maker);
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
    const mode = taker.selfTrade === 5 && maker.selfTrade !== 5 ? 4 : taker.selfTrade;
    const lots = mode >= 4 ? Math.min(taker.leavesLots, maker.leavesLots) : 0;
    for (const order of [maker, taker]) order.leavesLots -= lots;
    this.#touchIfShownChanges(maker, Math.min(maker.openLots, maker.leavesLots));
    this.#sink.prevented(
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
      // An order in flight is not cancelled for what it does itself.
      taker.group = 0;
      taker.parent = 0;
    }
    if (mode === 2 || mode === 3) this.cancel(maker, "self_trade");
    if (mode === 1 || mode === 3) {
      const left = taker.leavesLots;
      taker.leavesLots = 0;
      this.#sink.cancelled(this.sequence(), this.request, taker.handle, "self_trade", left);
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
      if (held !== undefined) held.lots += order.side === 0 ? lots : -lots;
    }
    for (const order of [maker, taker]) this.trim(order.account, order.symbol);
  }

  /** Cancels the youngest reduce-only orders until they would not turn the position. */
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

  /** What a command sets off, one after the other, until nothing is left. */
  settle(symbol: NaiveSymbol): void {
    while (symbol.phase === 0 && this.#settleOne(symbol)) this.tellLevels();
    if (symbol.phase === 0) this.#judgeLimitState(symbol);
  }

  #settleOne(symbol: NaiveSymbol): boolean {
    const orders = this.state.orders.filter((order) => order.symbol === symbol.symbol).sort(byHandle);
    const ready = orders.find((order) => order.ready);
    if (ready !== undefined) {
      ready.ready = false;
      ready.waits = false;
      this.take(ready);
      this.wake(ready, "parent");
      return true;
    }
    const pegged = orders.find((o) => o.peg !== 0 && o.where !== "nowhere" && this.#isAdrift(o));
    if (pegged !== undefined) {
      this.#reprice(pegged);
      return true;
    }
    for (const order of orders) if (order.where === "asleep") this.#trail(order, symbol);
    for (const by of [0, 1]) {
      for (const side of [1, 0]) {
        const next = asleep(this.state.orders, symbol.symbol, side, by)[0];
        if (next === undefined || !this.#isDue(next, symbol)) continue;
        this.take(next);
        next.stopTicks = 0;
        next.trailTicks = 0;
        next.trailBps = 0;
        this.wake(next, "stop");
        return true;
      }
    }
    return false;
  }

  /** A pegged order that waits for its parent can't be: those are refused. */
  #isAdrift(order: NaiveOrder): boolean {
    return this.pegPrice(order) !== (order.where === "book" ? order.priceTicks : 0);
  }

  #reprice(order: NaiveOrder): void {
    const price = this.pegPrice(order);
    this.take(order);
    order.priceTicks = price;
    this.#sink.repriced(this.sequence(), order.handle, price);
    if (price === 0) this.put(order, "aside");
    else this.enter(order);
  }

  /** A child or a stop begins to work. */
  wake(order: NaiveOrder, cause: TriggerCause): void {
    this.#sink.triggered(this.sequence(), order.handle, cause, order.leavesLots);
    if (cause === "stop") this.#dissolve(order);
    if (order.stopTicks !== 0 || order.trailTicks !== 0 || order.trailBps !== 0) {
      this.put(order, "asleep");
      return;
    }
    const held = this.position(order.account, order.symbol);
    if (order.reduceOnly && !this.#fits(order, held?.lots ?? 0)) this.cancel(order, "reduce_only");
    else this.enter(order);
  }

  #reference(order: NaiveOrder, symbol: NaiveSymbol): number {
    return order.triggerBy === 0
      ? symbol.lastPriceTicks
      : this.bestShown(symbol.symbol, 1 - order.side, false);
  }

  #isDue(order: NaiveOrder, symbol: NaiveSymbol): boolean {
    const reference = this.#reference(order, symbol);
    if (reference === 0 || order.stopTicks === 0) return false;
    return order.side === 0 ? reference >= order.stopTicks : reference <= order.stopTicks;
  }

  #trail(order: NaiveOrder, symbol: NaiveSymbol): void {
    const reference = this.#reference(order, symbol);
    if (reference === 0 || (order.trailTicks === 0 && order.trailBps === 0)) return;
    const part = (BigInt(reference) * BigInt(order.trailBps) + 9_999n) / 10_000n;
    const distance = order.trailTicks === 0 ? Number(part) : order.trailTicks;
    const stop =
      order.side === 0
        ? Math.min(symbol.maxPriceTicks, reference + distance)
        : Math.max(1, reference - distance);
    const better = order.side === 0 ? stop < order.stopTicks : stop > order.stopTicks;
    if (order.stopTicks !== 0 && !better) return;
    order.stopTicks = stop;
    order.priority = ++this.state.lastPriority;
  }

  #judgeLimitState(symbol: NaiveSymbol): void {
    if (symbol.upperTicks === 0) return;
    const limited =
      this.bestShown(symbol.symbol, 0, false) === symbol.upperTicks ||
      this.bestShown(symbol.symbol, 1, false) === symbol.lowerTicks;
    if (limited === (symbol.limitUntilMs !== 0)) return;
    symbol.limitUntilMs = limited ? this.state.nowMs + symbol.limitStateMs : 0;
    this.#sink.bookStatus(
      this.sequence(),
      symbol.symbol,
      limited ? "limit_state" : "trading",
      symbol.limitUntilMs,
    );
  }

  pause(symbol: NaiveSymbol): void {
    symbol.phase = 3;
    symbol.limitUntilMs = 0;
    this.#sink.bookStatus(this.sequence(), symbol.symbol, "paused", 0);
  }

  /** The earliest moment of an expiry or of the end of a limit state; expiries first, then by handle or symbol. */
  firstDue(): NaiveOrder | NaiveSymbol | undefined {
    const { orders, symbols, nowMs } = this.state;
    const expiring = orders.filter((order) => order.expireAtMs > 0 && order.expireAtMs <= nowMs);
    const order = expiring.sort(
      (left, right) => left.expireAtMs - right.expireAtMs || byHandle(left, right),
    )[0];
    const limited = symbols.filter((symbol) => symbol.limitUntilMs > 0 && symbol.limitUntilMs <= nowMs);
    const symbol = limited.sort(
      (left, right) => left.limitUntilMs - right.limitUntilMs || left.symbol - right.symbol,
    )[0];
    if (order === undefined || symbol === undefined) return order ?? symbol;
    return order.expireAtMs <= symbol.limitUntilMs ? order : symbol;
  }

  /** The next order of work that is not an account's. */
  nextOf(work: MassWork): NaiveOrder | undefined {
    const { orders } = this.state;
    if (work.kind === "session_closed")
      return orders.filter((order) => order.session === work.session).sort(byHandle)[0];
    const symbol = this.symbol(work.symbol);
    if (work.kind === "beyond_band") {
      const off = symbol === undefined || symbol.upperTicks === 0;
      const bid = inPriority(orders, work.symbol, 0)[0];
      const ask = inPriority(orders, work.symbol, 1)[0];
      if (off) return undefined;
      if (bid !== undefined && bid.priceTicks > symbol.upperTicks) return bid;
      return ask !== undefined && ask.priceTicks < symbol.lowerTicks ? ask : undefined;
    }
    const sides = work.side === -1 ? [0, 1] : [work.side];
    const standing = sides.flatMap((side) => inPriority(orders, work.symbol, side));
    const sleeping = [0, 1].flatMap((by) =>
      [1, 0].filter((side) => sides.includes(side)).flatMap((side) => asleep(orders, work.symbol, side, by)),
    );
    const aside = orders
      .filter((o) => o.where === "aside" && o.symbol === work.symbol && sides.includes(o.side))
      .sort((left, right) => left.priority - right.priority);
    return [...standing, ...sleeping, ...aside][0];
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
      this.#sink.levelChanged(symbol.bookSequence, symbol.symbol, side, priceTicks, totalLots, orderCount);
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
