import type { TopicPartition } from "@bourse/bus";
import type { priceEvents, TopicEvent } from "@bourse/contracts";
import type { Envelope } from "@bourse/delivery";
import type { Portfolio } from "../portfolio.ts";

/** Market-data publishes every price once a minute, so these minutes have them all; the topic has a day. */
const LOOK_BACK_MS = 300_000;

export async function startOfPrices(service: Portfolio, at: TopicPartition): Promise<bigint | "latest"> {
  const starts = await service.bus.offsetsAt(at.topic, service.clock.nowMs() - LOOK_BACK_MS);
  return starts.find(({ partition }) => partition === at.partition)?.offset ?? "latest";
}

/** Conflated: a newer price replaces an older one (R7). What is worked out from it is shown, not a decision. */
export function applyPrices(service: Portfolio, batch: readonly Envelope[]): void {
  for (const { event } of batch as readonly Envelope<TopicEvent<typeof priceEvents>>[])
    if (event.lastPrice !== undefined) service.lastPrices.set(event.symbol, event.lastPrice);
}
