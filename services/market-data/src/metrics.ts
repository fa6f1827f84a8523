import { Counter, Gauge, type Registry } from "prom-client";
import type { BookView } from "./book-view.ts";

export interface MarketDataMetrics {
  readonly trades: Counter;
  readonly prints: Counter;
  readonly prices: Counter;
  readonly bookEvents: Counter<"outcome">;
}

export function marketDataMetrics(registry: Registry, books: BookView): MarketDataMetrics {
  const registers = [registry];
  new Gauge({
    name: "market_data_stale_books",
    help: "Books with a gap that wait for a snapshot",
    registers,
    collect() {
      this.set(books.entries().filter(([, book]) => book.stale).length);
    },
  });
  return {
    trades: new Counter({ name: "market_data_trades_total", help: "Trades written to the tape", registers }),
    prints: new Counter({
      name: "market_data_prints_total",
      help: "Hidden prints written to the tape",
      registers,
    }),
    prices: new Counter({ name: "market_data_prices_total", help: "Prices published", registers }),
    bookEvents: new Counter({
      name: "market_data_book_events_total",
      help: "Book changes and snapshots by what they did; a gap is an alarm",
      labelNames: ["outcome"],
      registers,
    }),
  };
}
