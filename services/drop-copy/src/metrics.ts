import type { Envelope } from "@bourse/delivery";
import { Counter, type Registry } from "prom-client";

export interface DropCopyMetrics {
  readonly facts: Counter<"event">;
}

export function dropCopyMetrics(registry: Registry): DropCopyMetrics {
  return {
    facts: new Counter({
      name: "drop_copy_events_total",
      help: "Events that were copied into the back office's feeds, by type; their records are counted by the outbox",
      labelNames: ["event"],
      registers: [registry],
    }),
  };
}

/** After the commit of a batch. */
export function countCopied(
  { metrics }: { readonly metrics: DropCopyMetrics },
  batch: readonly Envelope[],
): void {
  const facts = new Map<string, number>();
  for (const { event } of batch) {
    const { eventType } = event as { readonly eventType: string };
    facts.set(eventType, (facts.get(eventType) ?? 0) + 1);
  }
  for (const [event, count] of facts) metrics.facts.inc({ event }, count);
}
