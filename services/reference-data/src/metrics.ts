import { Counter, type Registry } from "prom-client";

export interface ReferenceMetrics {
  readonly changes: Counter<"event">;
}

export function referenceMetrics(registry: Registry): ReferenceMetrics {
  return {
    changes: new Counter({
      name: "reference_changes_total",
      help: "Changes of reference data, by the event that tells of them",
      labelNames: ["event"],
      registers: [registry],
    }),
  };
}
