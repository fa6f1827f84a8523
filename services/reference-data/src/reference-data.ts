import type { EventBus } from "@bourse/bus";
import type { Delivery } from "@bourse/delivery";
import type { Store } from "@bourse/store";
import type { ReferenceMetrics } from "./metrics.ts";

/** What routes and invariants of reference-data are given. Its tables are the truth; there is no copy in memory. */
export interface ReferenceData {
  readonly store: Store;
  readonly bus: EventBus;
  readonly delivery: Delivery;
  readonly metrics: ReferenceMetrics;
}
