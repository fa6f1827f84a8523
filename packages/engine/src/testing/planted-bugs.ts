/** A wrong line in one file of the engine. */
export interface PlantedBug {
  readonly bug: string;
  /** Under src. */
  readonly file: string;
  /** Is there exactly once. */
  readonly line: string;
  readonly wrong: string;
}

/** One wrong line each: what a comparison with the naive engine must be able to find. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    bug: "an order that amends down loses its place",
    file: "amend.ts",
    line: "newPrice === change.price && newLeaves <= change.leaves",
    wrong: "newPrice === change.price && newLeaves === change.leaves",
  },
  {
    bug: "an order that amends up keeps its place",
    file: "amend.ts",
    line: "newPrice === change.price && newLeaves <= change.leaves",
    wrong: "newPrice === change.price",
  },
  {
    bug: "an amended order rests at its old price",
    file: "amend.ts",
    line: "    f64[(order << 3) | PRICE] = newPrice;\n",
    wrong: "",
  },
  {
    bug: "a taker forgets its fills",
    file: "match.ts",
    line: "f64[t | FILLED] = (f64[t | FILLED] as number) + lots;",
    wrong: "",
  },
  {
    bug: "fill-or-kill fills in part",
    file: "entries.ts",
    line: "if (needed > 0 && !canFill(",
    wrong: "if (needed > 8 && !canFill(",
  },
  {
    bug: "fill-or-kill needs one lot too many",
    file: "match.ts",
    line: "if (left.needed <= 0) return true;",
    wrong: "if (left.needed < 0) return true;",
  },
  {
    bug: "the residue of a market order rests",
    file: "entries.ts",
    line: "if ((flags & TYPE) !== 0 || (flags & TIME_IN_FORCE) > LAST_RESTING) {",
    wrong: "if ((flags & TIME_IN_FORCE) > LAST_RESTING) {",
  },
  {
    bug: "post-only may take at the touch",
    file: "level-rules.ts",
    line: "buys ? price < best : price > best",
    wrong: "buys ? price <= best : price >= best",
  },
  {
    bug: "bids are reached from the wrong side",
    file: "match.ts",
    line: "if (buys ? price > limit : price < limit) return;",
    wrong: "if (buys ? price > limit : price <= limit) return;",
  },
  {
    bug: "a new level is linked behind its neighbour",
    file: "books/ladder.ts",
    line: "const worse = better === NONE ? this.best : (i32[(better << 4) | WORSE] as number);",
    wrong: "const worse = better === NONE ? this.best : NONE;",
  },
  {
    bug: "the window keeps a level that is gone",
    file: "books/ladder.ts",
    line: "if (this.window[cell] === level) this.window[cell] = NONE;",
    wrong: "if (this.window[cell] === level) this.#count += 0;",
  },
  {
    bug: "an order queues without its predecessor",
    file: "live-orders.ts",
    line: "else i32[(tail << 4) | NEXT] = order;\n    levels[at | TAIL] = order;\n    levels[at | COUNT]",
    wrong:
      "else { i32[(order << 4) | NEXT] = levels[at | HEAD] as number; levels[at | HEAD] = order; }\n    levels[at | TAIL] = order;\n    levels[at | COUNT]",
  },
  {
    bug: "the plain lane forgets the account's list",
    file: "plain-lane.ts",
    line: "else i32[(last << 4) | ACCOUNT_NEXT] = order;",
    wrong: "else i32[(last << 4) | ACCOUNT_NEXT] = NONE;",
  },
  {
    bug: "expiries run one millisecond late",
    file: "mass-work.ts",
    line: "return nextDeadline(core.live) <= core.nowMs;",
    wrong: "return nextDeadline(core.live) < core.nowMs;",
  },
  {
    bug: "the heap of expiries does not sift up",
    file: "orders/expiry-queue.ts",
    line: "while (place > 0) {",
    wrong: "while (place > 1e9) {",
  },
  {
    bug: "only time commands expire orders",
    file: "engine-core.ts",
    line: "while (this.massWork.expireOne());",
    wrong: "",
  },
  {
    bug: "deleting a handle loses others",
    file: "orders/handle-index.ts",
    line: "if (heads[bucket] === slot + 1) heads[bucket]",
    wrong: "if (slot >= 0) heads[bucket]",
  },
  {
    bug: "a mass cancel takes both sides",
    file: "mass-work.ts",
    line: "if (work.side !== ANY && ((live.orders.i32[(order << 4) | LINE_INT.FLAGS] as number) & 1) !== work.side)\n      return;",
    wrong: "",
  },
  {
    bug: "a block forgets to block",
    file: "administer.ts",
    line: "live.accounts.setBlocked(account, kind === COMMAND.BLOCK);",
    wrong: "live.accounts.setBlocked(account, false);",
  },
  {
    bug: "mass work is left undone before the next command",
    file: "engine-core.ts",
    line: "if (this.massWork.pending) this.work(Number.POSITIVE_INFINITY);",
    wrong: "if (this.massWork.pending) this.work(1);",
  },
  {
    bug: "a halted symbol takes amends",
    file: "amend.ts",
    line: "if (book.phase === 1 || book.phase === 3) return REASON.symbol_halted;",
    wrong: "",
  },
  {
    bug: "an empty level is left in the book",
    file: "live-orders.ts",
    line: "if (empty && ladder !== ASIDE) book.ladder(ladder).close(level);",
    wrong: "",
  },
  {
    bug: "a restored engine expires in the order of its books",
    file: "load-state.ts",
    line: "entered.sort((left, right) => left.state.handle - right.state.handle);",
    wrong: "",
  },
  {
    bug: "a restored engine forgets its blocks",
    file: "load-state.ts",
    line: "for (const account of state.blockedAccounts) live.accounts.setBlocked(account, true);",
    wrong: "",
  },
  {
    bug: "an iceberg shows its next part in front",
    file: "endings.ts",
    line: "      this.lift(maker);\n      this.stand(maker, book);",
    wrong:
      "      live.orders.f64[(maker << 3) | OPEN] = 1;\n      live.extras.f64[live.extraOf(maker) * EXTRA_WORDS + EXTRA.RESERVE] = live.leaves(maker) - 2;\n      live.addShown(live.orders.i32[(maker << 4) | LEVEL] as number, 1);\n      live.addHidden(live.orders.i32[(maker << 4) | LEVEL] as number, -1);",
  },
  {
    bug: "self-trade prevention strands an iceberg's reserve",
    file: "endings.ts",
    line: "const [offered, wanted] = [live.leaves(maker), f64[(taker << 3) | OPEN] as number];",
    wrong:
      "const [offered, wanted] = [f64[(maker << 3) | OPEN] as number, f64[(taker << 3) | OPEN] as number];",
  },
  {
    bug: "self-trade prevention knows no groups",
    file: "orders/account-table.ts",
    line: "return group !== 0 && group === this.group(right);",
    wrong: "return false;",
  },
  {
    bug: "transfer needs only the taker's word",
    file: "endings.ts",
    line: "      (other & SELF_TRADE) === (own & SELF_TRADE) &&\n",
    wrong: "",
  },
  {
    bug: "a stop wakes one tick late",
    file: "settle.ts",
    line: "(rises ? reference < stop : reference > stop)",
    wrong: "(rises ? reference <= stop : reference >= stop)",
  },
  {
    bug: "a trailing stop follows the market back",
    file: "settle.ts",
    line: "if (known !== 0 && (buys ? stop >= known : stop <= known)) return;",
    wrong: "if (known !== 0 && stop === known) return;",
  },
  {
    bug: "a percent trail rounds down",
    file: "settle.ts",
    line: "Math.ceil(((price",
    wrong: "Math.floor(((price",
  },
  {
    bug: "buys wake before sells",
    file: "settle.ts",
    line: "index < LADDER.ASIDE; index++) {\n      const ladder = book.ladders[index];",
    wrong: "index < LADDER.ASIDE; index++) {\n      const ladder = book.ladders[index ^ 1];",
  },
  {
    bug: "a pegged order follows its own kind",
    file: "books/book.ts",
    line: "firmOnly ? (i32[(level << 4) | LEVEL_INT.PEGGED] as number) : 0",
    wrong: "0",
  },
  {
    bug: "a pegged order goes beyond its bound",
    file: "entries.ts",
    line: "return buys ? Math.min(own + half, bound) : Math.max(own - half, bound);",
    wrong: "return buys ? own + half : own - half;",
  },
  {
    bug: "both of two orders fill of which one cancels the other",
    file: "endings.ts",
    line: "    this.dissolve(taker);\n    if (makerGoes)",
    wrong: "    if (makerGoes)",
  },
  {
    bug: "children wake with more than their parent filled",
    file: "endings.ts",
    line: "const lots = Math.min(open, filledLots);",
    wrong: "const lots = open;",
  },
  {
    bug: "the end of a parent tells fewer lots than its children lose",
    file: "endings.ts",
    line: "live.events.lessened(this.#handle(child), open - lots, lots);",
    wrong: "live.events.lessened(this.#handle(child), open - lots - 1, lots);",
  },
  {
    bug: "a reduce-only order turns the position",
    file: "endings.ts",
    line: "    const room = reduces(position.lots, side) ? Math.abs(position.lots) : 0;",
    wrong: "    const room = reduces(position.lots, side) ? 2 ** 53 : 0;",
  },
  {
    bug: "trades go beyond a band",
    file: "match.ts",
    line: "const limit = buys ? (own < band ? own : band) : own > band ? own : band;",
    wrong: "const limit = own;",
  },
  {
    bug: "a limit state never becomes a pause",
    file: "mass-work.ts",
    line: "limited.phase = PHASE.PAUSED;",
    wrong: "",
  },
  {
    bug: "a client id is free while its order lives",
    file: "special-rules.ts",
    line: "if (known !== undefined && known !== placing.replaced) return REASON.duplicate_client_id;",
    wrong: "",
  },
  {
    bug: "a refused replacement cancels the old order",
    file: "engine-core.ts",
    line: "    if (book === undefined || fault !== NONE) {\n",
    wrong:
      "    if (book !== undefined && fault !== NONE) this.endings.cancel(old, CAUSE.replaced);\n    if (book === undefined || fault !== NONE) {\n",
  },
  {
    bug: "the minimum quantity is asked for again",
    file: "entries.ts",
    line: "    extras.f64[at] = 0;\n    return minimum;",
    wrong: "    return minimum;",
  },
  {
    bug: "the residue of immediate-or-cancel rests",
    file: "entries.ts",
    line: "if ((flags & TYPE) !== 0 || (flags & TIME_IN_FORCE) > LAST_RESTING) {",
    wrong: "if ((flags & TYPE) !== 0 || (flags & TIME_IN_FORCE) === FILL_OR_KILL) {",
  },
  {
    bug: "decrement takes from the taker only",
    file: "endings.ts",
    line: "    if (lots > 0) this.shrink(maker, offered - lots);\n",
    wrong: "",
  },
  {
    bug: "a transfer moves no position",
    file: "endings.ts",
    line: "    if (move !== undefined) this.#move(move, book.symbol, lots);\n    return true;",
    wrong: "    return true;",
  },
  {
    bug: "a transfer is told between an account and itself",
    file: "endings.ts",
    line: "      i32[(taker << 4) | ACCOUNT] !== i32[(maker << 4) | ACCOUNT];",
    wrong: "      true;",
  },
  {
    bug: "post-only slides onto the other side's best",
    file: "level-rules.ts",
    line: "const slid = buys ? best - 1 : best + 1;",
    wrong: "const slid = buys ? best : best;",
  },
  {
    bug: "what is hidden goes before what is shown",
    file: "match.ts",
    line: "let maker = levels[(level << 4) | HEAD] as number;\n    if (maker === NONE) {\n      maker = levels[(level << 4) | HIDDEN_HEAD] as number;",
    wrong:
      "let maker = levels[(level << 4) | HIDDEN_HEAD] as number;\n    if (maker === NONE) {\n      maker = levels[(level << 4) | HEAD] as number;",
  },
  {
    bug: "an amended iceberg gives from what it shows",
    file: "endings.ts",
    line: "const newOpen = Math.min(open, leavesLots);",
    wrong: "const newOpen = Math.min(leavesLots, Math.max(1, open - (live.leaves(order) - leavesLots)));",
  },
  {
    bug: "an order if touched wakes like a stop",
    file: "entries.ts",
    line: "const touched = !trails && (flags & IF_TOUCHED) !== 0;",
    wrong: "const touched = false;",
  },
  {
    bug: "a trail begins before its price is reached",
    file: "special-orders.ts",
    line: "f64[to + (trails ? EXTRA.ACTIVATION : EXTRA.STOP)] = word(STOP);",
    wrong: "f64[to + EXTRA.STOP] = word(STOP);",
  },
  {
    bug: "a trail looks at the market only once",
    file: "books/book.ts",
    line: "    this.trailedTo[kind] = (kind & 1) === 0 ? 0 : Number.POSITIVE_INFINITY;\n",
    wrong: "",
  },
  {
    bug: "an entry works before its children have come",
    file: "engine-core.ts",
    line: "if (link === 2 || awaitsChildren(words.f64, at, length)) {",
    wrong: "if (link === 2) {",
  },
  {
    bug: "a bracket of which a part is refused works on",
    file: "engine-core.ts",
    line: "    if ((flags & FLAG.LINK) === CHILD) this.#refuseFamily(words, at, length);\n",
    wrong: "",
  },
  {
    bug: "a cascade wakes the youngest first",
    file: "orders/ready-queue.ts",
    line: "if ((heap[parent] as number) < handle) break;",
    wrong: "if ((heap[parent] as number) > handle) break;",
  },
  {
    bug: "pegged orders follow the bid alone",
    file: "settle.ts",
    line: "if (book.peggedTo[0] === bid && book.peggedTo[1] === ask) return false;",
    wrong: "if (book.peggedTo[0] === bid) return false;",
  },
  {
    bug: "a middle that is no tick is rounded up",
    file: "entries.ts",
    line: "half = Math.floor(Math.abs(other - own) / 2);",
    wrong: "half = Math.ceil(Math.abs(other - own) / 2);",
  },
  {
    bug: "stops wake while a symbol is halted",
    file: "settle.ts",
    line: "while (book.phase === 0 && this.#settleOne(book))",
    wrong: "while (book.phase !== 2 && this.#settleOne(book))",
  },
  {
    bug: "a request is taken twice",
    file: "turn.ts",
    line: "request > (registers[LAST_REQUEST] as number) &&",
    wrong: "request >= (registers[LAST_REQUEST] as number) &&",
  },
  {
    bug: "a sibling lives on when an order that slept wakes",
    file: "entries.ts",
    line: "      this.#endings.dissolve(order);\n",
    wrong: "",
  },
  {
    bug: "children outlive a parent that never filled",
    file: "endings.ts",
    line: "for (const child of children) this.cancel(child, CAUSE.parent_unfilled);",
    wrong: "",
  },
  {
    bug: "a closed session's orders are forgotten only by their account",
    file: "live-orders.ts",
    line: "if (session !== 0) this.sessions.add(session, order);",
    wrong: "",
  },
  {
    bug: "orders beyond new bands stay",
    file: "mass-work.ts",
    line: "return ask !== NONE && (f64[(ask << 3) | LINE.PRICE] as number) < lower ? ask : NONE;",
    wrong: "return NONE;",
  },
  {
    bug: "the plain lane takes icebergs for plain orders",
    file: "plain-take.ts",
    line: "((i32[(maker << 4) | FLAGS] as number) & SPECIAL) === 0",
    wrong: "((i32[(maker << 4) | FLAGS] as number) & (SPECIAL ^ FLAG.ICEBERG)) === 0",
  },
  {
    bug: "the plain lane does not see what is hidden behind a level",
    file: "plain-take.ts",
    line: "(maker !== NONE || levels[(level << 4) | HIDDEN_HEAD] !== NONE)",
    wrong: "maker !== NONE",
  },
  {
    bug: "what the plain lane leaves forgets its fills",
    file: "plain-take.ts",
    line: "  live.orders.f64[(order << 3) | FILLED] = lots - left;\n",
    wrong: "",
  },
  {
    bug: "a replacement keeps its place in the account's list",
    file: "plain-replace.ts",
    line: "  live.accounts.remove(order);\n  live.index.delete",
    wrong: "  live.index.delete",
  },
  {
    bug: "a replacement tells its new level alone",
    file: "plain-replace.ts",
    line: "  tell(live, book, old);\n",
    wrong: "",
  },
  {
    bug: "a replacement may change its side",
    file: "plain-replace.ts",
    line: "((i32[(order << 4) | FLAGS] as number) & 1) === halves[(at << 1) + 7]",
    wrong: "((halves[(at << 1) + 7] as number) | 1) === 1",
  },
];
