import type { Clock } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { Delivery } from "@bourse/delivery";
import type { Gather, Peers, Shell } from "@bourse/host";
import type { Store } from "@bourse/store";
import type { Static } from "typebox";
import type { OrderConfig } from "./config.ts";
import type { InputLag } from "./domain/input-lag.ts";
import type { Answer, Job } from "./domain/job.ts";
import type { OrphanWatch } from "./domain/orphan-watch.ts";
import type { RecentIds } from "./domain/recent-ids.ts";
import type { KnownOrders } from "./known-orders.ts";
import type { OrderMetrics } from "./metrics.ts";
import type { Venue } from "./venue.ts";

/** What routes, consumers, jobs and invariants of order are given. */
export interface Desk {
  readonly config: Static<typeof OrderConfig>;
  readonly clock: Clock;
  readonly log: Shell<unknown>["log"];
  readonly store: Store;
  readonly bus: EventBus;
  readonly delivery: Delivery;
  readonly peers: Peers;
  readonly newId: () => string;
  readonly metrics: OrderMetrics;
  readonly venue: Venue;
  readonly lag: InputLag;
  readonly orphans: OrphanWatch;
  readonly known: KnownOrders;
  /** Orders that were refused or given up lately. */
  readonly refused: RecentIds;
  /** The one door through which every placement and command goes, in the order in which it came. */
  readonly door: Gather<Job, Answer>;
  /** Whether the lag that an earlier process has left was read; see the refresh job. */
  readonly inherited: { isRead: boolean };
  /** From where on the expiry job looks; see there. */
  readonly expiry: { lookFromMs: number };
  readonly resting: {
    /** Orders that are not younger go to the resting ones at once; see the door. */
    announcedMs: number;
    /** Runs that the resting job passes over. */
    passes: number;
  };
}
