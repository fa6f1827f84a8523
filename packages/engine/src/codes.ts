import {
  BOOK_STATUSES,
  type BookStatus,
  CANCEL_CAUSES,
  type CancelCause,
  REJECT_REASONS,
  type RejectReason,
  TRIGGER_CAUSES,
  type TriggerCause,
} from "./events.ts";

function codes<K extends string>(words: readonly K[]): Readonly<Record<K, number>> {
  return Object.freeze(Object.fromEntries(words.map((word, index) => [word, index]))) as Readonly<
    Record<K, number>
  >;
}

/** The numbers of the words in binary events: their places in the lists. */
export const REASON: Readonly<Record<RejectReason, number>> = codes(REJECT_REASONS);
export const CAUSE: Readonly<Record<CancelCause, number>> = codes(CANCEL_CAUSES);
export const TRIGGER: Readonly<Record<TriggerCause, number>> = codes(TRIGGER_CAUSES);
export const STATUS: Readonly<Record<BookStatus, number>> = codes(BOOK_STATUSES);
