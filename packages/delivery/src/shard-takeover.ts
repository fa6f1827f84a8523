import { InvariantError, inTurns, type Timer } from "@bourse/base";
import type { EventBus, OutgoingRecord, TopicPartition } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import type { Contracts } from "./contract-check.ts";
import type { Decoder } from "./decode.ts";
import type { ShardProgram } from "./definitions.ts";
import { askingOnce } from "./elsewhere.ts";
import { OutputOverlap, type RegeneratedOutput } from "./output-overlap.ts";
import { wholeTail } from "./own-tail.ts";
import { pollLog } from "./poll-log.ts";
import { type HeadersOf, headersFrom } from "./record-headers.ts";
import { isInLog, type LastApplied } from "./seek-hint.ts";
import type { Snapshot, SnapshotHead, SnapshotStore } from "./snapshot-store.ts";
import { type VoidedCommand, voidedHash } from "./voided-commands.ts";

/** Of programs, and of snapshots, that name none. */
const FIRST_FORMAT = "1";
/** Outputs are numbered by the engine itself, so their epoch never changes. */
const OUTPUT_EPOCH = 1;

export interface ShardPartitionParts {
  readonly bus: EventBus;
  readonly timer: Pick<Timer, "sleep">;
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

/** An output that was made again, with what its record is made of. */
export interface MadeAgain extends RegeneratedOutput {
  readonly version: number;
  readonly traceparent: string | undefined;
  readonly event: object;
}

export interface ShardOutput {
  readonly topic: Topic;
  readonly headersOf: HeadersOf;
  next: number;
  /** Up to here the outputs are compared with the topic: of them only what it lacks is sent. */
  tail: number;
  /** How far the log reached. */
  readonly end: bigint;
  /** The last record up to which nothing is missing; null: there is none, or retention has taken it. */
  readonly last: LastApplied | null;
  overlap: OutputOverlap | null;
  /** Of the batch in hand. */
  regenerated: MadeAgain[];
  records: OutgoingRecord[];
}

/** A partition as its last owner, and the bus, have left it. */
export interface TakenPartition {
  readonly program: ShardProgram;
  /** Of the snapshot that the program was restored from; null: it begins at the first command. */
  readonly head: SnapshotHead | null;
  readonly outputs: ReadonlyMap<string, ShardOutput>;
  readonly inputTopicId: string;
  readonly voided: readonly VoidedCommand[];
  /** The last command that was in the log; null: there was none. */
  readonly lastAtStart: bigint | null;
  /** null: the input is read from the beginning. */
  readonly nextOffset: bigint | null;
  /** Of snapshots that another version of the program wrote, which is why none was used. Empty: there are none. */
  readonly otherFormats: readonly string[];
}

/** Takes a partition over: the newest snapshot up to which no output is missing, and the place to replay from. */
export async function takeOver(parts: ShardPartitionParts): Promise<TakenPartition> {
  const { bus, input, partition, producer } = parts;
  const inputTopicId = (await bus.topics()).find(({ name }) => name === input.name)?.id ?? "";
  const last = (await bus.tail(input.name, partition, 1))[0];
  // The ends before the tails: what is lost between them is noticed at the next send.
  const endsOf = askingOnce(bus);
  const ends = new Map<string, bigint>();
  for (const { name } of parts.outputs)
    ends.set(name, (await endsOf(name)).find((each) => each.partition === partition)?.latest ?? 0n);
  const tails = new Map<string, OutputTail>();
  for (const topic of parts.outputs)
    tails.set(topic.name, await outputTail(bus, producer, topic.name, partition));
  const voided = (await parts.snapshots.voided?.()) ?? [];
  const program = parts.create();
  const otherFormats = new Set<string>();
  const isReadable = ({ program: format = FIRST_FORMAT }: SnapshotHead): boolean => {
    if (format === formatOf(program)) return true;
    otherFormats.add(format);
    return false;
  };
  const isOurs = (head: SnapshotHead): boolean =>
    head.inputTopic === input.name &&
    head.partition === partition &&
    isReadable(head) &&
    (head.voided ?? "") === voidedHash(voided, head.sequence);
  const snapshot =
    (await parts.snapshots.newest(
      (head) =>
        isOurs(head) &&
        parts.outputs.every(({ name }) => isReached(head.outputs[name] ?? 0, tails.get(name))),
    )) ?? (await beforeWhatIsLeft(parts, isOurs));
  await restore(parts, program, snapshot?.state ?? null);
  const head = snapshot?.head ?? null;
  if (snapshot !== null && Buffer.compare(await snapshotOf(parts, program), snapshot.state) !== 0) {
    throw new InvariantError(
      `a restored state is the one that was saved: ${input.name}/${partition} at ${snapshot.head.sequence}`,
    );
  }
  const outputs = new Map<string, ShardOutput>();
  for (const topic of parts.outputs) {
    const tail = tails.get(topic.name);
    outputs.set(topic.name, await openOutput(parts, topic, { head, tail, end: ends.get(topic.name) ?? 0n }));
  }
  const nextOffset = head === null ? null : await placeOf(parts, head, inputTopicId);
  const lastAtStart = last?.offset ?? null;
  const unread = head === null ? [...otherFormats] : [];
  return { program, head, outputs, inputTopicId, voided, lastAtStart, nextOffset, otherFormats: unread };
}

/** How the program's snapshots are written. */
export function formatOf({ snapshotFormat = FIRST_FORMAT }: ShardProgram): string {
  return snapshotFormat;
}

async function restore(
  { timer }: Pick<ShardPartitionParts, "timer">,
  program: ShardProgram,
  snapshot: Uint8Array | null,
): Promise<void> {
  if (program.restoreSteps === undefined) program.restore(snapshot);
  else await inTurns(timer, program.restoreSteps(snapshot));
}

/** The program stands still meanwhile, others go on. */
export async function snapshotOf(
  { timer }: Pick<ShardPartitionParts, "timer">,
  program: ShardProgram,
): Promise<Uint8Array> {
  return program.snapshotSteps === undefined ? program.snapshot() : inTurns(timer, program.snapshotSteps());
}

/** How far an output topic goes: `known` is false where retention has left nothing of ours to read. */
interface OutputTail {
  readonly sequence: number;
  /** The number up to which nothing is missing: a snapshot behind that could not make again what is. */
  readonly whole: number;
  /** The offset behind the record of `whole`; null: it is not known. */
  readonly wholeEnd: bigint | null;
  readonly known: boolean;
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
  {
    head,
    tail,
    end,
  }: { readonly head: SnapshotHead | null; readonly tail: OutputTail | undefined; readonly end: bigint },
): Promise<ShardOutput> {
  const { bus, partition, producer } = parts;
  const given = head?.outputs[topic.name] ?? 0;
  const last = tail === undefined || !tail.known ? given : tail.sequence;
  let overlap: OutputOverlap | null = null;
  if (last > given) {
    // Every output after the snapshot has its engine time or a later one, so this lies at or before the first of them.
    const since =
      head === null ? undefined : (await bus.offsetsAt(topic.name, head.timeMs))[partition]?.offset;
    overlap = new OutputOverlap({ bus, producer, topic: topic.name, partition, from: since ?? "earliest" });
  }
  const headersOf = headersFrom({ producer, topic: topic.name, partition, epoch: OUTPUT_EPOCH });
  return {
    topic,
    headersOf,
    next: given + 1,
    tail: last,
    end,
    last: lastIn({ topic: topic.name, partition, producer }, tail),
    overlap,
    regenerated: [],
    records: [],
  };
}

function lastIn(
  at: TopicPartition & { readonly producer: string },
  tail: OutputTail | undefined,
): LastApplied | null {
  return tail?.wholeEnd == null ? null : { ...at, sequence: tail.whole, nextOffset: tail.wholeEnd };
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
  const tail = await wholeTail(bus, producer, { topic, partition });
  if (tail !== null) {
    const { highest, whole, wholeEnd } = tail;
    return { sequence: highest.sequence, whole, wholeEnd, known: true };
  }
  const offsets = (await bus.offsets(topic)).find((each) => each.partition === partition);
  return { sequence: 0, whole: 0, wholeEnd: null, known: offsets === undefined || offsets.earliest === 0n };
}

function isReached(sequence: number, tail: OutputTail | undefined): boolean {
  return tail !== undefined && (!tail.known || sequence <= tail.whole);
}
