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
    file: "engine-core.ts",
    line: "newPrice === price && added <= 0",
    wrong: "newPrice === price && added < 0 && false",
  },
  {
    bug: "an order that amends up keeps its place",
    file: "engine-core.ts",
    line: "newPrice === price && added <= 0",
    wrong: "newPrice === price",
  },
  {
    bug: "an amended order rests at its old price",
    file: "engine-core.ts",
    line: "f64[(order << 3) | PRICE] = newPrice;",
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
    file: "engine-core.ts",
    line: "if (!killed) match(live, book, order, this.rules);",
    wrong: "if (!killed || order % 2 === 0) match(live, book, order, this.rules);",
  },
  {
    bug: "fill-or-kill needs one lot too many",
    file: "match.ts",
    line: "if (left.needed <= 0) return true;",
    wrong: "if (left.needed < 0) return true;",
  },
  {
    bug: "the residue of a market order rests",
    file: "engine-core.ts",
    line: "if (left > 0 && (flags & TYPE) === 0 &&",
    wrong: "if (left > 0 &&",
  },
  {
    bug: "post-only may take at the touch",
    file: "order-rules.ts",
    line: "price <= priceTicks : price >= priceTicks",
    wrong: "price < priceTicks : price > priceTicks",
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
    bug: "expiries run one millisecond late",
    file: "orders/expiry-queue.ts",
    line: "<= nowMs ?",
    wrong: "< nowMs ?",
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
    line: "while (this.massWork.expireOne(this.nowMs));",
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
    line: "if (work.side !== ANY && ((live.orders.i32[at + LINE_INT.FLAGS] as number) & 1) !== work.side) return;",
    wrong: "",
  },
  {
    bug: "a block forgets to block",
    file: "engine-core.ts",
    line: "live.accounts.setBlocked(account, true);",
    wrong: "",
  },
  {
    bug: "mass work is left undone before the next command",
    file: "engine-core.ts",
    line: "if (this.massWork.pending) this.work(Number.POSITIVE_INFINITY);",
    wrong: "if (this.massWork.pending) this.work(1);",
  },
  {
    bug: "a halted symbol takes amends",
    file: "engine-core.ts",
    line: "if (book.phase !== 0) return REASON.symbol_halted;",
    wrong: "",
  },
  {
    bug: "an empty level is left in the book",
    file: "live-orders.ts",
    line: "book.ladder(ladder).close(level);",
    wrong: "book.ladder(ladder);",
  },
  {
    bug: "a restored engine expires in the order of its books",
    file: "load-state.ts",
    line: "entered.sort((left, right) => left.handle - right.handle);",
    wrong: "",
  },
  {
    bug: "a restored engine forgets its blocks",
    file: "load-state.ts",
    line: "for (const account of state.blockedAccounts) live.accounts.setBlocked(account, true);",
    wrong: "",
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
