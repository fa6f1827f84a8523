import { cashBalanceFeed, ordersFeed, tradesFeed } from "@bourse/contracts";
import { defineService } from "@bourse/host";
import { Type } from "typebox";

const DropCopyConfig = Type.Object({});

/** The feeds that risk engines and back offices live on, made of the platform's events. */
export const dropCopy = defineService<typeof DropCopyConfig, object>({
  name: "drop-copy",
  description: "The back office's feeds: orders, trades and cash by client",
  port: 8096,
  config: DropCopyConfig,
  publishes: [ordersFeed, tradesFeed, cashBalanceFeed],
  calls: [],
  setup: () => ({}),
  consumes: [],
  routes: [],
  jobs: [],
  invariants: [],
});
