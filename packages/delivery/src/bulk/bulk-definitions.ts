import type { RecordChunk } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import type { Rows, Statement } from "@bourse/store";
import type { OutgoingEvent } from "../envelope.ts";
import type { FailureOptions, ParkReason } from "../failure-options.ts";

/**
 * R1: an effect, for streams whose rate leaves no time for an object a record. A group shares the partitions, effects go
 * into PostgreSQL with the marks, each number is applied once (R5); records come as the bytes they are, a batch at once,
 * and the next batch is prepared while the last one commits. Records are independent: what can't be applied is parked
 * alone (policy `skip`, R12).
 */
export interface BulkConsumption<Service> {
  readonly kind: "bulk";
  /** With the service's name it identifies marks and group. */
  readonly subscription: string;
  readonly topics: readonly Topic[];
  readonly policy: "skip";
  readonly failure?: Pick<FailureOptions, "parkedPerMinute" | "maxParked">;
  /** Caps a unit of work. Default 20,000. Twice as many records are fetched ahead, for all lanes together. */
  readonly maxBatch?: number;
  /**
   * A lane rests so long after a small batch, beside its commit, so that the next one serves more of what comes in
   * meanwhile. Under load batches are large, and there is no rest. A connection that fetches rests so long after each
   * reply, too. Default 0.
   */
  readonly restMs?: number;
  /**
   * How many transactions are on their way at most, of different partitions. Default 1. A record's effects must not hang
   * on those of another partition, but for what versions and constraints of the tables decide.
   */
  readonly lanes?: number;
  /** What decides, with its memory. One for each lane, and one for each redrive, which remembers nothing. */
  readonly create: (service: Service) => BulkProgram;
}

export interface BulkProgram {
  /**
   * What comes of a batch, as data. Called for the next batch while the last one commits: what memory has of the tables
   * is then ahead of them, and `reset` says when it was wrong. What is refused is parked in `effects.parked`. The bytes of
   * a batch may be looked at until the next one that is not empty has been prepared, and not after that.
   */
  prepare(batch: BulkBatch, tools: BulkTools): Promise<BulkEffects>;
  /** Something that was prepared is not in the tables, or somebody else has written there: forget what they say. */
  reset(): void;
  /** After the commit and never without it. */
  committed?(batch: BulkBatch, effects: BulkEffects): void;
}

export interface BulkBatch {
  readonly ranges: readonly BulkRange[];
  readonly count: number;
}

/**
 * Records `from` to before `to` of a chunk, of one producer: their numbers follow each other without a gap. Nothing but
 * the number has been looked at.
 */
export interface BulkRange {
  readonly chunk: RecordChunk;
  readonly from: number;
  readonly to: number;
  readonly producer: string;
  readonly epoch: number;
  /** Of the record at `from`. */
  readonly firstSequence: number;
  /** Tells the topic from one of its name that was there before, whose offsets are others. */
  readonly topicId: string;
}

export interface BulkTools {
  readonly nowMs: number;
  /** A read. What it finds may be older than the transaction: guard by versions what is decided from it. */
  readonly query: (statement: Statement) => Promise<Rows>;
  /** The batch has failed in the database, or is a redrive: nothing may be taken for granted that a constraint guards. */
  readonly isCareful: boolean;
}

export interface BulkEffects {
  readonly statements: readonly Statement[];
  readonly events: readonly OutgoingEvent[];
  readonly parked: readonly BulkRefusal[];
  /** Work outside the database that must be durable before the marks move: a file that is complete. */
  readonly before?: () => Promise<void>;
}

/** A record that a rule refuses (R12). */
export interface BulkRefusal extends ParkReason {
  readonly range: BulkRange;
  /** In the range's chunk. */
  readonly index: number;
}
