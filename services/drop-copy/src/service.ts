import { OperationalError } from "@bourse/base";
import {
  cashBalanceFeed,
  executionEvents,
  orderEvents,
  ordersFeed,
  tradeEvents,
  tradesFeed,
  walletEvents,
} from "@bourse/contracts";
import { defineService } from "@bourse/host";
import { type Store, sql } from "@bourse/store";
import { DropCopyConfig } from "./config.ts";
import { copyCash } from "./consumers/copy-cash.ts";
import { copyOrders } from "./consumers/copy-orders.ts";
import { type DropCopy, nothingKnown } from "./drop-copy.ts";
import { dropCopyInvariants } from "./invariants.ts";
import { countCopied, dropCopyMetrics } from "./metrics.ts";

/** Nobody waits for a copy, and a transaction of a few records costs the database what the orders themselves need. */
const REST_MS = 200;

/** The feeds that risk engines and back offices live on, made of the platform's events. */
export const dropCopy = defineService<typeof DropCopyConfig, DropCopy>({
  name: "drop-copy",
  description: "The back office's feeds: orders, trades and cash by client",
  port: 8096,
  config: DropCopyConfig,
  migrations: new URL("./sql/migrations/", import.meta.url),
  publishes: [ordersFeed, tradesFeed, cashBalanceFeed],
  calls: [],
  setup: async ({ store, bus, metrics, config }) => {
    const cashAsset = config.DROP_COPY_CASH_ASSET;
    await refuseOtherAsset(store, cashAsset);
    return { store, bus, cashAsset, ...nothingKnown(), metrics: dropCopyMetrics(metrics) };
  },
  consumes: [
    {
      kind: "effect",
      subscription: "orders",
      topics: [orderEvents, executionEvents, tradeEvents],
      // An order's records build on each other, and its facts have its symbol as key: other symbols go on.
      policy: "parkKey",
      restMs: REST_MS,
      handle: copyOrders,
      committed: countCopied,
    },
    {
      kind: "effect",
      subscription: "cash",
      topics: [walletEvents, tradeEvents],
      // Sums: a fact that is applied later leads to the same ones.
      policy: "skip",
      restMs: REST_MS,
      handle: copyCash,
      committed: countCopied,
    },
  ],
  routes: [],
  jobs: [],
  invariants: dropCopyInvariants,
});

/** Nothing sums across assets (R9). */
async function refuseOtherAsset(store: Store, asset: string): Promise<void> {
  const [row] = await store.query(
    sql`SELECT cash_asset FROM clients WHERE cash_asset <> ${asset} ORDER BY client_id LIMIT 1`,
  );
  if (row === undefined) return;
  throw new OperationalError(
    "cash_asset_fixed",
    `DROP_COPY_CASH_ASSET is ${asset}, wants ${row.cash_asset}: there are clients with cash in it`,
    { retryable: false },
  );
}
