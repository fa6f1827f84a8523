import { Counter, type Registry } from "prom-client";

export interface RiskMetrics {
  readonly checks: Counter<"outcome">;
}

export function riskMetrics(registry: Registry): RiskMetrics {
  return {
    checks: new Counter({
      name: "risk_checks_total",
      help: "Orders checked, by outcome",
      labelNames: ["outcome"],
      registers: [registry],
    }),
  };
}
