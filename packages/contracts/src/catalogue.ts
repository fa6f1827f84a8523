import { orderUpdates, portfolioEvents, riskEvents, walletEvents } from "./events/account-events.ts";
import { bookEvents } from "./events/book-events.ts";
import { executionEvents } from "./events/execution-events.ts";
import { orderEvents } from "./events/order-events.ts";
import { priceEvents } from "./events/price-events.ts";
import { referenceEvents } from "./events/reference-events.ts";
import { tradeEvents } from "./events/trade-events.ts";
import type { Topic } from "./topic.ts";

/** Every topic of the platform. What is not here does not exist: there is no auto-creation (R3). */
export const catalogue: readonly Topic[] = [
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
];
