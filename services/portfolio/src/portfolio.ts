import type { Clock } from "@bourse/base";
import { OperationalError } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { Envelope, KnownRows } from "@bourse/delivery";
import type { CompiledInstrument, ReferenceBook } from "@bourse/market";
import type { CostMethod } from "@bourse/positions";
import type { Store } from "@bourse/store";
import type { PortfolioMetrics } from "./metrics.ts";
import type { KnownPosition } from "./sql/position-rows.ts";

/** What routes, consumers and invariants of portfolio are given. */
export interface Portfolio {
  readonly clock: Clock;
  readonly store: Store;
  readonly bus: EventBus;
  readonly method: CostMethod;
  readonly reference: ReferenceBook;
  /** The last price of each symbol, as market-data publishes it. */
  readonly lastPrices: Map<string, string>;
  readonly known: KnownRows<KnownPosition>;
  /** How many positions each batch in hand changes: counted once it is committed. */
  readonly written: WeakMap<readonly Envelope[], number>;
  readonly metrics: PortfolioMetrics;
}

/** The instrument of an event. The view of reference data may be a moment behind: the unit is then tried again. */
export function instrumentOf(service: Pick<Portfolio, "reference">, symbol: string): CompiledInstrument {
  const instrument = service.reference.instrument(symbol);
  if (instrument !== undefined) return instrument;
  throw new OperationalError("reference_pending", `the instrument ${symbol} is not known here yet`, {
    retryable: true,
  });
}
