import { executionEvents, referenceEvents, tradeEvents, walletEvents } from "@bourse/contracts";
import { defineService } from "@bourse/host";
import { ReferenceBook } from "@bourse/market";
import { WalletConfig } from "./config.ts";
import { followEngine } from "./consumers/follow-engine.ts";
import { applyReference } from "./consumers/reference.ts";
import { walletInvariants } from "./invariants.ts";
import { summariseJournal } from "./jobs/summarise-journal.ts";
import { LedgerDesk } from "./ledger-desk.ts";
import { walletMetrics } from "./metrics.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { countRoutes } from "./routes/counts.ts";
import { fundsRoutes } from "./routes/funds.ts";
import { holdRoutes } from "./routes/holds.ts";
import type { Wallet } from "./wallet.ts";

/** The ledger: accounts, balances, holds, settlement in double entry. */
export const wallet = defineService<typeof WalletConfig, Wallet>({
  name: "wallet",
  description: "Accounts, balances, holds and settlement in double entry",
  port: 8087,
  config: WalletConfig,
  migrations: new URL("./sql/migrations/", import.meta.url),
  publishes: [walletEvents, tradeEvents],
  calls: [],
  setup: ({ clock, store, bus, delivery, peers, metrics: registry }) => {
    const metrics = walletMetrics(registry, store);
    const desk = new LedgerDesk(metrics.rowsMoved);
    return {
      clock,
      store,
      bus,
      delivery,
      peers,
      reference: new ReferenceBook(),
      metrics,
      desk,
      summarisedPages: new Map(),
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
    {
      kind: "effect",
      subscription: "settlement",
      topics: [tradeEvents, executionEvents],
      // Money: holds and balances depend on every fact before them, across accounts. So nothing may be skipped.
      policy: "stop",
      // Trades come with their reports, and what is settled comes back: one transaction for what is near in time.
      restMs: 8,
      around: (wallet, unit) => wallet.desk.inTurn(unit),
      handle: followEngine,
    },
  ],
  routes: [...accountRoutes, ...fundsRoutes, ...holdRoutes, ...countRoutes],
  jobs: [{ name: "summarise-journal", everyMs: 60_000, run: summariseJournal }],
  invariants: walletInvariants,
});
