/**
 * Commands as records of 8-byte words. Word 0 holds two 32-bit integers: kind | words << 8, and the symbol; word 1 is
 * the request and word 2 the time, doubles like all that follow. `3a` and `3b` are the two 32-bit halves of word 3.
 */
export const COMMAND = {
  /** 3a account, 3b flags, then the words of {@link PLACE_WORD}; words left out at the end are 0. */
  PLACE: 1,
  /** As PLACE, and in word 17 the handle of the order to replace. */
  REPLACE: 2,
  /** handle, price, quantity */
  AMEND: 3,
  /** handle */
  CANCEL: 4,
  /** 3a account; client id */
  CANCEL_BY_CLIENT_ID: 5,
  /** 3a account, 3b side */
  MASS_CANCEL: 6,
  /** session */
  CLOSE_SESSION: 7,
  /** 3a account */
  BLOCK: 8,
  /** 3a account */
  UNBLOCK: 9,
  /** 3a account; group */
  SET_GROUP: 10,
  /** 3a account; lots */
  SET_POSITION: 11,
  /** greatest price, greatest quantity */
  LIST: 12,
  HALT: 13,
  RESUME: 14,
  CANCEL_ONLY: 15,
  /** lower, upper, limit state's milliseconds */
  SET_BANDS: 16,
  ADVANCE_TIME: 17,
  /** handle */
  VOID: 18,
  /** greatest price, greatest quantity */
  SET_LIMITS: 19,
} as const;

/** Where a PLACE has its fields. */
export const PLACE_WORD = {
  PRICE: 4,
  QUANTITY: 5,
  WORST: 6,
  EXPIRE_AT: 7,
  STOP: 8,
  TRAIL_TICKS: 9,
  TRAIL_BPS: 10,
  DISPLAY: 11,
  MINIMUM: 12,
  CLIENT_ID: 13,
  LINK_HANDLE: 14,
  SESSION: 15,
  AWAITS: 16,
  REPLACED: 17,
} as const;

/**
 * The flags of an order, in commands and in its line. A field whose bits are all set is out of range.
 * Bits 20 to 29 are the engine's own and 0 in commands.
 */
export const FLAG = {
  SIDE: 0b11,
  TYPE_SHIFT: 2,
  TYPE: 0b11 << 2,
  TIME_IN_FORCE_SHIFT: 4,
  TIME_IN_FORCE: 0b111 << 4,
  POST_ONLY: 1 << 7,
  SLIDE: 1 << 8,
  HIDDEN: 1 << 9,
  REDUCE_ONLY: 1 << 10,
  SELF_TRADE_SHIFT: 11,
  SELF_TRADE: 0b111 << 11,
  TRIGGER_BY_SHIFT: 14,
  TRIGGER_BY: 0b11 << 14,
  PEG_SHIFT: 16,
  PEG: 0b11 << 16,
  LINK_SHIFT: 18,
  LINK: 0b11 << 18,
  /** An iceberg. */
  ICEBERG: 1 << 20,
  EXPIRES: 1 << 21,
  /** Dormant, in a trigger ladder. */
  DORMANT: 1 << 22,
  TRAILING: 1 << 23,
  /** Waits for its parent, or for the children it awaits. */
  WAITING: 1 << 24,
  /** A member of an OCO group. */
  LINKED: 1 << 25,
  /** Has waiting children. */
  PARENT: 1 << 26,
  /** Pegged, and without a price at present. */
  PARKED: 1 << 27,
  /** New, and not in the handle index yet. */
  FRESH: 1 << 28,
  /** No longer waits; is activated as soon as the symbol trades. */
  READY: 1 << 29,
  /** If touched: its stop is reached from the opposite direction. */
  IF_TOUCHED: 1 << 30,
} as const;

/** The longest command. */
export const COMMAND_WORDS = 18;
