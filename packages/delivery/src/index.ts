export type { Actor } from "./audit.ts";
export { auditEvent } from "./audit.ts";
export type {
  BulkBatch,
  BulkConsumption,
  BulkEffects,
  BulkProgram,
  BulkRange,
  BulkRefusal,
  BulkTools,
} from "./bulk/bulk-definitions.ts";
export { type BulkReader, readInBulk } from "./bulk/read-in-bulk.ts";
export type { CompiledSchema } from "./contract-check.ts";
export { compiledSchema } from "./contract-check.ts";
export type { DeliveryOptions, DeliveryRuntime } from "./create-delivery.ts";
export { createDelivery } from "./create-delivery.ts";
export { DecodeError } from "./decode.ts";
export type {
  Committed,
  ConsumerUnit,
  Consumption,
  Delivery,
  EffectConsumption,
  Effects,
  ProjectionDefinition,
  ShardConsumption,
  ShardProgram,
  Unit,
  ViewConsumption,
  ViewStart,
} from "./definitions.ts";
export { eventsOf } from "./definitions.ts";
export type { Envelope, NumberedEvent, OutgoingEvent } from "./envelope.ts";
export type { FailureOptions, FailurePolicy, ParkReason } from "./failure-options.ts";
export { RecordRefused } from "./failure-policy.ts";
export { SequenceError } from "./gap.ts";
export { bodyHash } from "./idempotency/body-hash.ts";
export type { Idempotency, OnceOutcome } from "./idempotency/idempotency.ts";
export { createIdempotency } from "./idempotency/idempotency.ts";
export type { Answer, IdempotencyBounds, IdempotentCommand } from "./idempotency/idempotent-command.ts";
export type { Known } from "./known-rows.ts";
export { KnownRows } from "./known-rows.ts";
export type { Log } from "./log.ts";
export { deliveryMigrations } from "./migrations.ts";
export type {
  ParkedDetail,
  ParkedFilter,
  ParkedReason,
  ParkedRecord,
  ParkedStatus,
} from "./parked-queries.ts";
export { isParkedId, PARKED_STATUSES } from "./parked-queries.ts";
export type { RebuildStatus } from "./rebuild.ts";
export { RebuildError } from "./rebuild.ts";
export type { RebuildComparison } from "./rebuild-comparison.ts";
export type { Importer, MissingRecord, PartitionRecovery, RecoverParts } from "./recover.ts";
export { missingRecords, planRecovery, recover } from "./recover.ts";
export type { DropOutcome, ParkedDesk, RedriveOutcome } from "./redrive.ts";
export type { RelayBounds } from "./relay.ts";
export { LogAheadOfStoreError } from "./relay-resume.ts";
export { cutPartitions, replayTopic } from "./replay-topic.ts";
export type { Retention } from "./retention.ts";
export { isRowsMoved } from "./rows-moved.ts";
export type { SequenceAudit } from "./sequence-audit.ts";
export { auditSequences } from "./sequence-audit.ts";
export type { OpenSnapshots, Snapshot, SnapshotHead, SnapshotStore } from "./snapshot-store.ts";
export type {
  DeliveryStatus,
  ElsewhereStatus,
  PartitionStatus,
  RunnerState,
  SubscriptionStatus,
} from "./status.ts";
export { UnknownRulesError } from "./unknown-rules-error.ts";
export type { VoidedCommand } from "./voided-commands.ts";
export { addVoided, readBroken, readVoided, shardFolder } from "./voided-commands.ts";
