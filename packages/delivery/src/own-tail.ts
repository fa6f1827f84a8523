import type { BusRecord, EventBus, TopicPartition } from "@bourse/bus";
import { countHighest, highestNumbers, SEEN_BACK } from "./highest-numbers.ts";
import { readPartition, recordsBetween } from "./read-partition.ts";
import { HEADER } from "./record-headers.ts";
import type { Position } from "./sequence-check.ts";

/** How far back the tail is read; the second time because the first piece is of others. */
const STEPS = [SEEN_BACK, 16_384];

interface Tail {
  readonly highest: Position;
  /** The last records of the partition, whosever they are. Empty: nothing of the producer was among them. */
  readonly records: readonly BusRecord[];
}

/**
 * The highest number that `producer` has in a partition: the last records may be old ones that were sent again (R4). Walks
 * back past the records of others on topics with two writers. null: nothing of it is retained there.
 */
export async function ownTail(bus: EventBus, producer: string, at: TopicPartition): Promise<Position | null> {
  return (await findTail(bus, producer, at))?.highest ?? null;
}

export interface WholeTail {
  readonly highest: Position;
  readonly whole: number;
  /** The offset behind the record of `whole`; null: it lies before what was read. */
  readonly wholeEnd: bigint | null;
}

/**
 * As {@link ownTail}, and `whole`: up to which number the log has them all, as far as its tail shows. Where a log lost its
 * end, and that was seen only when later numbers were behind it, that is below the highest one.
 */
export async function wholeTail(
  bus: EventBus,
  producer: string,
  at: TopicPartition,
): Promise<WholeTail | null> {
  const tail = await findTail(bus, producer, at);
  if (tail === null) return null;
  const { highest, records } = tail;
  const whole = await wholeOf(bus, producer, at, tail);
  const record = records.findLast(
    (each) => each.headers[HEADER.producer] === producer && numberOf(each) === whole,
  );
  return { highest, whole, wholeEnd: record === undefined ? null : record.offset + 1n };
}

async function findTail(
  bus: EventBus,
  producer: string,
  { topic, partition }: TopicPartition,
): Promise<Tail | null> {
  const counts = ({ headers }: BusRecord): boolean => headers[HEADER.producer] === producer;
  for (const count of STEPS) {
    const all = await bus.tail(topic, partition, count);
    const seen = { records: all.filter(counts), from: all[0]?.offset ?? 0n, counts };
    const highest = (await highestNumbers(bus, { topic, partition }, seen)).get(producer);
    if (highest !== undefined) return { highest, records: all };
    if (all.length < count) return null;
  }
  // Others have written so much that the whole log is read, in bounded memory.
  const highest = new Map<string, Position>();
  for await (const records of readPartition(bus, topic, partition))
    countHighest(highest, records.filter(counts));
  const found = highest.get(producer);
  return found === undefined ? null : { highest: found, records: [] };
}

async function wholeOf(
  bus: EventBus,
  producer: string,
  { topic, partition }: TopicPartition,
  { highest, records }: Tail,
): Promise<number> {
  const ownOf = (some: readonly BusRecord[]): readonly BusRecord[] =>
    some.filter(({ headers }) => headers[HEADER.producer] === producer);
  const own = ownOf(records);
  const [first, last] = [own[0], records.at(-1)];
  if (first === undefined || last === undefined) return highest.sequence;
  const isWholeLog = records[0]?.offset === 0n;
  const stretch = new Stretch(isWholeLog ? 0 : numberOf(first));
  for (const record of own) stretch.add(numberOf(record));
  if (isWholeLog || stretch.last >= highest.sequence) return stretch.last;
  // What was sent again may be followed by what lies before the tail. Times never fall along a producer's numbers, so it
  // lies behind the first record with the time of the last one that nothing is known to be missing before.
  const known = own.find((record) => numberOf(record) === stretch.last);
  const since = (await bus.offsetsAt(topic, known?.timestampMs ?? 0))[partition]?.offset ?? last.offset;
  const range = { from: since, end: last.offset + 1n };
  for await (const more of recordsBetween(bus, { topic, partition }, range))
    for (const record of ownOf(more)) stretch.add(numberOf(record));
  return stretch.last;
}

function numberOf({ headers }: BusRecord): number {
  return Number(headers[HEADER.sequence]);
}

/** Numbers that follow each other, in whatever order they come. What comes too early is kept as ranges, which are few. */
class Stretch {
  last: number;
  #early: { readonly first: number; readonly last: number }[] = [];

  constructor(last: number) {
    this.last = last;
  }

  add(sequence: number): void {
    if (sequence <= this.last) return;
    if (sequence === this.last + 1) this.last = sequence;
    else this.#keep(sequence);
    const next = this.#early.find(({ first, last }) => first <= this.last + 1 && last > this.last);
    if (next !== undefined) this.last = next.last;
    if (this.#early.length > 0) this.#early = this.#early.filter(({ last }) => last > this.last);
  }

  #keep(sequence: number): void {
    const touched = this.#early.filter(({ first, last }) => first - 1 <= sequence && sequence <= last + 1);
    const merged = {
      first: Math.min(sequence, ...touched.map(({ first }) => first)),
      last: Math.max(sequence, ...touched.map(({ last }) => last)),
    };
    this.#early = [...this.#early.filter((range) => !touched.includes(range)), merged];
  }
}
