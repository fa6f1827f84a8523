import { cashBalanceFeed, ordersFeed, type Topic, tradesFeed } from "@bourse/contracts";

/** What drop-copy publishes for the back office. */
export const FEED_TOPICS: readonly Topic[] = [ordersFeed, tradesFeed, cashBalanceFeed];

/** How the groups of those who print a feed begin (`bourse process --topic trades`). */
export const FEED_GROUPS = "bourse-process.";
