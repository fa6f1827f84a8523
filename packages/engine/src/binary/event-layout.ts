/**
 * Events as records of 8-byte words. The first word holds two 32-bit integers: kind | words << 8 | code << 16, and the
 * symbol; the others are doubles, exact for every safe integer. `code` is the index of a reason, cause, mode, status or
 * side in its list in `events.ts`.
 */
export const EVENT = {
  /** The writer went back to the start of the ring. */
  WRAP: 0,
  /** sequence, handle */
  ACCEPTED: 1,
  /** sequence, request, handle; code: reason */
  REJECTED: 2,
  /** sequence, trade number, maker, taker, price, lots, maker's leaves, taker's leaves */
  TRADE: 3,
  /** sequence, request, handle, price, quantity, leaves */
  REPLACED: 4,
  /** sequence, request, handle, lots; code: cause */
  CANCELLED: 5,
  /** sequence, handle, lots */
  EXPIRED: 6,
  /** sequence, request, affected orders */
  COMPLETED: 7,
  /** book sequence, price, total, orders; code: side */
  LEVEL: 8,
  /** sequence, handle, leaves; code: cause */
  TRIGGERED: 9,
  /** sequence, handle, price */
  REPRICED: 10,
  /** sequence, maker, taker, price, lots, maker's leaves, taker's leaves; code: mode */
  PREVENTED: 11,
  /** sequence, until; code: status */
  STATUS: 12,
  /** order sequence, handle, price, lots; code: side */
  ORDER_ADDED: 13,
  /** order sequence, handle, lots */
  ORDER_REDUCED: 14,
  /** handle, lots, leaves */
  LESSENED: 15,
} as const;

/** The first word of an event as the double of the same bits, which is written at once. */
export function eventHead(kind: number, words: number, code: number, symbol: number): number {
  const halves = Int32Array.of(kind | (words << 8) | (code << 16), symbol);
  return new Float64Array(halves.buffer)[0] as number;
}
