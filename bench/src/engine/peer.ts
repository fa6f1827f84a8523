import { type LimitOrderOptions, OrderBook, Side } from "nodejs-order-book";
import { bookText, type Contender, fold, type Outcome } from "./contender.ts";
import { OPERATION, type Workload } from "./workload.ts";

type TimeInForce = NonNullable<LimitOrderOptions["timeInForce"]>;
/** The package names the type and not its values. */
const IMMEDIATE_OR_CANCEL = "IOC" as TimeInForce;
const GOOD_TILL_CANCELLED = "GTC" as TimeInForce;

/** `nodejs-order-book` through its public methods: ids are strings there, made before the clock starts. */
export class NodejsOrderBook implements Contender {
  readonly name = "nodejs-order-book";
  #book = new OrderBook();
  #workload: Workload | undefined;
  #ids: string[] = [];
  #trades = 0;
  #checksum = 0;

  prepare(workload: Workload): void {
    this.#book = new OrderBook();
    if (this.#workload !== workload) this.#ids = Array.from(workload.handle, String);
    this.#workload = workload;
    this.#trades = 0;
    this.#checksum = 0;
    this.run(0, workload.warmUp);
  }

  run(from: number, to: number): void {
    const { kind, side, price, lots } = this.#workload as Workload;
    for (let index = from; index < to; index++) {
      const id = this.#ids[index] as string;
      if (kind[index] === OPERATION.CANCEL) {
        this.#book.cancel(id);
        continue;
      }
      const placed = this.#book.limit({
        id,
        side: side[index] === 0 ? Side.BUY : Side.SELL,
        size: lots[index] as number,
        price: price[index] as number,
        timeInForce: kind[index] === OPERATION.TAKE ? IMMEDIATE_OR_CANCEL : GOOD_TILL_CANCELLED,
      });
      if (kind[index] === OPERATION.TAKE) this.#count(Number(id), placed);
    }
  }

  outcome(): Outcome {
    const [asks, bids] = this.#book.depth();
    const bestFirst = bids.toSorted(([left], [right]) => right - left);
    const ascending = asks.toSorted(([left], [right]) => left - right);
    return { trades: this.#trades, checksum: this.#checksum, book: bookText([bestFirst, ascending]) };
  }

  /** Every maker it filled, in the order in which it did; the taker itself is in `done` or `partial` too. */
  #count(taker: number, placed: ReturnType<OrderBook["limit"]>): void {
    for (const order of placed.done) {
      if (Number(order.id) === taker) continue;
      this.#fold(taker, order as FilledOrder, (order as FilledOrder).size);
    }
    const { partial } = placed;
    if (partial !== null && Number(partial.id) !== taker)
      this.#fold(taker, partial as FilledOrder, placed.partialQuantityProcessed);
  }

  #fold(taker: number, maker: FilledOrder, lots: number): void {
    this.#trades++;
    this.#checksum = fold(this.#checksum, Number(maker.id), taker, maker.price, lots);
  }
}

interface FilledOrder {
  readonly id: string;
  readonly price: number;
  readonly size: number;
}
