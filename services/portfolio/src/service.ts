import { OperationalError } from "@bourse/base";
import { portfolioEvents, priceEvents, referenceEvents, tradeEvents } from "@bourse/contracts";
import { KnownRows } from "@bourse/delivery";
import { defineService } from "@bourse/host";
import { ReferenceBook } from "@bourse/market";
import type { CostMethod } from "@bourse/positions";
import { type Store, sql } from "@bourse/store";
import { PortfolioConfig } from "./config.ts";
import { applyTrades, republishPositions, tradesApplied } from "./consumers/apply-trades.ts";
import { applyPrices, startOfPrices } from "./consumers/prices.ts";
import { applyReference } from "./consumers/reference.ts";
import { portfolioInvariants } from "./invariants.ts";
import { portfolioMetrics } from "./metrics.ts";
import type { Portfolio } from "./portfolio.ts";
import { positionRoutes } from "./routes/positions.ts";

/** Positions in memory, some 500 bytes each where there are no open lots. */
const MAX_KNOWN = 20_000;

/** Nobody waits for a position, and a transaction costs much the same whatever is in it. */
const REST_MS = 200;

/** What accounts have of each symbol, what they paid for it and what they made of it. */
export const portfolio = defineService<typeof PortfolioConfig, Portfolio>({
  name: "portfolio",
  description: "Positions, their cost, realised and unrealised profit",
  port: 8086,
  config: PortfolioConfig,
  migrations: new URL("./sql/migrations/", import.meta.url),
  publishes: [portfolioEvents],
  calls: [],
  setup: async ({ clock, store, bus, metrics, config }) => {
    const method = config.POSITION_COST_METHOD;
    await refuseOtherMethod(store, method);
    return {
      clock,
      store,
      bus,
      method,
      reference: new ReferenceBook(),
      lastPrices: new Map(),
      known: new KnownRows(MAX_KNOWN),
      written: new WeakMap(),
      metrics: portfolioMetrics(metrics),
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
    { kind: "view", subscription: "prices", topics: [priceEvents], from: startOfPrices, apply: applyPrices },
    {
      kind: "effect",
      subscription: "positions",
      topics: [tradeEvents],
      // A position's cost depends on the order of its symbol's trades, and on no other symbol's: those go on.
      policy: "parkKey",
      restMs: REST_MS,
      handle: applyTrades,
      projection: { tables: ["positions"], republish: republishPositions },
      committed: tradesApplied,
    },
  ],
  routes: positionRoutes,
  jobs: [],
  invariants: portfolioInvariants,
});

/** A cost basis of one method means nothing to another. */
async function refuseOtherMethod(store: Store, method: CostMethod): Promise<void> {
  const [row] = await store.query(
    sql`SELECT method FROM positions WHERE method <> ${method} ORDER BY account_id, symbol LIMIT 1`,
  );
  if (row === undefined) return;
  throw new OperationalError(
    "cost_method_fixed",
    `POSITION_COST_METHOD is ${method}, wants ${row.method}: there are positions by that method`,
    { retryable: false },
  );
}
