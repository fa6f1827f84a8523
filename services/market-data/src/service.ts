import { bookEvents, priceEvents, referenceEvents, tradeEvents } from "@bourse/contracts";
import { defineService } from "@bourse/host";
import { ReferenceBook } from "@bourse/market";
import { BookView } from "./book-view.ts";
import { MarketDataConfig } from "./config.ts";
import { applyBooks, startOfBooks } from "./consumers/follow-books.ts";
import { recordTrades, tradesRecorded } from "./consumers/record-trades.ts";
import { applyReference } from "./consumers/reference.ts";
import { marketDataInvariants } from "./invariants.ts";
import { publishPrices, republishPrices } from "./jobs/publish-prices.ts";
import { storeBooks } from "./jobs/store-books.ts";
import { summariseFills } from "./jobs/summarise-fills.ts";
import type { MarketData } from "./market-data.ts";
import { marketDataMetrics } from "./metrics.ts";
import { candleRoutes } from "./routes/candles.ts";
import { fillRoutes } from "./routes/fills.ts";
import { marketRoutes } from "./routes/markets.ts";
import { tapeRoutes } from "./routes/tape.ts";
import { tradeRoutes } from "./routes/trades.ts";

/** As often as prices are published: what is on the tape sooner would be seen no sooner there. */
const REST_MS = 100;

/** What the market shows: books, tape, tickers, candles, prices. */
export const marketData = defineService<typeof MarketDataConfig, MarketData>({
  name: "market-data",
  description: "Books, trades, fills, tickers, candles and prices",
  port: 8083,
  config: MarketDataConfig,
  migrations: new URL("./sql/migrations/", import.meta.url),
  publishes: [priceEvents],
  calls: ["order"],
  setup: ({ clock, store, bus, delivery, metrics, peers }) => {
    const books = new BookView();
    return {
      clock,
      store,
      bus,
      delivery,
      peers,
      reference: new ReferenceBook(),
      books,
      unpublished: new Set(),
      republish: new Set(),
      summarisedPages: new Map(),
      metrics: marketDataMetrics(metrics, books),
    };
  },
  consumes: [
    {
      kind: "view",
      subscription: "reference",
      topics: [referenceEvents],
      from: "earliest",
      apply: applyReference,
    },
    { kind: "view", subscription: "books", topics: [bookEvents], from: startOfBooks, apply: applyBooks },
    {
      kind: "effect",
      subscription: "tape",
      topics: [tradeEvents],
      // A candle's close and the last price are those of the symbol's last trade: order counts within a symbol only.
      policy: "parkKey",
      restMs: REST_MS,
      handle: recordTrades,
      committed: tradesRecorded,
    },
  ],
  routes: [...marketRoutes, ...tapeRoutes, ...candleRoutes, ...tradeRoutes, ...fillRoutes],
  jobs: [
    { name: "publish-prices", everyMs: 100, run: publishPrices },
    { name: "republish-prices", everyMs: 60_000, run: republishPrices },
    { name: "store-books", everyMs: 5_000, run: storeBooks },
    // Not sooner: it has PostgreSQL end a vacuum of the table that is on its way.
    { name: "summarise-fills", everyMs: 60_000, run: summariseFills },
  ],
  invariants: marketDataInvariants,
});
