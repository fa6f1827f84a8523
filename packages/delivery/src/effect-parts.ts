import type { Clock, Timer } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { Store } from "@bourse/store";
import type { CommitParts } from "./commit.ts";
import type { Log } from "./log.ts";
import type { DeliveryMetrics } from "./metrics.ts";

/** What runners of effects are given. */
export interface EffectParts {
  readonly serviceName: string;
  readonly store: Store;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  readonly metrics: DeliveryMetrics;
  readonly commit: CommitParts;
}
