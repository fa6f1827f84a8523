import type { Clock } from "@bourse/base";
import { OperationalError } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { Delivery } from "@bourse/delivery";
import type { Peers } from "@bourse/host";
import type { CompiledInstrument, ReferenceBook } from "@bourse/market";
import type { Store, SummarisedPages } from "@bourse/store";
import type { BookView } from "./book-view.ts";
import type { MarketDataMetrics } from "./metrics.ts";

/** What routes, consumers, jobs and invariants of market-data are given. */
export interface MarketData {
  readonly clock: Clock;
  readonly store: Store;
  readonly bus: EventBus;
  readonly delivery: Delivery;
  readonly peers: Peers;
  readonly reference: ReferenceBook;
  readonly books: BookView;
  /** Symbols whose last price or touch may be newer than what was published. */
  readonly unpublished: Set<string>;
  /** Symbols whose price is published once more, moved or not. */
  readonly republish: Set<string>;
  readonly summarisedPages: SummarisedPages;
  readonly metrics: MarketDataMetrics;
}

/** The instrument of an event. The view of reference data may be a moment behind: the unit is then tried again. */
export function instrumentOf(service: Pick<MarketData, "reference">, symbol: string): CompiledInstrument {
  const instrument = service.reference.instrument(symbol);
  if (instrument !== undefined) return instrument;
  throw new OperationalError("reference_pending", `the instrument ${symbol} is not known here yet`, {
    retryable: true,
  });
}
