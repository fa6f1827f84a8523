import { seededRandom } from "@bourse/base";

/**
 * An engine stream made up by a plain price-time book: the same seed is the same file. Prices are around 100 dollars;
 * `maxQuantity` is the largest order.
 */
export function generatedStream(options: {
  readonly seed: number;
  readonly commands: number;
  readonly maxQuantity?: number;
}): string {
  const market = new GeneratedMarket(options.seed, options.maxQuantity ?? 500);
  const lines = ["cmd,id,side,price,qty,row,fills,bid,bidSz,ask,askSz"];
  while (lines.length <= options.commands) lines.push(market.next());
  return `${lines.join("\n")}\n`;
}

interface Resting {
  readonly id: string;
  readonly side: "B" | "S";
  readonly price: number;
  quantity: number;
}

const MIDDLE = 1_000_000;
const STEP = 100;

class GeneratedMarket {
  readonly #random;
  readonly #maxQuantity: number;
  /** In the order of arrival. */
  readonly #resting: Resting[] = [];
  #row = 0;

  constructor(seed: number, maxQuantity: number) {
    this.#random = seededRandom(seed);
    this.#maxQuantity = maxQuantity;
  }

  next(): string {
    this.#row++;
    const dice = this.#random.below(100);
    if (this.#resting.length > 10) {
      if (dice < 12) return this.#aggress();
      if (dice < 30) return this.#reduce();
      if (dice < 50) return this.#delete();
      if (dice < 54) return this.#line(["H", "", this.#side(), MIDDLE + 50, this.#quantity()]);
    }
    return this.#limit();
  }

  #limit(): string {
    const side = this.#side();
    const away = STEP * (1 + this.#random.below(20));
    const order = {
      id: this.#random.below(10) === 0 ? `P${this.#row}` : String(10_000 + this.#row),
      side,
      price: side === "B" ? MIDDLE - away : MIDDLE + away,
      quantity: this.#quantity(),
    };
    this.#resting.push(order);
    return this.#line(["L", order.id, side, order.price, order.quantity]);
  }

  #aggress(): string {
    const side = this.#side();
    const makers = this.#resting
      .filter((order) => order.side !== side)
      .sort((left, right) => (side === "B" ? left.price - right.price : right.price - left.price));
    const wanted = this.#quantity();
    const fills: string[] = [];
    let open = wanted;
    let price = MIDDLE;
    for (const maker of makers) {
      if (open === 0) break;
      const quantity = Math.min(open, maker.quantity);
      fills.push(`${maker.id}:${maker.price}:${quantity}`);
      price = maker.price;
      open -= quantity;
      this.#take(maker, quantity);
    }
    if (fills.length === 0) return this.#limit();
    return this.#line(["M", "", side, price, wanted - open], fills.join("|"));
  }

  /** Now and then by all there is. */
  #reduce(): string {
    const order = this.#any();
    const quantity = this.#random.below(3) === 0 ? order.quantity : 1 + this.#random.below(order.quantity);
    this.#take(order, quantity);
    return this.#line(["X", order.id, "", "", quantity]);
  }

  #delete(): string {
    const order = this.#any();
    this.#take(order, order.quantity);
    return this.#line(["D", order.id, "", "", ""]);
  }

  #take(order: Resting, quantity: number): void {
    order.quantity -= quantity;
    if (order.quantity === 0) this.#resting.splice(this.#resting.indexOf(order), 1);
  }

  #any(): Resting {
    const order = this.#resting[this.#random.below(this.#resting.length)];
    if (order === undefined) throw new RangeError("an order rests");
    return order;
  }

  #side(): "B" | "S" {
    return this.#random.below(2) === 0 ? "B" : "S";
  }

  #quantity(): number {
    return 1 + this.#random.below(this.#maxQuantity);
  }

  #line(columns: readonly (string | number)[], fills = ""): string {
    return [...columns, this.#row, fills, "", "", "", ""].join(",");
  }
}
