import type { BookLevel } from "../book-views.ts";
import type { OrderLevel, Top } from "./messages.ts";

/** Levels of each side that a checksum looks at, as venues do it. */
export const CHECKSUM_LEVELS = 10;

interface Sides<Level> {
  /** Best first. */
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/**
 * CRC-32 (IEEE 802.3, as in gzip) of the text `sequence|bids|asks`: the number that the book is as of, and for each level,
 * best first, at most {@link CHECKSUM_LEVELS} a side, `price:total:orders,`. Whole numbers in decimal digits.
 */
export function levelsChecksum(sequence: number, { bids, asks }: Sides<BookLevel>): number {
  return crc32(`${sequence}|${textOf(bids, levelText)}|${textOf(asks, levelText)}`);
}

/** The same with `price:handle@lots;handle@lots,` for each level: the orders in the order in which they are filled. */
export function ordersChecksum(sequence: number, { bids, asks }: Sides<OrderLevel>): number {
  return crc32(`${sequence}|${textOf(bids, ordersText)}|${textOf(asks, ordersText)}`);
}

/** The checksum of a book of which only the best of each side is known. */
export function topChecksum(sequence: number, { bid, ask }: Top): number {
  return levelsChecksum(sequence, {
    bids: bid === undefined ? [] : [bid],
    asks: ask === undefined ? [] : [ask],
  });
}

function textOf<Level>(levels: readonly Level[], text: (level: Level) => string): string {
  return levels.slice(0, CHECKSUM_LEVELS).map(text).join("");
}

function levelText({ priceTicks, totalLots, orderCount }: BookLevel): string {
  return `${priceTicks}:${totalLots}:${orderCount},`;
}

function ordersText({ priceTicks, orders }: OrderLevel): string {
  return `${priceTicks}:${orders.map(({ handle, lots }) => `${handle}@${lots}`).join(";")},`;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder & 1) === 0 ? remainder >>> 1 : (remainder >>> 1) ^ 0xedb88320;
  }
  return remainder;
});

/** Of a text of ASCII characters, as an unsigned 32-bit integer. */
export function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let index = 0; index < text.length; index++) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ text.charCodeAt(index)) & 255] as number);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
