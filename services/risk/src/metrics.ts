import { Counter, Gauge, type Registry } from "prom-client";

export interface RiskMetrics {
  readonly checks: Counter<"outcome">;
  readonly uncleanStart: Gauge;
}

export function riskMetrics(
  registry: Registry,
  exposures: { readonly outstanding: number; readonly overdue: number },
): RiskMetrics {
  new Gauge({
    name: "risk_reservations",
    help: "Approvals whose order was not seen yet, of accounts with a limit on what is open (R14)",
    registers: [registry],
    collect() {
      this.set(exposures.outstanding);
    },
  });
  new Gauge({
    name: "risk_orders_overdue",
    help: "Orders that were committed long ago and not seen here: the updates lag and nothing is approved (R14)",
    registers: [registry],
    collect() {
      this.set(exposures.overdue);
    },
  });
  return {
    uncleanStart: new Gauge({
      name: "risk_unclean_start",
      help: "1 where an end before this start was not clean: known five seconds after the start (R14)",
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
