import type { BookSnapshot, EventOf } from "@bourse/contracts";
import type { LevelChange } from "./symbol-table.ts";

/** The levels of a symbol, best first: price, quantity, orders. */
export type WholeBook = Pick<EventOf<typeof BookSnapshot>, "bids" | "asks">;

/** An upper bound for a level's length in an event: two decimals, its side, its number of orders. */
const LONGEST_LEVEL_BYTES = 128;
/** An upper bound for an event's length without its levels. */
const ENVELOPE_BYTES = 512;

/** Whether an event of the whole book is no longer than `maxBytes`. */
export function fits(book: WholeBook, maxBytes: number): boolean {
  const isShort = isSurelyShort(book.bids.length + book.asks.length, maxBytes);
  return isShort || ENVELOPE_BYTES + bytesOf(book) <= maxBytes;
}

/** Splits the changes of a command, in their order, into events of at most `maxBytes`. */
export function partsThatFit(changes: LevelChange[], maxBytes: number): LevelChange[][] {
  if (isSurelyShort(changes.length, maxBytes)) return [changes];
  const parts: LevelChange[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const change of changes) {
    const more = bytesOf(change) + 1;
    if (bytes + more > maxBytes) {
      parts.push([]);
      bytes = ENVELOPE_BYTES;
    }
    parts.at(-1)?.push(change);
    bytes += more;
  }
  return parts;
}

/** Measures only what may be too long. */
function isSurelyShort(levels: number, maxBytes: number): boolean {
  return ENVELOPE_BYTES + levels * LONGEST_LEVEL_BYTES <= maxBytes;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
