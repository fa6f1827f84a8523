import type { AbortSignalLike } from "@bourse/base";
import { type BusRecord, type EventBus, type GroupConsumer, topicPartitionKey } from "@bourse/bus";
import { type Gap, recordsBehind } from "./gap.ts";
import { type Log, reasonOf } from "./log.ts";
import type { DeliveryMetrics } from "./metrics.ts";
import type { OwnedPartition } from "./owned-partition.ts";
import { MissingCommandError, type ShardStep } from "./shard-partition.ts";

interface LookParts {
  readonly bus: EventBus;
  readonly log: Log;
  readonly metrics: Pick<DeliveryMetrics, "hintsDistrusted">;
  readonly subscription: string;
  readonly topic: string;
  readonly closing: AbortSignalLike;
}

/** R5: the numbers decide, not the offsets. Where a command is missing, it is looked for before its place and behind it. */
export class MissingCommands {
  readonly #parts: LookParts;

  constructor(parts: LookParts) {
    this.#parts = parts;
  }

  /**
   * What is to be applied next, before what `consumer` delivers from another place now; null where the step lacks nothing,
   * or nothing of it is in the log. Rejects with a `BusError` that may pass.
   */
  async lookFor(
    owned: OwnedPartition,
    { commands, fault }: ShardStep,
    consumer: GroupConsumer,
  ): Promise<readonly BusRecord[] | null> {
    owned.mayLieBefore ||= commands > 0;
    if (!(fault instanceof MissingCommandError)) return null;
    if (owned.mayLieBefore) {
      this.#lookBefore(owned, fault, consumer);
      return [];
    }
    return fault.gap === null ? null : await this.#lookBehind(owned, fault.gap, consumer);
  }

  /** Once for each command that is missing. */
  #lookBefore(owned: OwnedPartition, fault: MissingCommandError, consumer: GroupConsumer): void {
    const { metrics, log, subscription, topic } = this.#parts;
    const at = { topic, partition: owned.partition };
    owned.mayLieBefore = false;
    metrics.hintsDistrusted.inc({ subscription });
    log.warn(
      { subscription, partition: topicPartitionKey(at), reason: reasonOf(fault) },
      "read again from the beginning of the partition",
    );
    consumer.seek(at, "earliest");
  }

  async #lookBehind(
    { partition }: OwnedPartition,
    gap: Gap,
    consumer: GroupConsumer,
  ): Promise<readonly BusRecord[] | null> {
    const found = await recordsBehind(this.#parts, gap);
    if (found.length === 0) return null;
    consumer.seek({ topic: this.#parts.topic, partition }, gap.record.offset);
    return found;
  }
}
