import { OrderBook } from "./domain/order-book.ts";

/** The books of all symbols in memory, with how far their topic's partitions were read and what is to be stored. */
export class BookView {
  readonly #books = new Map<string, OrderBook>();
  /** The last offset that was applied, by partition. */
  readonly lastOffsets: Map<number, bigint> = new Map();
  /** Symbols whose book is newer than its stored copy, with their partition. */
  readonly unstored: Map<string, number> = new Map();

  get(symbol: string): OrderBook | undefined {
    return this.#books.get(symbol);
  }

  getOrAdd(symbol: string): OrderBook {
    let book = this.#books.get(symbol);
    if (book === undefined) {
      book = new OrderBook();
      this.#books.set(symbol, book);
    }
    return book;
  }

  entries(): readonly (readonly [symbol: string, book: OrderBook])[] {
    return [...this.#books];
  }
}
