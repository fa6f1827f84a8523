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
  let type = "";
  let count = 0;
  for (const { event } of batch) {
    const { eventType } = event as { readonly eventType: string };
    // Events of a topic come together, and most have their neighbour's type.
    if (eventType !== type) {
      if (count > 0) facts.set(type, (facts.get(type) ?? 0) + count);
      type = eventType;
      count = 0;
    }
    count++;
  }
  if (count > 0) facts.set(type, (facts.get(type) ?? 0) + count);
  for (const [event, total] of facts) metrics.facts.inc({ event }, total);
}
