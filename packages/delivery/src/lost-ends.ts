import type { EventBus, TopicPartition } from "@bourse/bus";
import { askingOnce } from "./elsewhere.ts";

/** A log, and where it ended when that was last heard of. */
export interface HeardOf extends TopicPartition {
  readonly end: bigint;
}

/**
 * Those of the logs that end before that now, and where: they have lost their ends. What is sent meanwhile makes them longer,
 * so that `end` must be from before the call. Rejects with `BusError`.
 */
export async function lostEnds<Log extends HeardOf>(
  bus: EventBus,
  logs: readonly Log[],
): Promise<readonly { readonly log: Log; readonly latest: bigint }[]> {
  const endsOf = askingOnce(bus);
  const lost: { log: Log; latest: bigint }[] = [];
  for (const log of logs) {
    const { topic, partition, end } = log;
    const latest = (await endsOf(topic)).find((each) => each.partition === partition)?.latest;
    if (latest !== undefined && latest < end) lost.push({ log, latest });
  }
  return lost;
}
