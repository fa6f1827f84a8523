import { assert, InvariantError } from "@bourse/base";
import type { BusRecord, EventBus, OutgoingBatch, OutgoingRecord, StartPosition } from "@bourse/bus";
import { epochMs, type Topic } from "@bourse/contracts";
import type { Contracts } from "./contract-check.ts";
import type { Decoder } from "./decode.ts";
import type { ShardProgram } from "./definitions.ts";
import { askingOnce } from "./elsewhere.ts";
import type { Envelope } from "./envelope.ts";
import { epochStartOf } from "./epoch-started.ts";
import { reasonOf } from "./log.ts";
import { OutputOverlap, type RegeneratedOutput } from "./output-overlap.ts";
import { ownTail } from "./own-tail.ts";
import { pollLog } from "./poll-log.ts";
import { type HeadersOf, headersFrom } from "./record-headers.ts";
import { isInLog } from "./seek-hint.ts";
import { judgeExact, type Position } from "./sequence-check.ts";
import type { Snapshot, SnapshotHead, SnapshotStore } from "./snapshot-store.ts";
import { type VoidedCommand, voidedHash } from "./voided-commands.ts";

/** Outputs are numbered by the engine itself, so their epoch never changes. */
const FIRST_FORMAT = "1";
const OUTPUT_EPOCH = 1;

/** No command is older than this part of the time its topic keeps it, and in no snapshot. */
const AGED_PART = 10;

export interface ShardPartitionParts {
  readonly bus: EventBus;
  readonly producer: string;
  readonly contracts: Contracts;
  readonly decode: Decoder;
  readonly snapshots: SnapshotStore;
  readonly input: Topic;
  readonly outputs: readonly Topic[];
  readonly partition: number;
  readonly snapshotEvery: number;
  readonly create: () => ShardProgram;
}

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

/** What one batch of commands has led to. */
export interface ShardStep {
  readonly commands: number;
  readonly duplicates: number;
  /** Where the log goes on after it. */
  readonly nextOffset: bigint | null;
  /** Not in the topics yet. */
  readonly toSend: readonly OutgoingBatch[];
  /** Taken after the batch; valid once `toSend` is acknowledged (R8). */
  readonly snapshot: Snapshot | null;
  /** What the batch broke on; its commands before that are applied. */
  readonly fault: unknown;
}

/** How far an output topic goes: `known` is false where retention has left nothing of ours to read. */
interface OutputTail {
  readonly sequence: number;
  readonly known: boolean;
}

