import type { StartPosition, TopicPartition } from "@bourse/bus";
import type { Topic, TopicEvent } from "@bourse/contracts";
import type { Rows, Statement } from "@bourse/store";
import type { Envelope, NumberedEvent, OutgoingEvent } from "./envelope.ts";

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
}

/** R12. Only `stop` is built so far: a record that can't be applied stops its subscription, not ready, with an alarm. */
export type FailurePolicy = "stop";

/** R1: a group shares the partitions, effects go into PostgreSQL, each number is applied once. */
export interface EffectConsumption<Service> {
  readonly kind: "effect";
  /** With the service's name it identifies marks and group: a rebuild is a new name (R5). */
  readonly subscription: string;
  readonly topics: readonly Topic[];
  readonly policy: FailurePolicy;
  /** Caps a unit of work. Default 4,000 (path notes). */
  readonly maxBatch?: number;
  readonly handle: (service: Service, batch: readonly Envelope[], unit: Unit) => Promise<Effects>;
  /** After the commit and never without it: what memory keeps of the batch. */
  readonly committed?: (service: Service, batch: readonly Envelope[]) => void;
}

/** R1: every instance reads every partition into memory. The service is not ready before it has caught up once. */
export interface ViewConsumption<Service> {
  readonly kind: "view";
  readonly subscription: string;
  readonly topics: readonly Topic[];
  readonly from: "earliest" | "latest" | ViewStart<Service>;
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
  /** Called once, before any command. null: from the beginning. */
  restore(snapshot: Uint8Array | null): void;
  /** Applies one command and writes what follows from it. `sequence` is the command's number in its log. */
  apply(command: Envelope, output: (topic: Topic, key: string | null, event: object) => void): void;
  snapshot(): Uint8Array;
  /** Of the state, not of times and positions in the log (R8). */
  stateHash(): string;
}

export type Consumption<Service> =
  | EffectConsumption<Service>
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
