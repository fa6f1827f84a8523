import { referenceEvents } from "@bourse/contracts";
import { defineService } from "@bourse/host";
import { ReferenceDataConfig } from "./config.ts";
import { referenceInvariants } from "./invariants.ts";
import { referenceMetrics } from "./metrics.ts";
import type { ReferenceData } from "./reference-data.ts";
import { assetRoutes } from "./routes/assets.ts";
import { instrumentRoutes } from "./routes/instruments.ts";
import { raiseGreatestLimits } from "./told-limits.ts";

/** What exists: assets and instruments. Everyone else keeps a copy that follows its events. */
export const referenceData = defineService<typeof ReferenceDataConfig, ReferenceData>({
  name: "reference-data",
  description: "Assets and instruments: what exists, by which rules it is traded",
  port: 8095,
  config: ReferenceDataConfig,
  migrations: new URL("./sql/migrations/", import.meta.url),
  publishes: [referenceEvents],
  calls: [],
  setup: async ({ store, bus, delivery, metrics, log }) => {
    await raiseGreatestLimits({ store, bus, delivery, log });
    return { store, bus, delivery, metrics: referenceMetrics(metrics) };
  },
  consumes: [],
  routes: [...assetRoutes, ...instrumentRoutes],
  jobs: [],
  invariants: referenceInvariants,
});
