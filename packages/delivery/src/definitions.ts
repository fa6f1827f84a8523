import type { Steps } from "@bourse/base";
import type { StartPosition, TopicPartition } from "@bourse/bus";
import type { Topic, TopicEvent } from "@bourse/contracts";
import type { Rows, Statement } from "@bourse/store";
import type { BulkConsumption } from "./bulk/bulk-definitions.ts";
import type { Envelope, NumberedEvent, OutgoingEvent } from "./envelope.ts";
import type { FailureOptions, FailurePolicy, ParkReason } from "./failure-options.ts";
import type { Retention } from "./retention.ts";

/** What a service may do inside one transaction before it decides: lock and read. */
export interface Unit {
  /** The clock, read once for the whole unit: SQL never asks for the time (R16). */
  readonly nowMs: number;
  /** One round trip. In a consumer the marks' compare-and-set travels in front of the first one (R5). */
  run(statements: readonly Statement[]): Promise<readonly Rows[]>;
}

/** What a decision leads to: all of it commits or none. Events are numbered in the last statement (R3). */
export interface Effects<Result = void> {
  readonly statements: readonly Statement[];
  readonly events: readonly OutgoingEvent[];
  readonly result: Result;
}

export interface Committed<Result> {
  readonly result: Result;
  /** Parallel to the effects' events. */
  readonly numbered: readonly NumberedEvent[];
}

/** The door to effects for HTTP routes and jobs; consumers are given theirs. */
export interface Delivery {
  /**
   * One transaction: `work` locks and reads through the unit, decides, and returns its effects.
   * May run again after a deadlock, so it keeps nothing from an earlier try.
   * Rejects with `StoreError` as `Store.transaction` does; `commit_unknown` means read back before answering.
   */
  commit<Result>(name: string, work: (unit: Unit) => Promise<Effects<Result>>): Promise<Committed<Result>>;
  /** By what goes after a time: before when what is stamped was kept for so long (decision 0056). */
  readonly retention: Retention;
}

/** What a handler may do besides: set one record aside without giving up the batch. */
export interface ConsumerUnit extends Unit {
  /**
   * A named business rule refuses the record (R12): it is parked, and where the consumption names a key, so are the
   * later ones of its key. The handler is then asked again for the rest of the batch, in the same transaction, so what
   * it has returned this time is not used. Under every policy, `stop` too.
   */
  park(envelope: Envelope, reason: ParkReason): void;
  /** Records of this batch that are parked: no effect may come of them, but a position in the log may pass them. */
  readonly parked: readonly Envelope[];
  /**
   * The same object as long as nobody else can have applied anything of this consumer's partitions, and every unit since
   * has been committed: what a handler keeps by it (in a `WeakMap`) of rows that only these partitions' records write is
   * as the tables have it. A new one knows nothing. A unit that has asked for it and then fails is tried again with a
   * new one before its records are blamed.
   */
  readonly tenure: object;
}

/** R1: a group shares the partitions, effects go into PostgreSQL, each number is applied once. */
export interface EffectConsumption<Service> {
  readonly kind: "effect";
  /** With the service's name it identifies marks and group: a rebuild is a new name (R5). */
  readonly subscription: string;
  readonly topics: readonly Topic[];
  /** Named and reasoned for in every definition (R12). */
  readonly policy: FailurePolicy;
  readonly failure?: FailureOptions;
  /** R5: `bourse rebuild` can make it anew beside itself. */
  readonly projection?: ProjectionDefinition<Service>;
  /** Caps a unit of work. Default 4,000: beyond it a transaction only gets slower. */
  readonly maxBatch?: number;
  /**
   * Rests so long after a small batch, so that one transaction serves more of what comes in meanwhile: for effects that
   * nobody waits for. Under load batches are large, and there is no rest. Default 0.
   */
  readonly restMs?: number;
  /**
   * Runs a unit of work, its commit included: where units of several doors must not overlap. May run it again after it
   * has failed.
   */
  readonly around?: (service: Service, unit: () => Promise<void>) => Promise<void>;
  readonly handle: (service: Service, batch: readonly Envelope[], unit: ConsumerUnit) => Promise<Effects>;
  /** After the commit and never without it: what memory keeps of the batch, and what of it was parked. */
  readonly committed?: (service: Service, batch: readonly Envelope[], parked: readonly Envelope[]) => void;
}

