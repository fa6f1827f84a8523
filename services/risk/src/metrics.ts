import { Counter, Gauge, type Registry } from "prom-client";

export interface RiskMetrics {
  readonly checks: Counter<"outcome">;
  readonly uncleanStart: Gauge;
}

export function riskMetrics(registry: Registry): RiskMetrics {
  return {
    uncleanStart: new Gauge({
      name: "risk_unclean_start",
      help: "1 where the end before this start was not clean, so that risk was closed for the accept window (R14)",
      registers: [registry],
    }),
    checks: new Counter({
      name: "risk_checks_total",
      help: "Orders checked, by outcome",
      labelNames: ["outcome"],
      registers: [registry],
    }),
  };
}
