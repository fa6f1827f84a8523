import type { Readable } from "node:stream";
import { linesOf } from "./lines-of.ts";
import { RecordingError, wholeNumber } from "./recording-error.ts";

/** One row of a LOBSTER message file. `direction` is the side of the resting order, also for executions. */
export interface LobsterMessage {
  /** Seconds after midnight, as text: nanoseconds do not fit a double. */
  readonly time: string;
  readonly type: number;
  readonly orderId: string;
  readonly shares: number;
  /** 1/10000 of a dollar. */
  readonly price: number;
  readonly side: "BUY" | "SELL";
}

export interface BookLevel {
  readonly price: number;
  readonly quantity: number;
}

/** One row of a LOBSTER orderbook file: the book after the same row of the message file, best level first. */
export interface LobsterBook {
  readonly asks: readonly BookLevel[];
  readonly bids: readonly BookLevel[];
  /** Levels that the file tells of each side; a side with fewer is that short. */
  readonly depth: number;
}

const EMPTY_LEVEL = 9_999_999_999;

/** Reads a message file and its orderbook file side by side; they must have equally many rows. */
export async function* readLobster(
  messages: Readable,
  books: Readable,
): AsyncGenerator<[LobsterMessage, LobsterBook]> {
  const bookLines = linesOf(books);
  let row = 0;
  for await (const line of linesOf(messages)) {
    if (line === "") continue;
    const book = await bookLines.next();
    if (book.done === true) throw new RecordingError(row, "the orderbook file ends before the message file");
    yield [lobsterMessage(line, row), lobsterBook(book.value, row)];
    row++;
  }
  const rest = await bookLines.next();
  if (rest.done !== true && rest.value !== "")
    throw new RecordingError(row, "the message file ends before the orderbook file");
}

export function lobsterMessage(line: string, row: number): LobsterMessage {
  const [time = "", type, orderId = "", shares, price, direction] = line.split(",");
  if (!/^[0-9]+(\.[0-9]+)?$/.test(time))
    throw new RecordingError(row, `time is "${time}"; allowed are seconds after midnight`);
  if (direction !== "1" && direction !== "-1")
    throw new RecordingError(row, `direction is "${direction}"; allowed are 1, -1`);
  const kind = wholeNumber(type, row, "type");
  if (kind < 1 || kind > 7) throw new RecordingError(row, `type is ${kind}; allowed are 1 to 7`);
  return {
    time,
    type: kind,
    orderId,
    shares: wholeNumber(shares, row, "shares"),
    price: wholeNumber(price, row, "price"),
    side: direction === "1" ? "BUY" : "SELL",
  };
}

export function lobsterBook(line: string, row: number): LobsterBook {
  const cells = line.split(",");
  if (cells.length % 4 !== 0)
    throw new RecordingError(row, `the orderbook row has ${cells.length} columns; allowed are four a level`);
  const asks: BookLevel[] = [];
  const bids: BookLevel[] = [];
  for (let cell = 0; cell < cells.length; cell += 4) {
    const askPrice = wholeNumber(cells[cell], row, "ask price");
    const bidPrice = wholeNumber(cells[cell + 2], row, "bid price");
    if (Math.abs(askPrice) !== EMPTY_LEVEL)
      asks.push({ price: askPrice, quantity: wholeNumber(cells[cell + 1], row, "ask size") });
    if (Math.abs(bidPrice) !== EMPTY_LEVEL)
      bids.push({ price: bidPrice, quantity: wholeNumber(cells[cell + 3], row, "bid size") });
  }
  return { asks, bids, depth: cells.length / 4 };
}