interface Output {
  readonly topic: Topic;
  readonly headersOf: HeadersOf;
  next: number;
  /** Up to here the outputs are in the topic already: compared, not sent. */
  tail: number;
  overlap: OutputOverlap | null;
  /** Of the batch in hand. */
  regenerated: RegeneratedOutput[];
  records: OutgoingRecord[];
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
  readonly #outputs: ReadonlyMap<string, Output>;
  readonly #inputTopicId: string;
  readonly #voided: readonly VoidedCommand[];
  readonly #voidedSequences: ReadonlySet<number>;
  readonly #lastAtStart: bigint | null;
  #mark: Position | undefined;
  #timeMs = 0;
  #nextOffset: bigint | null;
  /** Behind the last command that was applied, whatever duplicates came since. */
  #markOffset: bigint | null;
  #sinceSnapshot = 0;
  /** When the oldest command came that no snapshot has; null: there is none. */
  #unsavedSinceMs: number | null = null;
  #lastText = "";
  #lastMs = 0;
  /** Of the command in hand: one that breaks an invariant has no outputs. */
  readonly #made: MadeOutput[] = [];
  readonly #write = (topic: Topic, key: string | null, event: object): void => {
    this.#made.push({ topic, key, event });
  };

  private constructor(
    parts: ShardPartitionParts,
    restored: {
      readonly program: ShardProgram;
      readonly head: SnapshotHead | null;
      readonly outputs: ReadonlyMap<string, Output>;
      readonly inputTopicId: string;
      readonly voided: readonly VoidedCommand[];
      readonly lastAtStart: bigint | null;
      readonly nextOffset: bigint | null;
    },
  ) {
    this.#parts = parts;
    this.partition = parts.partition;
    this.program = restored.program;
    this.#outputs = restored.outputs;
    this.#inputTopicId = restored.inputTopicId;
    this.#voided = restored.voided;
    this.#voidedSequences = new Set(restored.voided.map(({ sequence }) => sequence));
    this.#lastAtStart = restored.lastAtStart;
    this.#nextOffset = restored.nextOffset;
    this.#markOffset = restored.nextOffset;
    if (restored.head !== null) {
      this.#mark = { epoch: restored.head.epoch, sequence: restored.head.sequence };
      this.#timeMs = restored.head.timeMs;
    }
  }

  /** Takes a partition over: the newest snapshot that no output tail is behind, and the place to replay from. */
  static async open(parts: ShardPartitionParts): Promise<ShardPartition> {
    const { bus, input, partition, producer } = parts;
    const topicIds = new Map((await bus.topics()).map((topic) => [topic.name, topic.id]));
    const last = (await bus.tail(input.name, partition, 1))[0];
    const tails = new Map<string, OutputTail>();
    for (const topic of parts.outputs)
      tails.set(topic.name, await outputTail(bus, producer, topic.name, partition));
    const voided = (await parts.snapshots.voided?.()) ?? [];
    const program = parts.create();
    const isOurs = (head: SnapshotHead): boolean =>
      head.inputTopic === input.name &&
      head.partition === partition &&
      (head.program ?? FIRST_FORMAT) === (program.snapshotFormat ?? FIRST_FORMAT) &&
      (head.voided ?? "") === voidedHash(voided, head.sequence);
    const snapshot =
      (await parts.snapshots.newest(
        (head) =>
          isOurs(head) &&
          parts.outputs.every(({ name }) => isReached(head.outputs[name] ?? 0, tails.get(name))),
      )) ?? (await beforeWhatIsLeft(parts, isOurs));
    program.restore(snapshot?.state ?? null);
    const head = snapshot?.head ?? null;
    if (snapshot !== null && Buffer.compare(program.snapshot(), snapshot.state) !== 0) {
      throw new InvariantError(
        `a restored state is the one that was saved: ${input.name}/${partition} at ${snapshot.head.sequence}`,
      );
    }
    const outputs = new Map<string, Output>();
    for (const topic of parts.outputs) {
      outputs.set(topic.name, await openOutput(parts, topic, head, tails.get(topic.name)));
    }
    const inputTopicId = topicIds.get(input.name) ?? "";
    const nextOffset = head === null ? null : await placeOf(parts, head, inputTopicId);
    return new ShardPartition(parts, {
      program,
      head,
      outputs,
      inputTopicId,
      voided,
      lastAtStart: last?.offset ?? null,
      nextOffset,
    });
  }

  get start(): StartPosition {
    return this.#nextOffset ?? "earliest";
  }

  get nextOffset(): bigint | null {
    return this.#nextOffset;
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
    for (const output of this.#outputs.values()) {
      if (output.regenerated.length > 0) output.regenerated = [];
      if (output.records.length > 0) output.records = [];
    }
    let commands = 0;
    let duplicates = 0;
    let fault: unknown = null;
    try {
      for (const record of records) {
        const isNew = this.#apply(record);
        this.#nextOffset = record.offset + 1n;
        if (isNew) {
          commands++;
          this.#markOffset = this.#nextOffset;
        } else duplicates++;
      }
    } catch (error) {
      fault = error;
    }
    const toSend: OutgoingBatch[] = [];
    for (const output of this.#outputs.values()) {
      const { topic, records: made } = output;
      // The arrays are the batch's from here on: the next step makes its own.
      // Lost outputs are made again from the input, with the same numbers (R8, decision 0019).
      if (made.length > 0)
        toSend.push({ topic: topic.name, partition: this.partition, records: made, isKept: true });
    }
    try {
      await this.#compareOverlap();
    } catch (error) {
      // What the topics have is not what this program makes: nothing of it may be sent.
      return { commands, duplicates, nextOffset: this.#nextOffset, toSend: [], snapshot: null, fault: error };
    }
    return {
      commands,
      duplicates,
      nextOffset: this.#nextOffset,
      toSend,
      snapshot: fault === null ? this.#snapshotIfDue(commands) : null,
      fault,
    };
  }

  async close(): Promise<void> {
    for (const { overlap } of this.#outputs.values()) await overlap?.close();
  }

  /** Says false for a command that was applied before. */
  #apply(record: BusRecord): boolean {
    const command = this.#parts.decode(record);
    const start = epochStartOf(command);
    const verdict = judgeExact(this.#mark, command, { start });
    if (verdict === "drop") return false;
    if (verdict !== "apply") {
      const expected =
        this.#mark === undefined ? "number 1" : `${this.#mark.epoch}/${this.#mark.sequence + 1}`;
      throw new InvariantError(
        `the log has no gap: ${command.topic}/${command.partition} at offset ${command.offset} is ` +
          `${command.epoch}/${command.sequence}, ${expected} was due`,
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
    this.#run(command);
    for (const { topic, key, event } of made) this.#number(command, topic, key, event);
    this.#moveTo(command);
    this.#timeMs = command.timeMs;
    return true;
  }

  #moveTo({ epoch, sequence, timeMs }: Envelope): void {
    this.#mark = { epoch, sequence };
    this.#unsavedSinceMs ??= timeMs;
  }

  #run(command: Envelope): void {
    try {
      if (this.#voidedSequences.has(command.sequence)) {
        assert(this.program.void !== undefined, "a program whose commands are voided says what that means");
        this.program.void(command, this.#write);
      } else this.program.apply(command, this.#write);
    } catch (error) {
      throw new BrokenCommandError(command, error);
    }
  }

  #number(command: Envelope, topic: Topic, key: string | null, event: object): void {
    const output = this.#outputs.get(topic.name);
    assert(output !== undefined, "a shard writes to its declared outputs only");
    const version = this.#parts.contracts.checkStamped(topic, event);
    const sequence = output.next++;
    const value = JSON.stringify(event);
    if (sequence <= output.tail) {
      output.regenerated.push({ sequence, key, value });
      return;
    }
    output.records.push({
      key,
      value,
      headers: output.headersOf(sequence, version, command.traceparent),
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

  async #compareOverlap(): Promise<void> {
    for (const output of this.#outputs.values()) {
      if (output.regenerated.length > 0) await output.overlap?.compare(output.regenerated);
      if (output.overlap !== null && output.next > output.tail) {
        await output.overlap.close();
        output.overlap = null;
      }
    }
  }

  /** The market stands still meanwhile: the larger the state, the rarer it is, so that a command's share stays the same. */
  #snapshotIfDue(commands: number): Snapshot | null {
    this.#sinceSnapshot += commands;
    const every = Math.max(this.#parts.snapshotEvery, this.program.size?.() ?? 0);
    return this.#sinceSnapshot < every ? null : this.#snapshot();
  }

  /**
   * A partition of few commands is never due by count, and its topic drops them in time: then nothing could make its state
   * again (R8). Asked between steps whose outputs are acknowledged.
   */
  snapshotIfAged(nowMs: number): Snapshot | null {
    const { retentionMs } = this.#parts.input;
    const since = this.#unsavedSinceMs;
    const isAged = since !== null && retentionMs >= 0 && nowMs - since >= retentionMs / AGED_PART;
    return isAged ? this.#snapshot() : null;
  }

  /** A snapshot was taken and could not be written. */
  notSaved({ timeMs }: SnapshotHead): void {
    this.#unsavedSinceMs = Math.min(timeMs, this.#unsavedSinceMs ?? timeMs);
  }

  #snapshot(): Snapshot | null {
    if (this.#mark === undefined) return null;
    this.#sinceSnapshot = 0;
    this.#unsavedSinceMs = null;
    const outputs: Record<string, number> = {};
    for (const output of this.#outputs.values()) outputs[output.topic.name] = output.next - 1;
    const hash = voidedHash(this.#voided, this.#mark.sequence);
    const head: SnapshotHead = {
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
    return { head, state: this.program.snapshot() };
  }
}

/**
 * R4: a broker that lost its data has no outputs, so no snapshot is reached by them, and where retention had cut the
 * input its refill does not begin at the first command either: the oldest snapshot that it follows on. What came before
 * of the outputs is lost with the broker, and was consumed.
 */
async function beforeWhatIsLeft(
  { bus, decode, input, partition, snapshots }: ShardPartitionParts,
  isOurs: (head: SnapshotHead) => boolean,
): Promise<Snapshot | null> {
  const kept: number[] = [];
  await snapshots.newest((head) => {
    if (isOurs(head)) kept.push(head.sequence);
    return false;
  });
  if (kept.length === 0) return null;
  const at = { topic: input.name, partition };
  const reader = await bus.read({ ...at, from: "earliest" });
  try {
    const reading = { ...at, reader, nextOffset: 0n, isClosed: () => false };
    const [first] = await pollLog(bus, reading, 1);
    const { sequence } = first === undefined ? { sequence: 1 } : decode(first);
    if (sequence === 1) return null;
    const oldest = Math.min(...kept.filter((each) => each + 1 >= sequence));
    return await snapshots.newest((head) => isOurs(head) && head.sequence === oldest);
  } finally {
    await reader.close();
  }
}

/** Where the input goes on behind a snapshot; null: it is read from the beginning, and its numbers say what is new (R5). */
async function placeOf(
  { bus, input, partition }: ShardPartitionParts,
  { epoch, sequence, nextOffset, inputTopicId }: SnapshotHead,
  topicId: string,
): Promise<bigint | null> {
  if (inputTopicId !== topicId) return null;
  const last = { topic: input.name, partition, epoch, sequence, nextOffset: BigInt(nextOffset) };
  return (await isInLog({ bus, endsOf: askingOnce(bus) }, last)) ? last.nextOffset : null;
}

async function openOutput(
  parts: ShardPartitionParts,
  topic: Topic,
  head: SnapshotHead | null,
  tail: OutputTail | undefined,
): Promise<Output> {
  const { bus, partition, producer } = parts;
  const given = head?.outputs[topic.name] ?? 0;
  const end = tail === undefined || !tail.known ? given : tail.sequence;
  let overlap: OutputOverlap | null = null;
  if (end > given) {
    // Every output after the snapshot has its engine time or a later one, so this lies at or before the first of them.
    const since =
      head === null ? undefined : (await bus.offsetsAt(topic.name, head.timeMs))[partition]?.offset;
    overlap = new OutputOverlap({ bus, producer, topic: topic.name, partition, from: since ?? "earliest" });
  }
  const headersOf = headersFrom({ producer, topic: topic.name, partition, epoch: OUTPUT_EPOCH });
  return { topic, headersOf, next: given + 1, tail: end, overlap, regenerated: [], records: [] };
}

/**
 * A partition that once had records and has none of ours now was emptied by retention, which says nothing about a
 * snapshot: its outputs were acknowledged before it was written.
 */
async function outputTail(
  bus: EventBus,
  producer: string,
  topic: string,
  partition: number,
): Promise<OutputTail> {
  const tail = await ownTail(bus, producer, topic, partition);
  if (tail !== null) return { sequence: tail.sequence, known: true };
  const offsets = (await bus.offsets(topic)).find((each) => each.partition === partition);
  return { sequence: 0, known: offsets === undefined || offsets.earliest === 0n };
}

function isReached(sequence: number, tail: OutputTail | undefined): boolean {
  return tail !== undefined && (!tail.known || sequence <= tail.sequence);
}
