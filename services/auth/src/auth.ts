import type { Clock } from "@bourse/base";
import type { Delivery } from "@bourse/delivery";
import type { Store } from "@bourse/store";

/** What the routes of auth are given. */
export interface Auth {
  readonly clock: Clock;
  readonly store: Store;
  readonly delivery: Delivery;
  readonly newId: () => string;
  /** Of the installation: what keys are derived from. */
  readonly secret: string;
}
