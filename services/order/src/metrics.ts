import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export interface OrderMetrics {
  readonly answers: Counter<"job" | "answer">;
  readonly refusals: Counter<"code">;
  readonly roundJobs: Histogram;
  readonly replans: Counter<"why">;
  readonly reports: Counter;
  readonly orphans: Counter<"what">;
}

export function orderMetrics(registry: Registry, oldestMs: () => number): OrderMetrics {
  const registers = [registry];
  new Gauge({
    name: "order_engine_lag_seconds",
    help: "Age of the oldest command without outcome",
    registers,
    collect() {
      this.set(oldestMs() / 1_000);
    },
  });
  const orphans = new Counter({
    name: "order_orphans_released_total",
    help: "Holds and raises given up because no order came (R10)",
    labelNames: ["what"] as const,
    registers,
  });
  // An alarm on an increase needs the zero before it.
  for (const what of ["hold", "raise"]) orphans.inc({ what }, 0);
  return {
    answers: new Counter({
      name: "order_answers_total",
      help: "Placements, amendments and cancels by answer",
      labelNames: ["job", "answer"],
      registers,
    }),
    refusals: new Counter({
      name: "order_refusals_total",
      help: "Refusals by code",
      labelNames: ["code"],
      registers,
    }),
    roundJobs: new Histogram({
      name: "order_round_jobs",
      help: "Orders and commands in one transaction",
      buckets: [1, 3, 10, 30, 100, 300, 1_000, 3_000],
      registers,
    }),
    replans: new Counter({
      name: "order_round_replans_total",
      help: "Rounds that were planned again, by reason",
      labelNames: ["why"],
      registers,
    }),
    reports: new Counter({
      name: "order_reports_applied_total",
      help: "Orders changed by execution reports",
      registers,
    }),
    orphans,
  };
}
