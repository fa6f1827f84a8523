import type { BookSnapshot } from "@bourse/engine";
import { type LobsterBook, RecordingError, type Touch } from "@bourse/recordings";

/** The rows of an orderbook file, one after the other: no more than one is held. */
export class BookRows {
  readonly #rows: AsyncIterator<LobsterBook>;
  #next = 0;
  #current: LobsterBook | undefined;

  constructor(rows: AsyncIterable<LobsterBook>) {
    this.#rows = rows[Symbol.asyncIterator]();
  }

  /** The book after row `row`; rows are asked for in ascending order. Throws {@link RecordingError} past the file's end. */
  async at(row: number): Promise<LobsterBook> {
    while (this.#next <= row) {
      const next = await this.#rows.next();
      if (next.done === true) {
        const text = `row is ${row}; allowed are 0 to ${this.#next - 1}, the rows of the orderbook file`;
        throw new RecordingError(row, text, "file");
      }
      this.#current = next.value;
      this.#next++;
    }
    if (this.#next !== row + 1 || this.#current === undefined) {
      throw new RecordingError(row, `row is ${row}; allowed are rows from ${this.#next - 1} on`, "file");
    }
    return this.#current;
  }

  async close(): Promise<void> {
    await this.#rows.return?.();
  }
}

interface Level {
  readonly price: number;
  readonly quantity: number;
}

/** What the engine's book has other than the recorded one, in words; undefined where they are equal. */
export function bookDifference(engine: BookSnapshot, recorded: LobsterBook): string | undefined {
  return (
    sideDifference("bid", levelsOf(engine.bids), recorded.bids, recorded.depth) ??
    sideDifference("ask", levelsOf(engine.asks), recorded.asks, recorded.depth)
  );
}

/** The same of the best bid and ask. */
export function touchDifference(engine: BookSnapshot, touch: Touch): string | undefined {
  const bids = touch.bid === null ? [] : [touch.bid];
  const asks = touch.ask === null ? [] : [touch.ask];
  return (
    sideDifference("bid", levelsOf(engine.bids), bids, 1) ??
    sideDifference("ask", levelsOf(engine.asks), asks, 1)
  );
}

function levelsOf(levels: BookSnapshot["bids"]): readonly Level[] {
  return levels.map((level) => ({ price: level.priceTicks, quantity: level.totalLots }));
}

function sideDifference(
  side: string,
  ours: readonly Level[],
  recorded: readonly Level[],
  depth: number,
): string | undefined {
  for (let level = 0; level < depth; level++) {
    const [our, their] = [textOf(ours[level]), textOf(recorded[level])];
    if (our !== their) return `${side} ${level + 1} is ${our} instead of ${their}`;
  }
  return undefined;
}

function textOf(level: Level | undefined): string {
  return level === undefined ? "empty" : `${level.quantity} at ${level.price}`;
}
