import { BookReader, isNumber } from "./book-reader.ts";
import { CHECKSUM_LEVELS, ordersChecksum } from "./checksum.ts";
import type { OrderBookSnapshot } from "./feed.ts";
import type { OrderChange, OrderLevel, OrdersChanged, OrdersSnapshot } from "./messages.ts";
import { PriceLadder } from "./price-ladder.ts";

interface Level {
  readonly priceTicks: number;
  /** Lots by handle, in the order in which they are filled. */
  readonly orders: Map<number, number>;
}

/** Follows L3: every order that is shown, and where it stands in its queue. */
export class OrderReader extends BookReader<OrdersChanged, OrdersSnapshot> {
  readonly #bids = new PriceLadder<Level>(true);
  readonly #asks = new PriceLadder<Level>(false);
  readonly #places = new Map<number, { readonly side: number; readonly level: Level }>();

  /** A copy, best first; undefined while a snapshot is needed. */
  book(depth: number = Number.POSITIVE_INFINITY): OrderBookSnapshot | undefined {
    return this.needsSnapshot ? undefined : { orderSequence: this.sequence, ...this.#levels(depth) };
  }

  protected override apply({ changes, firstSequence, lastSequence }: OrdersChanged, known: number): boolean {
    if (changes.length !== lastSequence - firstSequence + 1) return false;
    // A snapshot may lie in the middle of what one message tells.
    return changes.slice(known + 1 - firstSequence).every((change) => this.#change(change));
  }

  #change(change: OrderChange): boolean {
    const place = this.#places.get(change.handle);
    if (change.kind === "added") {
      if (place !== undefined || !isNumber(change.lots) || change.lots === 0) return false;
      this.#add(change.side, change.priceTicks, change.handle, change.lots);
      return true;
    }
    const lots = place?.level.orders.get(change.handle);
    if (place === undefined || lots === undefined || !isNumber(change.lots) || change.lots >= lots)
      return false;
    const { level, side } = place;
    if (change.lots > 0) {
      level.orders.set(change.handle, change.lots);
      return true;
    }
    this.#places.delete(change.handle);
    level.orders.delete(change.handle);
    if (level.orders.size === 0) this.#side(side).delete(level.priceTicks);
    return true;
  }

  #add(side: number, priceTicks: number, handle: number, lots: number): void {
    const ladder = this.#side(side);
    let level = ladder.get(priceTicks);
    if (level === undefined) {
      level = { priceTicks, orders: new Map() };
      ladder.set(level);
    }
    level.orders.set(handle, lots);
    this.#places.set(handle, { side, level });
  }

  protected override load({ bids, asks }: OrdersSnapshot): boolean {
    let count = 0;
    for (const [side, levels] of [bids, asks].entries()) {
      for (const { priceTicks, orders } of levels) {
        for (const { handle, lots } of orders) this.#add(side, priceTicks, handle, lots);
        count += orders.length;
      }
    }
    return this.#places.size === count;
  }

  protected override clear(): void {
    this.#bids.clear();
    this.#asks.clear();
    this.#places.clear();
  }

  protected override checksumOf(snapshot: OrdersSnapshot): number {
    return ordersChecksum(snapshot.sequence, snapshot);
  }

  protected override checksum(sequence: number): number {
    return ordersChecksum(sequence, this.#levels(CHECKSUM_LEVELS));
  }

  #levels(depth: number): { readonly bids: readonly OrderLevel[]; readonly asks: readonly OrderLevel[] } {
    const copy = ({ priceTicks, orders }: Level): OrderLevel => ({
      priceTicks,
      orders: Array.from(orders, ([handle, lots]) => ({ handle, lots })),
    });
    return {
      bids: this.#bids.levels.slice(0, depth).map(copy),
      asks: this.#asks.levels.slice(0, depth).map(copy),
    };
  }

  #side(side: number): PriceLadder<Level> {
    return side === 0 ? this.#bids : this.#asks;
  }
}
