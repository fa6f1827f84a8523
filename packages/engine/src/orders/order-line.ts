/** An order is a line of 64 bytes: doubles by 8-byte word, integers by 4-byte half word. */
export const LINE_WORDS = 8;

export const LINE = {
  HANDLE: 0,
  /** Its price in the book; its limit or worst price while it takes; its stop while it is dormant. */
  PRICE: 1,
  /** What may trade at its place in the queue: its leaves, or an iceberg's visible part. */
  OPEN: 2,
  FILLED: 3,
} as const;

export const LINE_INT = {
  NEXT: 8,
  PREVIOUS: 9,
  LEVEL: 10,
  ACCOUNT: 11,
  ACCOUNT_NEXT: 12,
  ACCOUNT_PREVIOUS: 13,
  /** The bits of `FLAG`. */
  FLAGS: 14,
  /** Slot of the extra record, or NONE. */
  EXTRA: 15,
} as const;

/** Fields that only some orders have, in a record of their own. */
export const EXTRA_WORDS = 16;

export const EXTRA = {
  /** An iceberg's lots that are not shown. */
  RESERVE: 0,
  DISPLAY: 1,
  /** The limit or worst price of a dormant or waiting order; the limit of a pegged one. */
  LIMIT: 2,
  STOP: 3,
  TRAIL_TICKS: 4,
  TRAIL_BPS: 5,
  MINIMUM: 6,
  CLIENT_ID: 7,
  SESSION: 8,
  /** Its OCO group: the handle of the first member. */
  GROUP: 9,
  /** Handle of the order it is a child of. */
  PARENT: 10,
  /** When it expires. */
  EXPIRE_AT: 11,
  /** Activation price of a trailing stop; 0: it is active. */
  ACTIVATION: 14,
  /** How many children are still to come. */
  AWAITS: 15,
} as const;

export const EXTRA_INT = {
  EXPIRY: 24,
  EXPIRY_NEXT: 25,
  EXPIRY_PREVIOUS: 26,
  LINK: 27,
} as const;
