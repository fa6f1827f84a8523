import { assert, InvariantError, inTurns, StepCount, type Steps } from "@bourse/base";
import type { BusRecord, OutgoingBatch, OutgoingRecord, StartPosition } from "@bourse/bus";
import { epochMs, type Topic } from "@bourse/contracts";
import type { ShardProgram } from "./definitions.ts";
import type { Envelope } from "./envelope.ts";
import { epochStartOf } from "./epoch-started.ts";
import { type Gap, placeBehind } from "./gap.ts";
import { reasonOf } from "./log.ts";
import { hasSeveralWriters } from "./lost-ends.ts";
import type { OutputLog } from "./output-log.ts";
import { judgeExact, type Position } from "./sequence-check.ts";
import {
  formatOf,
  type ShardOutput,
  type ShardPartitionParts,
  snapshotOf,
  type TakenPartition,
  takeOver,
} from "./shard-takeover.ts";
import type { Snapshot, SnapshotHead } from "./snapshot-store.ts";
import { UnknownRulesError } from "./unknown-rules-error.ts";
import { type VoidedCommand, voidedHash } from "./voided-commands.ts";

/** No command is older than this part of the time its topic keeps it, and in no snapshot. */
const AGED_PART = 10;
/** So many commands are replayed as fast as a snapshot of them is found and read. */
const REPLAYED_AT_ONCE = 500;
/** So much of a state is written and read in the time in which one command is replayed. */
const STATE_OF_A_COMMAND = 100;
/** So many outputs of one command are numbered in a step. */
const OUTPUTS_IN_A_STEP = 1_000;

/** R8: a command broke an invariant of the program. The message names it and what an operator may do. */
export class BrokenCommandError extends InvariantError {
  readonly sequence: number;

  constructor(command: Envelope, cause: unknown) {
    const { topic, partition, sequence } = command;
    const { eventType } = command.event as { readonly eventType?: unknown };
    super(
      `${topic}/${partition} number ${sequence} (${eventType}) breaks an invariant: ${reasonOf(cause)}. ` +
        `\`bourse void ${partition} ${sequence} --reason "..."\` makes the engine reject it`,
    );
    this.cause = cause;
    this.sequence = sequence;
  }
}

/** R5: a number is missing in the input. */
export class MissingCommandError extends InvariantError {
  readonly gap: Gap | null;

  /** `gap` is null where the epoch was not begun. */
  constructor(message: string, gap: Gap | null) {
    super(message);
    this.gap = gap;
  }
}

/** What one batch of commands has led to. */
export interface ShardStep {
  readonly commands: number;
  readonly duplicates: number;
  /** Where the log goes on after it. */
  readonly nextOffset: bigint | null;
  /** Not in the topics yet. */
  readonly toSend: readonly OutgoingBatch[];
  /** Of these, what the topics lack before numbers that they have. */
  readonly lacking: number;
  /** Taken after the batch; valid once `toSend` is acknowledged (R8). */
  readonly snapshot: Snapshot | null;
  /** What the batch broke on; its commands before that are applied. */
  readonly fault: unknown;
}

interface MadeOutput {
  readonly topic: Topic;
  readonly key: string | null;
  readonly event: object;
}

