import { type RangeIndex, summariseRanges } from "@bourse/store";
import type { MarketData } from "../market-data.ts";

/** As they were made (0002-fills.sql). */
export const FILL_INDEXES: readonly RangeIndex[] = (["trades", "transfers"] as const).flatMap((table) =>
  (["account", "order"] as const).map((whose) => ({
    table,
    index: `${table}_by_${whose}`,
    pagesPerRange: 32,
  })),
);

/** Summarises the trades that came for the fills that will be asked for (decision 0051). */
export function summariseFills({ store, summarisedPages }: MarketData): Promise<void> {
  return summariseRanges(store, FILL_INDEXES, summarisedPages);
}
