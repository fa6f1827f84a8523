import { Counter, Gauge, type Registry } from "prom-client";
import type { BreakerState } from "./circuit-breaker.ts";

/** Of the breakers before the services that this process calls over HTTP, by service. */
export interface PeerMetrics {
  readonly state: Gauge<"peer">;
  readonly opened: Counter<"peer">;
  readonly refused: Counter<"peer">;
}

export const BREAKER_STATE_VALUES: Readonly<Record<BreakerState, number>> = {
  closed: 0,
  half_open: 1,
  open: 2,
};

const made = new WeakMap<Registry, PeerMetrics>();

/** Once a registry: several directories of a process share theirs. */
export function peerMetrics(registry: Registry): PeerMetrics {
  let metrics = made.get(registry);
  if (metrics === undefined) {
    const registers = [registry];
    const labelNames = ["peer"] as const;
    metrics = {
      state: new Gauge({
        name: "bourse_peer_breaker_state",
        help: "Circuit breaker before another service: 0 closed, 1 half open, 2 open",
        labelNames,
        registers,
      }),
      opened: new Counter({
        name: "bourse_peer_breaker_opened_total",
        help: "How often a circuit breaker has opened, failed probes included",
        labelNames,
        registers,
      }),
      refused: new Counter({
        name: "bourse_peer_breaker_refused_total",
        help: "Calls that were not sent because the circuit breaker was open",
        labelNames,
        registers,
      }),
    };
    made.set(registry, metrics);
  }
  return metrics;
}
