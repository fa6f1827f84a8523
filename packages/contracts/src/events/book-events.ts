import { Type } from "typebox";
import { Count, Decimal, SideField, SymbolField, Timestamp } from "../fields.ts";
import { SHARDED_PARTITIONS } from "../partitions.ts";
import { defineEvent, defineTopic } from "../topic.ts";

/** side, price, new total visible quantity ("0": the level is gone), number of orders. */
export const LevelChange = Type.Tuple([SideField, Decimal, Decimal, Count]);
/** price, total visible quantity, number of orders; best first. */
export const BookLevel = Type.Tuple([Decimal, Decimal, Count]);

export const BookChanged = defineEvent({
  eventType: "BookChanged",
  writer: "matching",
  version: 1,
  description:
    "The levels that one command changed, in parts where no record holds them all. `bookSequence` is gapless per symbol (R15)",
  schema: Type.Object({
    eventType: Type.Literal("BookChanged"),
    timestamp: Timestamp,
    symbol: SymbolField,
    bookSequence: Count,
    changes: Type.Array(LevelChange),
  }),
});

export const BookSnapshot = defineEvent({
  eventType: "BookSnapshot",
  writer: "matching",
  version: 1,
  description:
    "The whole book as of `bookSequence`, every so many changes; none of a book that no record holds",
  schema: Type.Object({
    eventType: Type.Literal("BookSnapshot"),
    timestamp: Timestamp,
    symbol: SymbolField,
    bookSequence: Count,
    bids: Type.Array(BookLevel),
    asks: Type.Array(BookLevel),
  }),
});

export const bookEvents = defineTopic({
  name: "book-events",
  description: "The visible book of each symbol as level changes and snapshots",
  class: "exact",
  partitions: SHARDED_PARTITIONS,
  retentionMs: 7 * 86_400_000,
  key: "symbol",
  events: [BookChanged, BookSnapshot],
});
