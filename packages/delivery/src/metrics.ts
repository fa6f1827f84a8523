import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Delivery's metrics in a service's registry. Labels are bounded: subscriptions, topics and named reasons only. */
export interface DeliveryMetrics {
  readonly unitsCommitted: Counter<"subscription">;
  readonly eventsPublished: Counter<never>;
  readonly recordsRelayed: Counter<"topic">;
  readonly relayLag: Histogram<"topic">;
  readonly relayRetries: Counter<"topic">;
  readonly lostEnds: Counter<"topic">;
  readonly outboxBacklog: Gauge<"topic">;
  readonly duplicatesDropped: Counter<"subscription">;
  readonly retries: Counter<"subscription">;
  readonly stopped: Gauge<"subscription">;
  readonly stops: Counter<"subscription">;
  readonly batchSize: Histogram<"subscription">;
  readonly consumerLag: Gauge<"subscription" | "topic" | "partition">;
  readonly committedLag: Gauge<"subscription">;
  readonly eventLatency: Histogram<"subscription">;
  readonly rebalances: Counter<"subscription">;
  readonly hintsDistrusted: Counter<"subscription">;
  readonly recordRetries: Counter<"subscription">;
  readonly deadLetters: Counter<"subscription" | "reason">;
  readonly parkedRecords: Gauge<"subscription" | "reason">;
  readonly redriven: Counter<"subscription" | "outcome">;
  readonly dropped: Counter<"subscription">;
  readonly brokenCommand: Gauge<"subscription" | "partition">;
  readonly snapshots: Counter<"subscription">;
  readonly snapshotFailures: Counter<"subscription">;
  readonly clockJumps: Counter<"direction">;
}

const MILLISECONDS = [1, 2, 5, 10, 20, 50, 100, 500, 1_000, 10_000];
const SIZES = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000];

export function createMetrics(registry: Registry): DeliveryMetrics {
  const registers = [registry];
  const counter = <Label extends string>(
    name: string,
    help: string,
    ...labelNames: Label[]
  ): Counter<Label> => new Counter({ name: `bourse_delivery_${name}`, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]): Gauge<Label> =>
    new Gauge({ name: `bourse_delivery_${name}`, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: Label[]
  ): Histogram<Label> =>
    new Histogram({ name: `bourse_delivery_${name}`, help, buckets, labelNames, registers });
  return {
    unitsCommitted: counter("units_committed_total", "Units of work committed", "subscription"),
    eventsPublished: counter("events_published_total", "Events numbered in the outbox"),
    recordsRelayed: counter(
      "records_relayed_total",
      "Records the bus has acknowledged to the relay",
      "topic",
    ),
    relayLag: histogram(
      "relay_lag_ms",
      "From an event's time to its acknowledgement by the bus",
      MILLISECONDS,
      "topic",
    ),
    relayRetries: counter(
      "relay_retries_total",
      "Batches sent again because their outcome was unknown",
      "topic",
    ),
    lostEnds: counter(
      "lost_ends_total",
      "Times that a partition lacked records that it had acknowledged",
      "topic",
    ),
    outboxBacklog: gauge("outbox_backlog", "Committed events the bus has not acknowledged yet", "topic"),
    duplicatesDropped: counter(
      "duplicates_dropped_total",
      "Records whose number was applied before",
      "subscription",
    ),
    retries: counter(
      "retries_total",
      "Units of work tried again because a dependency failed",
      "subscription",
    ),
    stopped: gauge(
      "stopped",
      "1 while a subscription or one of its partitions is stopped: an alarm",
      "subscription",
    ),
    stops: counter("stops_total", "Stops of a subscription or of one of its partitions", "subscription"),
    batchSize: histogram("batch_size", "Events a unit of work", SIZES, "subscription"),
    consumerLag: gauge(
      "consumer_lag",
      "Records behind the end of the partition",
      "subscription",
      "topic",
      "partition",
    ),
    committedLag: gauge(
      "committed_lag",
      "Applied records that the group's committed offsets, which are a hint (R5), do not have yet",
      "subscription",
    ),
    eventLatency: histogram(
      "event_latency_ms",
      "From the time of the oldest event of a unit of work to its commit",
      [...MILLISECONDS, 60_000, 600_000],
      "subscription",
    ),
    rebalances: counter(
      "rebalances_total",
      "Times that the group gave this member its share anew: at the start, and when members come or go",
      "subscription",
    ),
    hintsDistrusted: counter(
      "hints_distrusted_total",
      "Partitions read from their beginning although their marks name an offset",
      "subscription",
    ),
    recordRetries: counter(
      "record_retries_total",
      "Failed tries of records while their dependencies answered, before they were poison",
      "subscription",
    ),
    deadLetters: counter(
      "dead_letters_total",
      "Records parked because they can't be applied, without those that queue behind them",
      "subscription",
      "reason",
    ),
    parkedRecords: gauge(
      "parked_records",
      "Records that are parked, by reason; queued_behind: they wait for another one of their key",
      "subscription",
      "reason",
    ),
    redriven: counter(
      "redriven_total",
      "Parked records that a redrive has tried, by outcome: applied, failed",
      "subscription",
      "outcome",
    ),
    dropped: counter("dropped_total", "Parked records that an operator has dropped", "subscription"),
    brokenCommand: gauge(
      "broken_command",
      "Number of the command that broke an invariant and stopped the shard's partition: an alarm; 0: none",
      "subscription",
      "partition",
    ),
    snapshots: counter("snapshots_total", "Shard snapshots written", "subscription"),
    snapshotFailures: counter(
      "snapshot_failures_total",
      "Shard snapshots that could not be written: the next replay is longer",
      "subscription",
    ),
    clockJumps: counter(
      "clock_jumps_total",
      "Minutes in which the clock went ahead or back by five more, or the process stood still",
      "direction",
    ),
  };
}
