import { type Clock, type LastUsed, OperationalError } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { Delivery } from "@bourse/delivery";
import type { NewestReading, Peers, Shell } from "@bourse/host";
import type { CompiledInstrument, ReferenceBook } from "@bourse/market";
import type { Store } from "@bourse/store";
import type { Exposures } from "./domain/exposures.ts";
import type { LimitTable } from "./domain/limits.ts";
import type { TokenBucket } from "./domain/token-bucket.ts";
import type { RiskMetrics } from "./metrics.ts";

/** The object that risk's routes, consumers, jobs and invariants get. It decides in memory; PostgreSQL has the truth. */
export interface Risk {
  readonly clock: Clock;
  readonly log: Shell<unknown>["log"];
  readonly store: Store;
  readonly bus: EventBus;
  readonly delivery: Delivery;
  readonly peers: Peers;
  readonly newId: () => string;
  /** Identifies this process: see `run-rows`. */
  readonly runId: string;
  /** Runs that were on record when this one started, until it is known whether they were alive. */
  earlierRuns: readonly string[];
  readonly metrics: RiskMetrics;
  readonly reference: ReferenceBook;
  /** Last prices by symbol, as decimals: the view of instruments may be behind that of prices. */
  readonly lastPrices: Map<string, string>;
  readonly limits: LimitTable;
  /** Accounts that are stopped. Replaced as a whole. */
  stopped: ReadonlySet<string>;
  /** Reloads of limits and kill switches. */
  readonly refreshes: NewestReading;
  /** The rates of the accounts that were used last. */
  readonly buckets: LastUsed<string, TokenBucket>;
  /** The open orders of the accounts that have a limit on them. */
  readonly exposures: Exposures;
  /** Loadings in flight, by account. */
  readonly loading: Map<string, Promise<void>>;
  readonly reservationMs: number;
  readonly closed: Closed;
}

/** How long nothing is approved, since the last shutdown may not have been clean (R14). 0: this is over. */
export interface Closed {
  sinceMs: number;
  forMs: number;
}

/** Why nothing is approved now; empty: orders are approved. */
export function whyClosed({
  clock,
  closed,
  exposures,
}: Pick<Risk, "clock" | "closed" | "exposures">): readonly string[] {
  const leftMs = closedForMs(closed, clock.nowMs());
  if (leftMs > 0)
    return [`an earlier end was not clean, or another instance runs: closed for ${leftMs} ms more`];
  const { overdue } = exposures;
  return overdue > 0 ? [`${overdue} committed orders were not seen here yet: order-updates lag`] : [];
}

function closedForMs(closed: Closed, nowMs: number): number {
  // The clock was ahead and has been set right.
  closed.sinceMs = Math.min(closed.sinceMs, nowMs);
  const leftMs = closed.sinceMs + closed.forMs - nowMs;
  if (leftMs <= 0) closed.forMs = 0;
  return leftMs;
}

/** Order admits a symbol once it has read its listing; this view may be a moment behind. */
export function instrumentOf(risk: Pick<Risk, "reference">, symbol: string): CompiledInstrument {
  const instrument = risk.reference.instrument(symbol);
  if (instrument !== undefined) return instrument;
  throw new OperationalError("reference_pending", `the instrument ${symbol} is not known here yet`, {
    retryable: true,
  });
}

/** The last price, or the instrument's reference price until there is one. */
export function referenceTicksOf(risk: Pick<Risk, "lastPrices">, instrument: CompiledInstrument): number {
  const lastPrice = risk.lastPrices.get(instrument.symbol);
  return lastPrice === undefined ? instrument.referencePriceTicks : instrument.decodePrice(lastPrice);
}
