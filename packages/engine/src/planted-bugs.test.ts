import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { compareEngines, type EngineMaker } from "./testing.ts";

/** One wrong line each: what a comparison with the naive engine must be able to find. */
const BUGS = [
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
    file: "entries.ts",
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
    line: "if (((cell - home) & mask) < ((cell - hole) & mask)) continue;",
    wrong: "break;",
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
    line: "own === TRANSFER && this.#modeOf(maker) !== TRANSFER ? DECREMENT : own",
    wrong: "own",
  },
  {
    bug: "a stop wakes one tick late",
    file: "settle.ts",
    line: "(buys ? reference < stop : reference > stop)",
    wrong: "(buys ? reference <= stop : reference >= stop)",
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
    line: "for (let index = 2; index <= 5; index++) {",
    wrong: "for (let index = 5; index >= 2; index--) {",
  },
  {
    bug: "a pegged order follows its own kind",
    file: "books/book.ts",
    line: "const field = firmOnly ? LEVEL_INT.FIRM : LEVEL_INT.COUNT;",
    wrong: "const field = firmOnly ? LEVEL_INT.COUNT : LEVEL_INT.COUNT;",
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
    bug: "a reduce-only order turns the position",
    file: "endings.ts",
    line: "if (!wrong && this.reducing(position) <= Math.abs(position.lots)) return;",
    wrong: "if (!wrong) return;",
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
      "    if (book !== undefined && fault === REASON.invalid_quantity) this.endings.cancel(old, CAUSE.replaced);\n    if (book === undefined || fault !== NONE) {\n",
  },
  {
    bug: "the minimum quantity is asked for again",
    file: "entries.ts",
    line: "    extras.f64[at] = 0;\n    return minimum;",
    wrong: "    return minimum;",
  },
] as const;

registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    const bug = new URL(context.parentURL ?? "file:///").searchParams.get("bug");
    return bug === null || !specifier.startsWith(".")
      ? resolved
      : { ...resolved, url: `${resolved.url}?bug=${bug}` };
  },
  load: (url, context, next) => {
    const bug = BUGS[Number(new URL(url).searchParams.get("bug") ?? -1)];
    if (bug === undefined || !url.includes(`/${bug.file}?`)) return next(url, context);
    const source = readFileSync(fileURLToPath(url), "utf8");
    assert.equal(source.split(bug.line).length, 2, `${bug.file} has the line of "${bug.bug}" once`);
    return { format: "module-typescript", shortCircuit: true, source: source.replace(bug.line, bug.wrong) };
  },
});

async function judge(bug: number): Promise<void> {
  const { createEngine, restoreEngine } = await import(`./engine.ts?bug=${bug}`);
  const maker: EngineMaker = { create: createEngine, restore: restoreEngine };
  for (let seed = 1; seed <= 40; seed++) compareEngines(seed, 1_500, maker);
}

test("an engine loaded without a planted bug passes the comparison", async () => {
  await judge(BUGS.length);
});

for (const [index, { bug }] of BUGS.entries()) {
  test(`the comparison with the naive engine finds a planted bug: ${bug}`, async () => {
    await assert.rejects(judge(index), /differ after command|^InvariantError: /);
  });
}