/** Tables that this subscription alone writes, out of nothing but its topics. The handler reads and writes no other. */
export interface ProjectionDefinition<Service> {
  readonly tables: readonly string[];
  /** What is published of rows of the first table that a rebuild has changed. */
  readonly republish: (service: Service, rows: Rows) => readonly OutgoingEvent[];
}

/** R1: every instance reads every partition into memory. The service is not ready before it has caught up once. */
export interface ViewConsumption<Service> {
  readonly kind: "view";
  readonly subscription: string;
  readonly topics: readonly Topic[];
  readonly from: "earliest" | "latest" | ViewStart<Service>;
  /** Records with other keys are counted (R5) and not even decoded. Those without a key are read in any case. */
  readonly concerns?: (service: Service, key: string) => boolean;
  readonly apply: (service: Service, batch: readonly Envelope[]) => void;
}

/**
 * Where a view starts in a partition: the end of the snapshot that the service has loaded of it (R1). Asked once for each
 * partition, before its first record. An offset that the topic no longer has falls to "earliest".
 */
export type ViewStart<Service> = (
  service: Service,
  at: TopicPartition,
) => StartPosition | Promise<StartPosition>;

/** R1, R8: one owner per partition, deterministic, no database. */
export interface ShardConsumption<Service> {
  readonly kind: "shard";
  readonly subscription: string;
  readonly input: Topic;
  /** Partition p of the input feeds only partition p of these. */
  readonly outputs: readonly Topic[];
  /** A snapshot is taken after so many commands. */
  readonly snapshotEvery: number;
  readonly create: (service: Service, partition: number) => ShardProgram;
  /** Told when this instance owns a partition and has caught up, and when it no longer does. */
  readonly owned?: (service: Service, partition: number, program: ShardProgram) => void;
  readonly lost?: (service: Service, partition: number) => void;
}

/** A pure function of its log with a memory: the same commands yield the same outputs, byte for byte. */
export interface ShardProgram {
  /** How its snapshots are written; those of another format are left alone and the log is run again. Default "1". */
  readonly snapshotFormat?: string;
  /** Called once, before any command. null: from the beginning. */
  restore(snapshot: Uint8Array | null): void;
  /** The same of a state that may be large: others go on between the steps. */
  restoreSteps?(snapshot: Uint8Array | null): Steps<void>;
  /** Applies one command and writes what follows from it. `sequence` is the command's number in its log. */
  apply(command: Envelope, output: (topic: Topic, key: string | null, event: object) => void): void;
  /**
   * As `apply` for a command that may have much to do: null where that was all, else the steps that do the rest. Others go on
   * between them; no command does, and nobody asks for the state.
   */
  applySteps?(
    command: Envelope,
    output: (topic: Topic, key: string | null, event: object) => void,
  ): Steps<void> | null;
  /** R8: an operator has voided this command. Writes its REJECTED outcome, one report, and changes nothing else. */
  void?(command: Envelope, output: (topic: Topic, key: string | null, event: object) => void): void;
  /** The same state has the same bytes, also once it is restored from them. */
  snapshot(): Uint8Array;
  /** The same of a state that may be large. No command comes between the steps. */
  snapshotSteps?(): Steps<Uint8Array>;
  /** How many things it holds: so many commands lie between two snapshots at least. Absent: few. */
  size?(): number;
  /** Of the state, not of times and positions in the log (R8). */
  stateHash(): string;
}

export type Consumption<Service> =
  | EffectConsumption<Service>
  | BulkConsumption<Service>
  | ViewConsumption<Service>
  | ShardConsumption<Service>;

/** The events of one topic out of a batch that may mix several. */
export function eventsOf<T extends Topic>(
  batch: readonly Envelope[],
  topic: T,
): readonly Envelope<TopicEvent<T>>[] {
  return batch.filter((envelope) => envelope.topic === topic.name) as unknown as readonly Envelope<
    TopicEvent<T>
  >[];
}
