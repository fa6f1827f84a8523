import { executionEvents, orderEvents, orderUpdates, referenceEvents, riskEvents } from "@bourse/contracts";
import { defineService, type Shell } from "@bourse/host";
import type { Static } from "typebox";
import { OrderConfig } from "./config.ts";
import { executionsCommitted, followExecutions, orderOfExecution } from "./consumers/executions.ts";
import { followKillSwitches, killSwitchesCommitted } from "./consumers/kill-switches.ts";
import { followReference, referenceCommitted } from "./consumers/reference.ts";
import type { Desk } from "./desk.ts";
import { InputLag } from "./domain/input-lag.ts";
import { OrphanWatch } from "./domain/orphan-watch.ts";
import { RecentIds } from "./domain/recent-ids.ts";
import { openDoor } from "./door.ts";
import { tellEarlierLimits } from "./earlier-limits.ts";
import { activateEngine } from "./engine-version.ts";
import { orderInvariants } from "./invariants.ts";
import { advanceTime } from "./jobs/expiry.ts";
import { releaseOrphans } from "./jobs/orphans.ts";
import { refresh } from "./jobs/refresh.ts";
import { keepResting, RESTING_EVERY_MS } from "./jobs/resting.ts";
import { closeLapsedSessions } from "./jobs/sessions.ts";
import { KnownOrders } from "./known-orders.ts";
import { orderMetrics } from "./metrics.ts";
import { orderRecovery } from "./recovery.ts";
import { bandRoutes } from "./routes/bands.ts";
import { batchRoutes } from "./routes/batch.ts";
import { haltRoutes } from "./routes/halts.ts";
import { internalRoutes } from "./routes/internal.ts";
import { operatorRoutes } from "./routes/operators.ts";
import { placingRoutes } from "./routes/placing.ts";
import { readingRoutes } from "./routes/reading.ts";
import { requestRoutes } from "./routes/requests.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { readVenue } from "./sql/venue-rows.ts";
import { Venue } from "./venue.ts";

/** Refused order ids that are kept in memory: a few megabytes. */
const REFUSED_REMEMBERED = 20_000;

/** Placement, amendment, cancellation, and the log of everything that the engine obeys. */
export const order = defineService<typeof OrderConfig, Desk>({
  name: "order",
  description: "Takes orders, amendments and cancels, and sequences everything that the engine obeys",
  port: 8084,
  config: OrderConfig,
  migrations: new URL("./sql/migrations/", import.meta.url),
  publishes: [orderEvents, orderUpdates],
  calls: ["risk", "wallet"],
  setup: openDesk,
  consumes: [
    {
      kind: "effect",
      subscription: "reference",
      topics: [referenceEvents],
      // A listing is what all orders of its symbol stand on, and they are few.
      policy: "stop",
      handle: followReference,
      committed: referenceCommitted,
    },
    {
      kind: "effect",
      subscription: "executions",
      topics: [executionEvents],
      // Money follows from these states. An illegal transition alone concerns one order, and parks that one (R10).
      policy: "stop",
      failure: { key: orderOfExecution },
      restMs: 15,
      around: (desk, unit) => desk.known.guard(unit),
      handle: followExecutions,
      committed: executionsCommitted,
    },
    {
      kind: "effect",
      subscription: "kill-switches",
      topics: [riskEvents],
      // A kill switch that is passed over leaves an account trading.
      policy: "stop",
      handle: followKillSwitches,
      committed: killSwitchesCommitted,
    },
  ],
  routes: [
    ...placingRoutes,
    ...batchRoutes,
    ...readingRoutes,
    ...requestRoutes,
    ...haltRoutes,
    ...bandRoutes,
    ...operatorRoutes,
    ...sessionRoutes,
    ...internalRoutes,
  ],
  jobs: [
    { name: "expiry", everyMs: 250, run: advanceTime },
    { name: "sessions", everyMs: 500, run: closeLapsedSessions },
    { name: "orphans", everyMs: 1_000, run: releaseOrphans },
    { name: "refresh", everyMs: 1_000, run: refresh },
    { name: "resting", everyMs: RESTING_EVERY_MS, run: keepResting },
  ],
  invariants: orderInvariants,
  recovery: orderRecovery,
  close: (desk) => desk.door.idle(),
});

/** The engine's version is in the log of every partition before anything else is (R8). */
async function openDesk(shell: Shell<Static<typeof OrderConfig>>): Promise<Desk> {
  const { config, clock, log, store, bus, delivery, peers, newId, metrics } = shell;
  const lag = new InputLag();
  await activateEngine(delivery);
  const venue = new Venue();
  venue.load(await readVenue(store));
  await tellEarlierLimits({ store, bus, delivery, venue, log });
  const desk: Omit<Desk, "door"> & { door?: Desk["door"] } = {
    config,
    clock,
    log,
    store,
    bus,
    delivery,
    peers,
    newId,
    metrics: orderMetrics(metrics, () => lag.oldestMs(clock.nowMs())),
    venue,
    lag,
    orphans: new OrphanWatch(config.ORDER_ACCEPT_WINDOW_MS),
    inherited: { isRead: false },
    known: new KnownOrders(),
    refused: new RecentIds(REFUSED_REMEMBERED),
    expiry: { lookFromMs: 0 },
    resting: { announcedMs: -1, passes: 0 },
  };
  return Object.assign(desk, { door: openDoor(desk) });
}
