import type { EventBus, TopicPartition } from "@bourse/bus";
import { type Topic, writersOf } from "@bourse/contracts";
import { askingOnce } from "./elsewhere.ts";
import { isInLog, type LastApplied } from "./seek-hint.ts";

/** A log, and where it ended when that was last heard of. */
export interface HeardOf extends TopicPartition {
  readonly end: bigint;
  /** Of a log with several writers the last own record: what others have sent may have made it as long again. */
  readonly last?: LastApplied | null;
}

/** Whether a log of the topic may be filled by others, so that its length alone does not say whether it lost something. */
export function hasSeveralWriters(topic: Topic): boolean {
  return writersOf(topic).length > 1;
}

/**
 * Those of the logs that have lost their ends, and where they end now. What is sent meanwhile makes them longer, so that
 * `end` must be from before the call. Rejects with `BusError`.
 */
export async function lostEnds<Log extends HeardOf>(
  bus: EventBus,
  logs: readonly Log[],
): Promise<readonly { readonly log: Log; readonly latest: bigint }[]> {
  const endsOf = askingOnce(bus);
  const lost: { log: Log; latest: bigint }[] = [];
  for (const log of logs) {
    const { topic, partition, end, last } = log;
    const latest = (await endsOf(topic)).find((each) => each.partition === partition)?.latest;
    if (latest === undefined) continue;
    const isShorter = latest < end;
    if (isShorter || (last != null && !(await isInLog({ bus, endsOf }, last)))) lost.push({ log, latest });
  }
  return lost;
}
