import { type Random, seededRandom } from "@bourse/base";

/** Of a hundred commands; the mix of a NASDAQ day: 3 aggressors, 5 reductions, 43 deletes, the rest new limit orders. */
const AGGRESSORS = 3;
const REDUCTIONS = 5;
const DELETES = 43;
/** The book is never let empty. */
const MIN_ORDERS = 200;

/** Prices are in 1/10000 of a dollar, a tick is a cent. */
const TICK = 100;
const MID = 2_000_000;
const LEVELS = 20;
const MAX_SHARES = 300;
const HEADER = "cmd,id,side,price,qty,row,fills,bid,bidSz,ask,askSz";

interface Resting {
  readonly id: number;
  readonly side: "B" | "S";
  readonly price: number;
  shares: number;
}

/**
 * Order flow as an engine-stream CSV, for machines without a recorded day: buys rest below a price and sells above it,
 * aggressors take from the best level what is first there. The same seed gives the same lines.
 */
export function* generatedRecording(options: {
  readonly seed: number;
  readonly commands: number;
}): Generator<string> {
  yield HEADER;
  const book = new Book(seededRandom(options.seed));
  for (let row = 1; row <= options.commands; row++) {
    const { command, fills } = book.next();
    yield `${command},${row},${fills},,,,`;
  }
}

interface Line {
  /** The columns before `row`. */
  readonly command: string;
  readonly fills: string;
}

class Book {
  readonly #random: Random;
  readonly #orders: Resting[] = [];
  /** Orders of a side by price, oldest first. */
  readonly #levels = { B: new Map<number, Resting[]>(), S: new Map<number, Resting[]>() };
  #lastId = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Line {
    const kind = this.#random.below(100);
    if (this.#orders.length < MIN_ORDERS) return this.#limit();
    if (kind < AGGRESSORS) return this.#aggress();
    if (kind < AGGRESSORS + REDUCTIONS) return this.#reduce();
    return kind < AGGRESSORS + REDUCTIONS + DELETES ? this.#delete() : this.#limit();
  }

  #limit(): Line {
    const side = this.#random.below(2) === 0 ? "B" : "S";
    const away = (1 + this.#random.below(LEVELS)) * TICK;
    const order: Resting = {
      id: ++this.#lastId,
      side,
      price: side === "B" ? MID - away : MID + away,
      shares: 1 + this.#random.below(MAX_SHARES),
    };
    this.#orders.push(order);
    const level = this.#levels[side].get(order.price);
    if (level === undefined) this.#levels[side].set(order.price, [order]);
    else level.push(order);
    return { command: `L,${order.id},${side},${order.price},${order.shares}`, fills: "" };
  }

  #reduce(): Line {
    const order = this.#any();
    if (order.shares === 1) return this.#delete();
    const taken = 1 + this.#random.below(order.shares - 1);
    order.shares -= taken;
    return { command: `X,${order.id},,,${taken}`, fills: "" };
  }

  #delete(): Line {
    const order = this.#any();
    this.#remove(order);
    return { command: `D,${order.id},,,`, fills: "" };
  }

  /** Takes all or part of what is first at the best price. */
  #aggress(): Line {
    const side = this.#random.below(2) === 0 ? "B" : "S";
    const makers = this.#best(side === "B" ? "S" : "B");
    const [first] = makers;
    if (first === undefined) return this.#limit();
    let left = 1 + this.#random.below(makers.reduce((sum, { shares }) => sum + shares, 0));
    const quantity = left;
    const fills: string[] = [];
    for (const maker of [...makers]) {
      if (left === 0) break;
      const filled = Math.min(left, maker.shares);
      fills.push(`${maker.id}:${maker.price}:${filled}`);
      left -= filled;
      maker.shares -= filled;
      if (maker.shares === 0) this.#remove(maker);
    }
    return { command: `M,,${side},${first.price},${quantity}`, fills: fills.join("|") };
  }

  #best(side: "B" | "S"): readonly Resting[] {
    for (let away = 1; away <= LEVELS; away++) {
      const level = this.#levels[side].get(side === "B" ? MID - away * TICK : MID + away * TICK);
      if (level !== undefined && level.length > 0) return level;
    }
    return [];
  }

  #any(): Resting {
    return this.#orders[this.#random.below(this.#orders.length)] as Resting;
  }

  #remove(order: Resting): void {
    const level = this.#levels[order.side].get(order.price) ?? [];
    level.splice(level.indexOf(order), 1);
    const at = this.#orders.indexOf(order);
    const last = this.#orders.pop();
    if (last !== undefined && last !== order) this.#orders[at] = last;
  }
}
