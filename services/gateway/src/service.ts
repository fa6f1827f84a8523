import { catalogue, SERVICE_NAMES } from "@bourse/contracts";
import { defineService } from "@bourse/host";
import { authenticate, type Gateway, openQuestions, REFRESH_EVERY_MS, refreshKeys } from "./authenticate.ts";
import { GatewayConfig } from "./config.ts";
import { KeyCache } from "./key-cache.ts";
import { OrderPath } from "./order-path.ts";
import { documentRoutes } from "./routes/documents.ts";
import { forwardedRoutes } from "./routes/forwarded.ts";
import { lagRoutes } from "./routes/lag.ts";
import { pageRoutes } from "./routes/pages.ts";
import { platformRoutes } from "./routes/platform.ts";
import { topicRoutes } from "./routes/topics.ts";

/** The one public door: who asks, where it goes, all documents on one page, the landing page. */
export const gateway = defineService<typeof GatewayConfig, Gateway>({
  name: "gateway",
  description: "The one public door of the platform",
  port: 8080,
  config: GatewayConfig,
  publishes: [],
  // An operator's look at any topic goes through here.
  reads: catalogue,
  calls: SERVICE_NAMES,
  setup: ({ bus, peers, clock, config }) => {
    const asking = { peers, clock, keys: new KeyCache(clock, config.GATEWAY_KEY_CACHE_MS) };
    return { ...asking, bus, questions: openQuestions(asking), orderPath: new OrderPath(peers) };
  },
  unready: ({ orderPath }) => orderPath.toCome(),
  authenticate,
  consumes: [],
  routes: (directory) => [
    ...pageRoutes,
    ...documentRoutes,
    ...platformRoutes(directory),
    ...topicRoutes,
    ...lagRoutes(directory),
    ...forwardedRoutes(directory),
  ],
  jobs: [{ name: "refresh keys", everyMs: REFRESH_EVERY_MS, run: refreshKeys }],
  invariants: [],
});
