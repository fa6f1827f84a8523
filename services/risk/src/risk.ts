import type { Clock } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { Delivery } from "@bourse/delivery";
import type { Shell } from "@bourse/host";
import type { ReferenceBook } from "@bourse/market";
import type { Store } from "@bourse/store";
import type { LimitTable } from "./domain/limits.ts";
import type { TokenBucket } from "./domain/token-bucket.ts";
import type { RiskMetrics } from "./metrics.ts";

/** What routes, consumers, jobs and invariants of risk are given. It decides in memory; PostgreSQL has the truth. */
export interface Risk {
  readonly clock: Clock;
  readonly log: Shell<unknown>["log"];
  readonly store: Store;
  readonly bus: EventBus;
  readonly delivery: Delivery;
  readonly newId: () => string;
  readonly metrics: RiskMetrics;
  readonly reference: ReferenceBook;
  /** Last prices by symbol, as decimals: the view of instruments may be behind that of prices. */
  readonly lastPrices: Map<string, string>;
  readonly limits: LimitTable;
  /** Accounts that are stopped. Replaced as a whole. */
  stopped: ReadonlySet<string>;
  readonly buckets: Map<string, TokenBucket>;
  /** Until then nothing is approved: the last end was not clean (R14). */
  readonly closedUntilMs: number;
}

/** Why nothing is approved now; an empty array: it is. */
export function whyClosed(risk: Pick<Risk, "clock" | "closedUntilMs">): readonly string[] {
  const leftMs = risk.closedUntilMs - risk.clock.nowMs();
  return leftMs > 0 ? [`the last end was not clean: closed for ${leftMs} ms more`] : [];
}
