import { LastUsed } from "@bourse/base";
import { orderUpdates, priceEvents, referenceEvents, riskEvents } from "@bourse/contracts";
import { ConfigError, defineService, NewestReading, type Shell } from "@bourse/host";
import { ReferenceBook } from "@bourse/market";
import type { Static } from "typebox";
import { RiskConfig } from "./config.ts";
import { applyOrderUpdates, concernsExposure } from "./consumers/order-updates.ts";
import { applyPrices, applyReference } from "./consumers/views.ts";
import { Exposures } from "./domain/exposures.ts";
import { type Limits, LimitTable } from "./domain/limits.ts";
import { riskInvariants } from "./invariants.ts";
import { keepRunOnRecord } from "./jobs/keep-run.ts";
import { refresh } from "./jobs/refresh.ts";
import { settleReservations } from "./jobs/reservations.ts";
import { riskMetrics } from "./metrics.ts";
import { type Risk, whyClosed } from "./risk.ts";
import { checkRoutes } from "./routes/check.ts";
import { killSwitchRoutes } from "./routes/kill-switch.ts";
import { limitRoutes } from "./routes/limits.ts";
import { beginRun, endRunCleanly } from "./sql/run-rows.ts";

/** Accounts whose order rates are kept in memory. */
const MAX_BUCKETS = 100_000;

/** The checks before an order is funded: limits, collars, rates, the kill switch. */
export const risk = defineService<typeof RiskConfig, Risk>({
  name: "risk",
  description: "Checks orders before they are funded: limits, collars, rates and the kill switch",
  port: 8088,
  config: RiskConfig,
  migrations: new URL("./sql/migrations/", import.meta.url),
  publishes: [riskEvents],
  calls: ["order"],
  setup: openRisk,
  consumes: [
    {
      kind: "view",
      subscription: "reference",
      topics: [referenceEvents],
      from: "earliest",
      apply: applyReference,
    },
    { kind: "view", subscription: "prices", topics: [priceEvents], from: "earliest", apply: applyPrices },
    {
      kind: "view",
      subscription: "open-orders",
      topics: [orderUpdates],
      // From the end: an account's earlier orders are loaded from order's tables.
      from: "latest",
      concerns: concernsExposure,
      apply: applyOrderUpdates,
    },
  ],
  routes: [...checkRoutes, ...limitRoutes, ...killSwitchRoutes],
  jobs: [
    { name: "refresh", everyMs: 1_000, run: refresh },
    { name: "reservations", everyMs: 1_000, run: settleReservations },
    { name: "keep-run", everyMs: 1_000, run: keepRunOnRecord },
  ],
  invariants: riskInvariants,
  unready: whyClosed,
  close: ({ store, runId }) => endRunCleanly(store, runId),
});

async function openRisk(shell: Shell<Static<typeof RiskConfig>>): Promise<Risk> {
  const { config, clock, log, store, bus, delivery, peers, newId, metrics } = shell;
  const exposures = new Exposures();
  const runId = newId();
  const earlierRuns = await beginRun(store, runId);
  const clean = earlierRuns.length === 0;
  if (!clean)
    log.warn(
      { closedMs: config.RISK_ACCEPT_WINDOW_MS },
      "an earlier end was not clean, or another instance runs",
    );
  const service: Risk = {
    clock,
    log,
    store,
    bus,
    delivery,
    peers,
    newId,
    runId,
    earlierRuns,
    metrics: riskMetrics(metrics, exposures),
    reference: new ReferenceBook(),
    lastPrices: new Map(),
    limits: new LimitTable(defaultLimits(config)),
    stopped: new Set(),
    refreshes: new NewestReading(),
    buckets: new LastUsed(MAX_BUCKETS, () => new Map()),
    exposures,
    loading: new Map(),
    reservationMs: config.RISK_RESERVATION_MS,
    closed: { sinceMs: clock.nowMs(), forMs: clean ? 0 : config.RISK_ACCEPT_WINDOW_MS },
  };
  service.metrics.uncleanStart.set(0);
  await refresh(service);
  return service;
}

function defaultLimits(config: Static<typeof RiskConfig>): Limits {
  return {
    maxOrderNotional: amount(config.RISK_MAX_ORDER_NOTIONAL),
    maxOrderQuantity: amount(config.RISK_MAX_ORDER_QUANTITY),
    collarPpm: "instrument",
    ordersPerSecond: wholeNumber("RISK_ORDERS_PER_SECOND", config.RISK_ORDERS_PER_SECOND),
    orderBurst: wholeNumber("RISK_ORDER_BURST", config.RISK_ORDER_BURST),
    maxOpenOrders: wholeNumber("RISK_MAX_OPEN_ORDERS", config.RISK_MAX_OPEN_ORDERS),
    maxOpenNotional: amount(config.RISK_MAX_OPEN_NOTIONAL),
  };
}

function amount(text: string): string | null {
  return text === "unlimited" ? null : text;
}

function wholeNumber(variable: string, text: string): number | null {
  if (text === "unlimited") return null;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new ConfigError("risk", [
    `${variable} is "${text}"; it wants a whole number from 1 on, or "unlimited"`,
  ]);
}
