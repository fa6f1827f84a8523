import { orderUpdates, portfolioEvents, riskEvents, walletEvents } from "./events/account-events.ts";
import { auditTopic } from "./events/audit-events.ts";
import { bookEvents } from "./events/book-events.ts";
import { deadLetterTopic } from "./events/dead-letters.ts";
import { executionEvents } from "./events/execution-events.ts";
import { cashBalanceFeed, ordersFeed, tradesFeed } from "./events/feeds.ts";
import { orderEvents } from "./events/order-events.ts";
import { priceEvents } from "./events/price-events.ts";
import { referenceEvents } from "./events/reference-events.ts";
import { tradeEvents } from "./events/trade-events.ts";
import { simulatedTrades } from "./events/trade-stream.ts";
import { SERVICE_NAMES, type Topic } from "./topic.ts";

/** The topics that have a definition of their own. */
const defined: readonly Topic[] = [
  referenceEvents,
  orderEvents,
  orderUpdates,
  executionEvents,
  tradeEvents,
  bookEvents,
  priceEvents,
  portfolioEvents,
  walletEvents,
  riskEvents,
  ordersFeed,
  tradesFeed,
  cashBalanceFeed,
  simulatedTrades,
];

/**
 * Every topic of the platform. What is not here does not exist: there is no auto-creation (R3). Each defined topic may
 * be consumed, so each has its dead letters (R12), and each service its audit.
 */
export const catalogue: readonly Topic[] = [
  ...defined,
  ...defined.map(deadLetterTopic),
  ...SERVICE_NAMES.map((service) => auditTopic(service)),
];
