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
    file: "price-time-engine.ts",
    line: "samePrice && addedLots <= 0",
    wrong: "samePrice && addedLots < 0 && false",
  },
  {
    bug: "an order that amends up keeps its place",
    file: "price-time-engine.ts",
    line: "samePrice && addedLots <= 0",
    wrong: "samePrice",
  },
  {
    bug: "an amended order rests at its old price",
    file: "price-time-engine.ts",
    line: "orders.price[order] = taker.limitTicks;",
    wrong: "",
  },
  {
    bug: "an amended order forgets its fills",
    file: "price-time-engine.ts",
    line: "(orders.filled[order] as number) + taker.leavesLots - leavesLots",
    wrong: "(orders.filled[order] as number)",
  },
  {
    bug: "fill-or-kill fills in part",
    file: "price-time-engine.ts",
    line: "timeInForce === TIME_IN_FORCE.FOK && !canFillWhole",
    wrong: "timeInForce > TIME_IN_FORCE.FOK && !canFillWhole",
  },
  {
    bug: "fill-or-kill needs one lot too many",
    file: "matching.ts",
    line: "if (missing <= 0) return true;",
    wrong: "if (missing < 0) return true;",
  },
  {
    bug: "the residue of a market order rests",
    file: "order-rules.ts",
    line: "return type === ORDER_TYPE.LIMIT && timeInForce <= TIME_IN_FORCE.GTD;",
    wrong: "return timeInForce <= TIME_IN_FORCE.GTD;",
  },
  {
    bug: "post-only may take at the touch",
    file: "order-rules.ts",
    line: "return postOnly && book.opposite(side).isReachedBy(priceTicks) ?",
    wrong: "return postOnly && book.opposite(side).isReachedBy(priceTicks + (side === 0 ? -1 : 1)) ?",
  },
  {
    bug: "bids are reached from the wrong side",
    file: "book-side.ts",
    line: "price >= limitTicks",
    wrong: "price > limitTicks",
  },
  {
    bug: "a new level is linked behind its neighbour",
    file: "book-side.ts",
    line: "const worse = better === NONE ? this.best : (levels.worse[better] as number);",
    wrong: "const worse = better === NONE ? this.best : NONE;",
  },
  {
    bug: "an order queues in front",
    file: "resting-orders.ts",
    line: "else orders.next[tail] = order;\n    levels.tail[level] = order;",
    wrong:
      "else { orders.next[order] = levels.head[level] as number; orders.previous[levels.head[level] as number] = order; orders.previous[order] = NONE; levels.head[level] = order; }\n    if (tail === NONE) levels.tail[level] = order;",
  },
  {
    bug: "expiries run one millisecond late",
    file: "expiry-queue.ts",
    line: "<= nowMs ?",
    wrong: "< nowMs ?",
  },
  {
    bug: "the heap of expiries does not sift up",
    file: "expiry-queue.ts",
    line: "while (place > 0) {",
    wrong: "while (place > 1e9) {",
  },
  {
    bug: "only time commands expire orders",
    file: "price-time-engine.ts",
    line: "while (this.#massWork.expireOne(this.#nowMs));",
    wrong: "",
  },
  {
    bug: "deleting a handle loses others",
    file: "handle-index.ts",
    line: "if (((cell - home) & this.#mask) < ((cell - hole) & this.#mask)) continue;",
    wrong: "break;",
  },
  {
    bug: "a mass cancel takes both sides",
    file: "mass-work.ts",
    line: "if (work.side !== ANY && orders.side[order] !== work.side) return;",
    wrong: "",
  },
  {
    bug: "a block forgets to block",
    file: "price-time-engine.ts",
    line: "this.#resting.accounts.block(account);",
    wrong: "",
  },
  {
    bug: "mass work is left undone before the next command",
    file: "price-time-engine.ts",
    line: "this.work(Number.POSITIVE_INFINITY);\n    const fault = this.#requestFault(request) ??",
    wrong: "this.work(1);\n    const fault = this.#requestFault(request) ??",
  },
  {
    bug: "a halted symbol takes amends",
    file: "price-time-engine.ts",
    line: "const fault = book.halted\n      ?",
    wrong: "const fault = (book.halted as unknown) === 1\n      ?",
  },
  {
    bug: "an empty level is left in the book",
    file: "resting-orders.ts",
    line: "if (count === 0) book.side(side).close(level);",
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
    line: "for (const account of state.blockedAccounts) resting.accounts.block(account);",
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
