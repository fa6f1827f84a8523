import { type Random, seededRandom } from "@bourse/base";

interface Resting {
  readonly id: string;
  readonly side: number;
  readonly price: number;
  quantity: number;
}

/**
 * The report stream of a consensus workload's messages, without an engine: one list of orders, searched from end to end
 * for whatever is needed, by the rules of the format alone.
 */
export function naiveReports(lines: readonly string[]): readonly string[] {
  const market = new NaiveMarket();
  for (const line of lines) market.take(line.split(","));
  return market.reports;
}

class NaiveMarket {
  readonly reports: string[] = [];
  /** In the order of their arrival. */
  #orders: Resting[] = [];

  take([
    type = "",
    side = "",
    immediate = "",
    quantity = "",
    sequence = "",
    id = "",
    price = "",
  ]: string[]): void {
    const order = { id, side: Number(side), price: Number(price), quantity: Number(quantity) };
    if (type === "N") {
      this.reports.push(`0,${sequence},${side},${id},${price},${quantity}`);
      const rest = this.#trade(order, sequence);
      if (rest > 0 && immediate === "1") this.reports.push(`2,${sequence},${side},${id},${price}`);
      else if (rest > 0) this.#orders.push({ ...order, quantity: rest });
      return;
    }
    const found = this.#orders.find((each) => each.id === id);
    if (found === undefined) {
      this.reports.push(`${type === "C" ? 4 : 5},${sequence},${id}`);
      return;
    }
    this.#orders = this.#orders.filter((each) => each !== found);
    if (type === "C") {
      this.reports.push(`2,${sequence},${found.side},${id},${found.price}`);
      return;
    }
    const again = { ...order, side: found.side };
    const rest = this.#trade(again, sequence);
    this.reports.push(`3,${sequence},${again.side},${id},${price},${quantity}`);
    if (rest > 0) this.#orders.push({ ...again, quantity: rest });
  }

  rests(id: string): boolean {
    return this.#orders.some((each) => each.id === id);
  }

  /** What is left of the order. */
  #trade(order: Resting, sequence: string): number {
    let rest = order.quantity;
    while (rest > 0) {
      const maker = this.#best(order);
      if (maker === undefined) break;
      const quantity = Math.min(rest, maker.quantity);
      this.reports.push(`1,${sequence},${maker.price},${quantity},${maker.id},${order.id}`);
      rest -= quantity;
      maker.quantity -= quantity;
      this.#orders = this.#orders.filter((each) => each.quantity > 0);
    }
    return rest;
  }

  #best(taker: Resting): Resting | undefined {
    let best: Resting | undefined;
    for (const each of this.#orders) {
      const crosses = taker.side === 0 ? each.price <= taker.price : each.price >= taker.price;
      if (each.side === taker.side || !crosses) continue;
      const betters =
        best === undefined || (taker.side === 0 ? each.price < best.price : each.price > best.price);
      if (betters) best = each;
    }
    return best;
  }
}

/**
 * Messages of every kind around few prices and few ids, sound and senseless ones: cancels and modifications of what is
 * there, was there and never was, ids used again as soon as they are free.
 */
export function wildMessages(seed: number, count: number): readonly string[] {
  const random = seededRandom(seed);
  const lines: string[] = [];
  const market = new NaiveMarket();
  let sequence = random.below(5);
  for (let message = 0; message < count; message++) {
    const line = wildMessage(random, market, sequence);
    market.take(line.split(","));
    lines.push(line);
    sequence += 1 + random.below(3);
  }
  return lines;
}

function wildMessage(random: Random, market: NaiveMarket, sequence: number): string {
  const [side, price, quantity] = [random.below(2), random.below(20) - 5, 1 + random.below(30)];
  const id = random.below(40) * (random.below(8) === 0 ? 1_000_000_007 : 1);
  const roll = random.below(10);
  if (roll < 5 && !market.rests(String(id))) {
    return `N,${side},${random.below(5) === 0 ? 1 : 0},${quantity},${sequence},${id},${price}`;
  }
  return `${roll < 8 ? "M" : "C"},${side},0,${quantity},${sequence},${id},${price}`;
}
