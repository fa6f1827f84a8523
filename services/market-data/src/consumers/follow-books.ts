import type { TopicPartition } from "@bourse/bus";
import type { bookEvents, TopicEvent } from "@bourse/contracts";
import type { Envelope } from "@bourse/delivery";
import type { OrderBook } from "../domain/order-book.ts";
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
  for (const { event, partition, offset } of batch as readonly Envelope<TopicEvent<typeof bookEvents>>[]) {
    const book = service.books.getOrAdd(event.symbol);
    const before = touchOf(book);
    const outcome =
      event.eventType === "BookSnapshot"
        ? book.snapshot(event)
        : book.change(event.bookSequence, event.changes);
    service.metrics.bookEvents.inc({ outcome });
    service.books.lastOffsets.set(partition, offset);
    if (outcome === "applied" || outcome === "healed") service.books.unstored.set(event.symbol, partition);
    if (touchOf(book) !== before) service.unpublished.add(event.symbol);
  }
}

function touchOf(book: OrderBook): string {
  return book.stale ? "" : `${book.bestBid?.[0]}/${book.bestAsk?.[0]}`;
}
