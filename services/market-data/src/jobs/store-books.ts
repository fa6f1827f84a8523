import { bookEvents } from "@bourse/contracts";
import type { MarketData } from "../market-data.ts";
import { type StoredBook, storeBooksStatements } from "../sql/book-rows.ts";

/** Stores the books that changed, and how far they go, so that a start reads seconds of the topic and not days. */
export async function storeBooks(service: MarketData): Promise<void> {
  const { books, bus, store } = service;
  if (books.unstored.size === 0) return;
  const topicId = (await bus.topics()).find(({ name }) => name === bookEvents.name)?.id;
  if (topicId === undefined) return;
  // From here to the statements nothing else runs: books and offsets are as of the same records.
  const changed: StoredBook[] = [];
  const gaps = new Set<number>();
  for (const [symbol, partition] of books.unstored) {
    const book = books.get(symbol);
    if (book === undefined) continue;
    if (book.stale) gaps.add(partition);
    else changed.push({ symbol, partition, state: book.state() });
  }
  // A start must meet the gap again: behind it a book would look whole as it was before.
  const positions = Array.from(books.lastOffsets, ([partition, lastOffset]) => ({
    partition,
    topicId,
    lastOffset,
  })).filter(({ partition }) => !gaps.has(partition));
  await store.transaction("store books", (tx) => tx.commit(storeBooksStatements(changed, positions)));
  for (const { symbol, state } of changed)
    if (books.get(symbol)?.bookSequence === state.bookSequence) books.unstored.delete(symbol);
}