/** R8: one partition's program, its place in the input and its output numbers. All of it can be made again. */
export class ShardPartition {
  readonly partition: number;
  readonly program: ShardProgram;
  readonly #parts: ShardPartitionParts;
  readonly #outputs: ReadonlyMap<string, ShardOutput>;
  readonly #inputTopicId: string;
  readonly #voided: readonly VoidedCommand[];
  readonly #voidedSequences: ReadonlySet<number>;
  readonly #lastAtStart: bigint | null;
  readonly #otherFormats: readonly string[];
  #mark: Position | undefined;
  #timeMs = 0;
  #nextOffset: bigint | null;
  /** Behind the last command that was applied, whatever duplicates came since. */
  #markOffset: bigint | null;
  /** Commands are being applied, or their snapshot is taken: its state is of no place in the log. */
  #isStepping = false;
  /** Commands that no kept snapshot has. */
  #sinceSnapshot = 0;
  /** When the oldest of them came; null: there is none. */
  #unsavedSinceMs: number | null = null;
  /** Up to here there is a snapshot, if only for the next owner. */
  #savedSequence = 0;
  #lastText = "";
  #lastMs = 0;
  /** Of the command in hand: one that breaks an invariant has no outputs. */
  readonly #made: MadeOutput[] = [];
  readonly #write = (topic: Topic, key: string | null, event: object): void => {
    this.#made.push({ topic, key, event });
  };

  private constructor(parts: ShardPartitionParts, taken: TakenPartition) {
    this.#parts = parts;
    this.partition = parts.partition;
    this.program = taken.program;
    this.#outputs = taken.outputs;
    this.#inputTopicId = taken.inputTopicId;
    this.#voided = taken.voided;
    this.#voidedSequences = new Set(taken.voided.map(({ sequence }) => sequence));
    this.#lastAtStart = taken.lastAtStart;
    this.#otherFormats = taken.otherFormats;
    this.#nextOffset = taken.nextOffset;
    this.#markOffset = taken.nextOffset;
    if (taken.head !== null) {
      this.#mark = { epoch: taken.head.epoch, sequence: taken.head.sequence };
      this.#timeMs = taken.head.timeMs;
      this.#savedSequence = taken.head.sequence;
      this.#sinceSnapshot = taken.head.unsaved?.commands ?? 0;
      this.#unsavedSinceMs = taken.head.unsaved?.sinceMs ?? null;
    }
  }

  /** Takes the partition over. Rejects where it can't be restored, or the bus does not answer. */
  static async open(parts: ShardPartitionParts): Promise<ShardPartition> {
    return new ShardPartition(parts, await takeOver(parts));
  }

  get start(): StartPosition {
    return this.#nextOffset ?? "earliest";
  }

  get nextOffset(): bigint | null {
    return this.#nextOffset;
  }

  /** The logs of its outputs as they were when it was taken over, by topic. */
  get outputLogs(): ReadonlyMap<string, OutputLog> {
    return new Map(
      Array.from(this.#outputs, ([name, { topic, end, last }]): [string, OutputLog] => [
        name,
        { end, last, lineage: hasSeveralWriters(topic) ? null : undefined },
      ]),
    );
  }

  get appliedSequence(): number {
    return this.#mark?.sequence ?? 0;
  }

  /** All that was in the log when the partition was taken over is applied. */
  get caughtUp(): boolean {
    return this.#lastAtStart === null || (this.#nextOffset !== null && this.#nextOffset > this.#lastAtStart);
  }

  /** Applies the commands, compares what the topics have already, and says what is to be sent. Never rejects. */
  async step(records: readonly BusRecord[]): Promise<ShardStep> {
    this.#isStepping = true;
    try {
      return await this.#step(records);
    } finally {
      this.#isStepping = false;
    }
  }

  async #step(records: readonly BusRecord[]): Promise<ShardStep> {
    for (const output of this.#outputs.values()) {
      if (output.regenerated.length > 0) output.regenerated = [];
      if (output.records.length > 0) output.records = [];
    }
    let commands = 0;
    let duplicates = 0;
    let fault: unknown = null;
    try {
      for (const record of records) {
        const applied = this.#apply(record);
        const isNew = typeof applied === "boolean" ? applied : await inTurns(this.#parts.timer, applied);
        this.#nextOffset = placeBehind(record);
        if (isNew) {
          commands++;
          this.#markOffset = this.#nextOffset;
        } else duplicates++;
      }
    } catch (error) {
      fault = error;
    }
    const nextOffset = this.#nextOffset;
    let lacking = 0;
    try {
      lacking = await this.#compareOverlap();
    } catch (error) {
      // What the topics have is not what this program makes: nothing of it may be sent.
      return { commands, duplicates, nextOffset, toSend: [], lacking, snapshot: null, fault: error };
    }
    const toSend: OutgoingBatch[] = [];
    for (const output of this.#outputs.values()) {
      const { topic, records: made } = output;
      // The arrays are the batch's from here on: the next step makes its own.
      // Lost outputs are made again from the input, with the same numbers (R8, decision 0019).
      if (made.length > 0)
        toSend.push({ topic: topic.name, partition: this.partition, records: made, isKept: true });
    }
    return {
      commands,
      duplicates,
      nextOffset,
      toSend,
      lacking,
      snapshot: fault === null ? await this.#snapshotIfDue(commands) : null,
      fault,
    };
  }

  async close(): Promise<void> {
    for (const { overlap } of this.#outputs.values()) await overlap?.close();
  }

  /** Says false for a command that was applied before; the steps that do the rest of one that has much to do. */
  #apply(record: BusRecord): boolean | Steps<true> {
    const command = this.#parts.decode(record);
    const start = epochStartOf(command);
    const verdict = judgeExact(this.#mark, command, { start });
    if (verdict === "drop") return false;
    if (verdict !== "apply") {
      throw new MissingCommandError(
        `the log has no gap: ${command.topic}/${command.partition} at offset ${command.offset} is ` +
          `${command.epoch}/${command.sequence}, ${this.#due()}`,
        verdict === "gap" ? { record, number: command, mark: this.#mark } : null,
      );
    }
    // R6: what the log's writer has written before stays valid; the program is told of commands only.
    if (start !== undefined) {
      const before = this.#mark?.sequence ?? 0;
      assert(
        before <= start.previousSequence,
        `a new epoch begins behind every command that was applied: ${before} was, it begins behind ${start.previousSequence}`,
      );
      this.#moveTo(command);
      return true;
    }
    const made = this.#made;
    made.length = 0;
    const rest = this.#run(command);
    if (rest !== null || made.length > OUTPUTS_IN_A_STEP) return this.#applySteps(command, rest);
    for (const { topic, key, event } of made) this.#number(command, topic, key, event);
    this.#applied(command);
    return true;
  }

  #due(): string {
    if (this.#mark !== undefined) return `${this.#mark.epoch}/${this.#mark.sequence + 1} was due`;
    if (this.#otherFormats.length === 0) return "number 1 was due";
    return (
      `number 1 was due: what came before it is in snapshots of format ${this.#otherFormats.join(", ")} alone, ` +
      `this version of Bourse reads format ${formatOf(this.program)}. Run the version that wrote them`
    );
  }

  /** A command's outputs are numbered once it has made all of them: one that breaks an invariant has none. */
  *#applySteps(command: Envelope, rest: Steps<void> | null): Steps<true> {
    try {
      if (rest !== null) yield* rest;
    } catch (error) {
      throw faultOf(command, error);
    }
    const count = new StepCount(OUTPUTS_IN_A_STEP);
    for (const { topic, key, event } of this.#made) {
      if (count.isFull()) yield;
      this.#number(command, topic, key, event);
    }
    this.#applied(command);
    return true;
  }

  #applied(command: Envelope): void {
    this.#moveTo(command);
    this.#timeMs = command.timeMs;
  }

  #moveTo({ epoch, sequence, timeMs }: Envelope): void {
    this.#mark = { epoch, sequence };
    this.#unsavedSinceMs ??= timeMs;
  }

  /** Null where the command is done with, else what does the rest. */
  #run(command: Envelope): Steps<void> | null {
    try {
      if (this.#voidedSequences.has(command.sequence)) {
        assert(this.program.void !== undefined, "a program whose commands are voided says what that means");
        this.program.void(command, this.#write);
        return null;
      }
      if (this.program.applySteps !== undefined) return this.program.applySteps(command, this.#write);
      this.program.apply(command, this.#write);
      return null;
    } catch (error) {
      throw faultOf(command, error);
    }
  }

  #number(command: Envelope, topic: Topic, key: string | null, event: object): void {
    const output = this.#outputs.get(topic.name);
    assert(output !== undefined, "a shard writes to its declared outputs only");
    const version = this.#parts.contracts.checkStamped(topic, event);
    const sequence = output.next++;
    const value = JSON.stringify(event);
    const { traceparent } = command;
    if (sequence <= output.tail)
      output.regenerated.push({ sequence, key, value, version, traceparent, event });
    else
      output.records.push({
        key,
        value,
        headers: output.headersOf(sequence, version, traceparent),
        timestampMs: this.#timeOf(event),
        decoded: event,
      });
  }

  /** Engine time, as the program wrote it. Outputs of a command share it. */
  #timeOf(event: object): number {
    const text = (event as { readonly timestamp: string }).timestamp;
    if (text === this.#lastText) return this.#lastMs;
    const time = epochMs(text);
    assert(Number.isSafeInteger(time), "a shard's output carries engine time as its timestamp");
    this.#lastText = text;
    this.#lastMs = time;
    return time;
  }

  /** What the topics lack of the batch's outputs goes before those that are new. Says how many they are. */
  async #compareOverlap(): Promise<number> {
    let lacked = 0;
    for (const output of this.#outputs.values()) {
      const { regenerated, overlap, headersOf } = output;
      const lacking = regenerated.length === 0 ? [] : ((await overlap?.compare(regenerated)) ?? []);
      const records = lacking.map(
        ({ sequence, key, value, version, traceparent, event }): OutgoingRecord => ({
          key,
          value,
          headers: headersOf(sequence, version, traceparent),
          timestampMs: this.#timeOf(event),
          decoded: event,
        }),
      );
      if (records.length > 0) output.records = [...records, ...output.records];
      lacked += records.length;
      if (output.overlap !== null && output.next > output.tail) {
        await output.overlap.close();
        output.overlap = null;
      }
    }
    return lacked;
  }

  /** The market stands still meanwhile: the larger the state, the rarer it is, so that a command's share stays the same. */
  async #snapshotIfDue(commands: number): Promise<Snapshot | null> {
    this.#sinceSnapshot += commands;
    const every = Math.max(this.#parts.snapshotEvery, this.program.size?.() ?? 0);
    if (this.#sinceSnapshot < every) return null;
    const head = this.#keptHead();
    return head === null ? null : { head, state: await snapshotOf(this.#parts, this.program) };
  }

  /**
   * For whoever has the partition next; null where a replay is as fast. Asked once nothing more is applied, and the outputs
   * are acknowledged.
   */
  async snapshotToLeave(): Promise<Snapshot | null> {
    const replayed = (this.#mark?.sequence ?? 0) - this.#savedSequence;
    const least = Math.max(REPLAYED_AT_ONCE, (this.program.size?.() ?? 0) / STATE_OF_A_COMMAND);
    const head = replayed < least || this.#isStepping ? null : this.#snapshotHead();
    if (head === null) return null;
    this.#savedSequence = head.sequence;
    const unsaved = { commands: this.#sinceSnapshot, sinceMs: this.#unsavedSinceMs ?? head.timeMs };
    return { head: { ...head, unsaved }, state: await snapshotOf(this.#parts, this.program) };
  }

  /**
   * A partition of few commands is never due by count, and its topic drops them in time: then nothing could make its state
   * again (R8). Asked between steps whose outputs are acknowledged.
   */
  snapshotIfAged(nowMs: number): Snapshot | null {
    const { retentionMs } = this.#parts.input;
    const since = this.#unsavedSinceMs;
    const isAged = since !== null && retentionMs >= 0 && nowMs - since >= retentionMs / AGED_PART;
    const head = isAged && !this.#isStepping ? this.#keptHead() : null;
    return head === null ? null : { head, state: this.program.snapshot() };
  }

  /** A snapshot was taken and could not be written. */
  notSaved({ timeMs }: SnapshotHead): void {
    this.#unsavedSinceMs = Math.min(timeMs, this.#unsavedSinceMs ?? timeMs);
  }

  /** As `#snapshotHead`, of one that is kept. */
  #keptHead(): SnapshotHead | null {
    const head = this.#snapshotHead();
    if (head === null) return null;
    this.#sinceSnapshot = 0;
    this.#unsavedSinceMs = null;
    this.#savedSequence = head.sequence;
    return head;
  }

  /** What is said of the snapshot that is taken now; null: of nothing there is none. */
  #snapshotHead(): SnapshotHead | null {
    if (this.#mark === undefined) return null;
    const outputs: Record<string, number> = {};
    for (const output of this.#outputs.values()) outputs[output.topic.name] = output.next - 1;
    const hash = voidedHash(this.#voided, this.#mark.sequence);
    return {
      format: 1,
      inputTopic: this.#parts.input.name,
      inputTopicId: this.#inputTopicId,
      partition: this.partition,
      epoch: this.#mark.epoch,
      sequence: this.#mark.sequence,
      nextOffset: String(this.#markOffset ?? 0n),
      timeMs: this.#timeMs,
      outputs,
      ...(this.program.snapshotFormat === undefined ? {} : { program: this.program.snapshotFormat }),
      ...(hash === "" ? {} : { voided: hash }),
    };
  }
}

/** What a later version can apply is not broken: nobody is told to void it. */
function faultOf(command: Envelope, error: unknown): unknown {
  return error instanceof UnknownRulesError ? error : new BrokenCommandError(command, error);
}
