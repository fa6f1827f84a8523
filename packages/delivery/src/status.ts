import type { BusRecord, TopicPartition } from "@bourse/bus";

/** Where a subscription stands, for `bourse status`, `bourse verify` and the lag gauges. */
export interface ConsumptionStatus {
  readonly subscription: string;
  readonly kind: "effect" | "view" | "shard";
  readonly state: RunnerState;
  /** Why it is stopped or trying again. */
  readonly reason: string | null;
  /** Partitions this instance has at the moment. */
  readonly partitions: readonly PartitionStatus[];
}

/**
 * `starting`: joining, restoring or (views) reading up to the end seen at the start. `retrying`: a dependency does not
 * answer. `stopped`: something that an operator must look at (R12).
 */
export type RunnerState = "starting" | "running" | "retrying" | "stopped" | "closed";

export interface PartitionStatus {
  readonly topic: string;
  readonly partition: number;
  readonly state: "running" | "catching_up" | "stopped";
  /** The last sequence applied, for each producer. */
  readonly applied: Readonly<Record<string, number>>;
  /** Where the log is read next; null: nothing was read yet. */
  readonly nextOffset: bigint | null;
  readonly error: string | null;
}

/** A partition of a subscription, with the end of its log. */
export interface SubscriptionStatus extends PartitionStatus {
  readonly subscription: string;
  readonly kind: "effect" | "view" | "shard";
  readonly subscriptionState: RunnerState;
  /** null: the bus does not say where the log ends. */
  readonly endOffset: bigint | null;
  /** Records between `nextOffset` and `endOffset`; null: that is not known. */
  readonly lag: number | null;
}

/** A partition that this instance was not given and that is not done with: another's, or nobody's at the moment. */
export interface ElsewhereStatus {
  readonly subscription: string;
  readonly kind: "effect" | "view" | "shard";
  readonly topic: string;
  readonly partition: number;
  readonly endOffset: bigint;
  /** Records before `endOffset` of which the tables (R5), or the shards' group, do not say that they are done with. */
  readonly lag: number;
}

export interface DeliveryStatus {
  readonly consumptions: readonly Omit<ConsumptionStatus, "partitions">[];
  /** One for each partition that this instance has. */
  readonly subscriptions: readonly SubscriptionStatus[];
  readonly elsewhere: readonly ElsewhereStatus[];
  /** Subscriptions of which nobody could be asked what is left elsewhere, and why. */
  readonly elsewhereUnknown: readonly { readonly subscription: string; readonly reason: string }[];
  /** Committed events that the bus has not acknowledged yet, for each topic, and their sum. */
  readonly outbox: Readonly<Record<string, number>>;
  readonly outboxBacklog: number;
}

/** What every runner answers of itself, without asking the bus. */
export interface Runner {
  readonly subscription: string;
  status(): ConsumptionStatus;
  /**
   * How far the partitions are that `status()` lacks at the moment of the call, as tables or bus say: for whoever asks
   * whether all is done, never for the way of a record. Rejects where they do not answer.
   */
  elsewhere(): Promise<readonly PartitionElsewhere[]>;
  /** Why the service is not ready on this runner's account; empty: it is. */
  unready(): readonly string[];
  /** Of these, what goes on only once an operator has seen to it (R8, R12). */
  stopped(): readonly string[];
  /** Finishes the unit of work in hand and leaves. */
  close(): Promise<void>;
}

/**
 * How far a partition is done with that this instance was not given: another instance's, or nobody's until the session
 * of a member that was killed ends.
 */
export interface PartitionElsewhere extends TopicPartition {
  /** Before it everything is done with. null: from the beginning nothing is known to be. */
  readonly nextOffset: bigint | null;
  /** Whether a record behind it was applied all the same: a relay's second copy moves no mark (R4, R5). */
  readonly isApplied: (record: BusRecord) => boolean;
}
