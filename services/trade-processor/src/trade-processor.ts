import type { Clock } from "@bourse/base";
import type { CostMethod } from "@bourse/positions";
import type { Store } from "@bourse/store";
import type { TradeSink } from "./adapters/trade-sink.ts";
import type { InstrumentTable } from "./domain/trade-instruments.ts";
import type { ProcessorMetrics } from "./metrics.ts";

/** How many trades a processor remembers, to ask less often which were seen. */
export const RECENT_TRADES = 100_000;

/** What routes and consumers of trade-processor are given. */
export interface TradeProcessor {
  readonly clock: Clock;
  readonly store: Store;
  readonly method: CostMethod;
  readonly instruments: InstrumentTable;
  /** How far a report's time may be ahead of this machine's clock. */
  readonly maxAheadMs: number;
  /** Where trades go instead of the service's own database. */
  readonly sink: TradeSink | null;
  readonly metrics: ProcessorMetrics;
  /** Records set aside since the start. */
  readonly deadLetters: () => Promise<number>;
}
