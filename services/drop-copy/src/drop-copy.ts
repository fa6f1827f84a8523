import type { EventBus } from "@bourse/bus";
import type { Store } from "@bourse/store";
import type { DropCopyMetrics } from "./metrics.ts";

/** What consumers and invariants of drop-copy are given. */
export interface DropCopy {
  readonly store: Store;
  readonly bus: EventBus;
  readonly cashAsset: string;
  readonly metrics: DropCopyMetrics;
}
