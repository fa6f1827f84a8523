import type { TopicPartition } from "@bourse/bus";
import type { bookEvents, TopicEvent } from "@bourse/contracts";
import type { Envelope } from "@bourse/delivery";
import type { BookOutcome } from "../domain/order-book.ts";
import type { MarketData } from "../market-data.ts";
import { bookOfRow, forgetPartition, selectBooks, selectPosition } from "../sql/book-rows.ts";

/**
 * Loads the stored books of a partition and tells where they end. A topic that was made anew has nothing to do with what is
 * stored: its books begin at its beginning.
 */
export async function startOfBooks(service: MarketData, at: TopicPartition): Promise<bigint | "earliest"> {
  const topics = await service.bus.topics();
  const topicId = topics.find(({ name }) => name === at.topic)?.id;
  const [position] = await service.store.query(selectPosition(at.partition));
  if (position === undefined) return "earliest";
  if (position.topic_id !== topicId) {
    await service.store.transaction("forget books", (tx) => tx.commit(forgetPartition(at.partition)));
    return "earliest";
  }
  for (const row of await service.store.query(selectBooks(at.partition))) {
    service.books.getOrAdd(String(row.symbol)).snapshot(bookOfRow(row));
    service.unpublished.add(String(row.symbol));
  }
  return BigInt(String(position.last_offset));
}

/** Keeps the books as the engine tells them. What was seen before, also across restarts, is dropped by its number. */
export function applyBooks(service: MarketData, batch: readonly Envelope[]): void {
  const { books, metrics, unpublished, republish } = service;
  const outcomes = new Map<BookOutcome, number>();
  for (const { event, partition, offset } of batch as readonly Envelope<TopicEvent<typeof bookEvents>>[]) {
    const book = books.getOrAdd(event.symbol);
    const { stale, bestBid, bestAsk } = book;
    const outcome =
      event.eventType === "BookSnapshot"
        ? book.snapshot(event)
        : book.change(event.bookSequence, event.changes);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    books.lastOffsets.set(partition, offset);
    if (outcome !== "old") books.unstored.set(event.symbol, partition);
    const isTouched = bestBid?.[0] !== book.bestBid?.[0] || bestAsk?.[0] !== book.bestAsk?.[0];
    // A stale book shows no touch, which no number says.
    if (stale !== book.stale) republish.add(event.symbol);
    else if (isTouched && !stale) unpublished.add(event.symbol);
  }
  for (const [outcome, count] of outcomes) metrics.bookEvents.inc({ outcome }, count);
}
