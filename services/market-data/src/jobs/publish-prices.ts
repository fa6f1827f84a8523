import { partitionOf } from "@bourse/bus";
import { priceEvents } from "@bourse/contracts";
import type { Effects, OutgoingEvent, Unit } from "@bourse/delivery";
import type { Row } from "@bourse/store";
import type { MarketData } from "../market-data.ts";
import { lockPublished, type PublishedPrice, selectMarkets, writePublished } from "../sql/price-rows.ts";

/**
 * Publishes the prices that moved since the last time: one event a symbol however often it moved (R7). Every instance sees
 * every book, so the rows tell which of them comes first.
 */
export async function publishPrices(service: MarketData): Promise<void> {
  const { unpublished, republish } = service;
  const again = new Set(republish);
  const symbols = [...new Set([...unpublished, ...again])]
    .filter((symbol) => service.reference.instrument(symbol) !== undefined)
    .sort();
  if (symbols.length === 0) return;
  for (const symbol of symbols) {
    unpublished.delete(symbol);
    republish.delete(symbol);
  }
  try {
    const committed = await service.delivery.commit("publish prices", (unit) =>
      pricesToPublish(service, { symbols, again }, unit),
    );
    service.metrics.prices.inc(committed.numbered.length);
  } catch (error) {
    for (const symbol of symbols) (again.has(symbol) ? republish : unpublished).add(symbol);
    throw error;
  }
}

/** Every price once a minute, moved or not: who starts reads the last minutes and has them all. */
export async function republishPrices(service: MarketData): Promise<void> {
  for (const { symbol } of service.reference.instruments()) service.republish.add(symbol);
  for (const row of await service.store.query(selectMarkets())) service.republish.add(String(row.symbol));
}

async function pricesToPublish(
  service: MarketData,
  asked: { readonly symbols: readonly string[]; readonly again: ReadonlySet<string> },
  unit: Unit,
): Promise<Effects> {
  const { symbols, again } = asked;
  const [publishedRows = [], marketRows = []] = await unit.run([
    lockPublished(symbols),
    selectMarkets(symbols),
  ]);
  const published = rowsBySymbol(publishedRows);
  const markets = rowsBySymbol(marketRows);
  const written: PublishedPrice[] = [];
  const events: OutgoingEvent<typeof priceEvents>[] = [];
  for (const symbol of symbols) {
    const before = published.get(symbol);
    const price = priceNow(service, symbol, markets.get(symbol));
    const newer =
      before === undefined ||
      price.lastSequence > Number(before.last_sequence) ||
      price.bookSequence > Number(before.book_sequence);
    if (!price.known || !(newer || again.has(symbol))) continue;
    written.push(price);
    events.push(price.event);
  }
  if (written.length === 0) return { statements: [], events: [], result: undefined };
  return { statements: [writePublished(written)], events, result: undefined };
}

interface Price extends PublishedPrice {
  readonly known: boolean;
  readonly event: OutgoingEvent<typeof priceEvents>;
}

/** A stale book shows no touch: an old one would look like a price. */
function priceNow(service: MarketData, symbol: string, market: Row | undefined): Price {
  const book = service.books.get(symbol);
  const fresh = book !== undefined && !book.stale;
  const lastTicks = market?.last_ticks ?? null;
  const instrument = service.reference.instrument(symbol);
  const lastPrice = lastTicks === null ? undefined : instrument?.formatPrice(Number(lastTicks));
  const bidPrice = fresh ? book.bestBid?.[0] : undefined;
  const askPrice = fresh ? book.bestAsk?.[0] : undefined;
  return {
    symbol,
    lastSequence: Number(market?.last_sequence ?? 0),
    bookSequence: book?.bookSequence ?? 0,
    known: lastPrice !== undefined || (book?.bookSequence ?? 0) > 0,
    event: {
      topic: priceEvents,
      key: symbol,
      partition: partitionOf(symbol, priceEvents.partitions),
      event: {
        eventType: "PriceUpdated",
        symbol,
        ...(lastPrice === undefined ? {} : { lastPrice }),
        ...(bidPrice === undefined ? {} : { bidPrice }),
        ...(askPrice === undefined ? {} : { askPrice }),
      },
    },
  };
}

function rowsBySymbol(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [String(row.symbol), row]));
}
