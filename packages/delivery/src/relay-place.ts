import type { EventBus, TopicPartition } from "@bourse/bus";
import type { Store } from "@bourse/store";
import type { EndsOf } from "./elsewhere.ts";
import { SEEN_BACK } from "./highest-numbers.ts";
import { readRunsStatement, runsOf } from "./outbox.ts";
import { type OwnNumbers, ownNumbers, type Place } from "./own-numbers.ts";
import { HEADER } from "./record-headers.ts";
import type { RelayLane } from "./relay-lane.ts";
import { isInLog } from "./seek-hint.ts";
import type { Position } from "./sequence-check.ts";

/** How far a topic has all numbers, as an instance has noted it. */
export interface SentMark {
  readonly epoch: number;
  readonly sequence: number;
  readonly topicId: string;
  /** Behind the number's record; null: an instance of an earlier version has noted it. */
  readonly end: bigint | null;
  /** How often the topic was seen to have lost what it had. */
  readonly losses: number;
}

/** Where a lane goes on, by what its topic has. */
export interface LanePlace extends Place {
  readonly end: bigint;
  /** The highest of its numbers in the topic, which may lie behind one that is missing. */
  readonly highest: Position | null;
  /** Whether something is missing that nobody has noted yet. */
  readonly isNews: boolean;
}

/** What is known of a lane before its topic is looked at. */
interface KnownOfLane {
  readonly topicId: string;
  readonly mark: SentMark | undefined;
  /** The number that the database was to give next. */
  readonly next: number;
  readonly epochs: readonly Position[];
  readonly endsOf: EndsOf;
}

/**
 * The last number up to which a lane's topic has them all. It is looked for behind the `sent` mark where the topic has that
 * record, or retention has taken it, and else from the topic's beginning: it has lost something then (decision 0065).
 */
export async function findPlace(
  { bus, store, producer }: { readonly bus: EventBus; readonly store: Store; readonly producer: string },
  lane: Pick<RelayLane, "topic" | "partition" | "acknowledged" | "end" | "losses">,
  { topicId, mark, next, epochs, endsOf }: KnownOfLane,
): Promise<LanePlace> {
  const { topic, partition } = lane;
  const at = { topic, partition, producer };
  const ends = (await endsOf(topic)).find((each) => each.partition === partition);
  const { earliest, latest } = ends ?? { earliest: 0n, latest: 0n };
  const noted = mark === undefined || mark.topicId !== topicId ? null : await placeOfMark(bus, at, mark);
  const isNoted = (mark?.losses ?? 0) > lane.losses;
  const isThere = ({ sequence, end }: KnownPlace): Promise<boolean> =>
    isInLog({ bus, endsOf }, { ...at, sequence, nextOffset: end });
  // Who has not heard of the loss may have moved the mark past what is missing.
  const isBefore = async (sequence: number): Promise<boolean> =>
    isNoted ||
    lane.end === null ||
    sequence < lane.acknowledged ||
    (await isThere({ sequence: lane.acknowledged, end: lane.end }));
  const holds = noted !== null && (await isThere(noted)) && (await isBefore(noted.sequence));
  let place: Place;
  let numbers: OwnNumbers;
  if (holds && earliest <= noted.end) {
    numbers = await ownNumbers(bus, at, { from: noted.end, end: latest, after: noted, epochs });
    place = numbers.after ?? noted;
  } else {
    const isNew = mark === undefined && latest === 0n;
    const outbox = isNew ? null : await firstInOutbox(store, at);
    const firstLeft = outbox ?? next;
    const after = { sequence: firstLeft - 1, end: null };
    numbers = await ownNumbers(bus, at, { from: "earliest", end: latest, after, epochs });
    const isCut = holds || (earliest > 0n && (numbers.first ?? 0) <= (mark?.sequence ?? Number.MAX_VALUE));
    place =
      numbers.afterFirst === null
        ? withoutRecords({ mark, outbox, isCut: holds })
        : fromBeginning(numbers, { firstLeft, isCut });
  }
  const isLost = mark !== undefined && !holds;
  const isFound = lane.end === null ? numbers.last > place.sequence : !isNoted;
  // Of what is gone of the log nothing can be lost any more.
  return { ...place, end: place.end ?? earliest, highest: numbers.highest, isNews: isLost || isFound };
}

type KnownPlace = Place & { readonly end: bigint };

/** An earlier version has not noted where its record lies: among the last ones, if nothing is lost. */
async function placeOfMark(
  bus: EventBus,
  { topic, partition, producer }: TopicPartition & { readonly producer: string },
  { sequence, end }: SentMark,
): Promise<KnownPlace> {
  if (end !== null) return { sequence, end };
  const found = (await bus.tail(topic, partition, SEEN_BACK)).find(
    ({ headers }) => headers[HEADER.producer] === producer && Number(headers[HEADER.sequence]) === sequence,
  );
  // Every number took at least one offset: before that retention may have taken it.
  return { sequence, end: found === undefined ? BigInt(sequence) : found.offset + 1n };
}

/** The lowest number of a partition that the outbox still has; null: it has none. */
async function firstInOutbox(
  store: Store,
  { topic, partition }: { readonly topic: string; readonly partition: number },
): Promise<number | null> {
  const records = Number.MAX_SAFE_INTEGER;
  const first = readRunsStatement({ topic, partition, epoch: 0, afterSequence: 0, rows: 1, records });
  const [run] = runsOf(topic, partition, await store.query(first));
  return run?.firstSequence ?? null;
}

/** Retention has emptied the partition, or the topic has lost it all, or is a new one: it is filled from here again (R4). */
function withoutRecords({
  mark,
  outbox,
  isCut,
}: {
  readonly mark: SentMark | undefined;
  readonly outbox: number | null;
  readonly isCut: boolean;
}): Place {
  if (mark === undefined) return { sequence: 0, end: null };
  if (isCut) return { sequence: mark.sequence, end: null };
  // What retention took after it was sent is lost with the broker: it begins where the rows begin. What was never sent
  // is never dropped, so a row that is missing there is a fault.
  return { sequence: Math.min(mark.sequence, (outbox ?? 1) - 1), end: null };
}

/**
 * `isCut`: retention has taken what was before the first record, and nothing else has. `firstLeft`: the lowest number that can
 * be sent.
 */
function fromBeginning(
  { first, last, after, afterFirst }: OwnNumbers,
  { firstLeft, isCut }: { readonly firstLeft: number; readonly isCut: boolean },
): Place {
  const place = afterFirst as Place;
  if (after === null || (!isCut && firstLeft < (first ?? 0))) return after ?? place;
  // What the outbox has no more can't be sent: it is passed over where later numbers are there already.
  return place.sequence < firstLeft - 1 && last >= firstLeft - 1 ? after : place;
}
