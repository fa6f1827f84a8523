import { type ChunkSlice, SPAN, type TopicPartition } from "@bourse/bus";
import { speaksFor, type Writer } from "@bourse/contracts";
import { DecodeError } from "../decode.ts";
import type { BatchFault } from "../effect-batch.ts";
import { isEpochStarted } from "../epoch-started.ts";
import { SequenceError } from "../gap.ts";
import { type Advance, type Mark, UNNUMBERED } from "../mark.ts";
import type { AssignedPartition, Parking } from "../parking.ts";
import { HEADER } from "../record-headers.ts";
import { type EpochStart, judgeExact, judgeLatest, type Position } from "../sequence-check.ts";
import type { BulkRange } from "./bulk-definitions.ts";

/** What `takeChunks` is asked to find. */
export const NUMBER_HEADERS: readonly string[] = [HEADER.producer, HEADER.epoch, HEADER.sequence];

/** A partition, and how far its numbers go once all that is prepared is committed. */
export interface BulkPartition extends AssignedPartition {
  readonly writers: readonly Writer[];
  readonly expected: Map<string, Mark>;
}

export interface TakenSlice extends ChunkSlice {
  /** Of records that were found behind a gap: where reading goes on once they are done with. */
  readonly goesOnAt?: bigint;
}

export interface JudgedChunks {
  readonly ranges: readonly BulkRange[];
  readonly count: number;
  readonly advances: readonly Advance[];
  readonly duplicates: number;
  readonly reached: ReadonlyMap<BulkPartition, bigint>;
  /** Records without a number that can be believed. */
  readonly parkings: readonly Parking[];
  /** One of each partition that has any: what follows there is not looked at. */
  readonly faults: readonly BulkFault[];
}

export interface BulkFault extends BatchFault {
  readonly at: BulkPartition;
}

/**
 * Splits chunks into ranges that apply and what was applied before, by the numbers alone (R5). A fault ends its partition
 * and spares the others. Moves `expected`.
 */
export function judgeChunks(
  slices: readonly TakenSlice[],
  partitionOf: (at: TopicPartition) => BulkPartition | undefined,
): JudgedChunks {
  const judging: Judging = {
    ranges: [],
    count: 0,
    advances: new Map(),
    duplicates: 0,
    reached: new Map(),
    parkings: [],
    faults: [],
    faulted: new Set(),
  };
  for (const slice of slices) {
    const at = partitionOf(slice.chunk);
    if (at !== undefined && !judging.faulted.has(at)) judgeSlice(judging, at, slice);
  }
  const advances: Advance[] = [];
  for (const [at, byProducer] of judging.advances) {
    for (const [producer, from] of byProducer) {
      const to = at.expected.get(producer);
      if (to !== undefined) advances.push({ from, to });
    }
  }
  return { ...judging, advances };
}

interface Judging {
  readonly ranges: BulkRange[];
  count: number;
  /** Where each producer's numbers were before the batch. */
  readonly advances: Map<BulkPartition, Map<string, Position | undefined>>;
  duplicates: number;
  readonly reached: Map<BulkPartition, bigint>;
  readonly parkings: Parking[];
  readonly faults: BulkFault[];
  readonly faulted: Set<BulkPartition>;
}

function judgeSlice(judging: Judging, at: BulkPartition, slice: TakenSlice): void {
  const { from, to } = slice;
  const run = new NumberRun(judging, at, slice);
  let index = from;
  for (; index < to; index++) {
    if (run.follows(index)) continue;
    if (run.begin(index)) continue;
    if (judging.faulted.has(at)) break;
  }
  run.end(index);
  if (index > from) judging.reached.set(at, placeBehind(slice, index - 1));
}

/** Where reading goes on once the record is done with. */
function placeBehind({ chunk, goesOnAt }: TakenSlice, index: number): bigint {
  return goesOnAt ?? BigInt(chunk.offsets[index] ?? 0) + 1n;
}

const ZERO = 48;

/** One producer's numbers as they follow each other in a chunk. */
class NumberRun {
  readonly #judging: Judging;
  readonly #at: BulkPartition;
  readonly #slice: TakenSlice;
  readonly #chunk: ChunkSlice["chunk"];
  #producer = "";
  #producerStart = 0;
  #producerLength = -1;
  #epoch = 0;
  #epochStart = 0;
  #epochLength = 0;
  #first = 0;
  #next = 0;
  #from = -1;

  constructor(judging: Judging, at: BulkPartition, slice: TakenSlice) {
    this.#judging = judging;
    this.#at = at;
    this.#slice = slice;
    this.#chunk = slice.chunk;
  }

  /** The usual case without a text or an object: the same producer and epoch, and the next number. */
  follows(index: number): boolean {
    if (this.#from < 0) return false;
    const { spans, stride } = this.#chunk;
    const base = index * stride + SPAN.headers;
    const sequence = this.#digits(spans[base + 4] ?? -1, spans[base + 5] ?? -1);
    if (sequence !== this.#next) return false;
    if (!this.#same(spans[base] ?? -1, spans[base + 1] ?? -1, this.#producerStart, this.#producerLength))
      return false;
    if (!this.#same(spans[base + 2] ?? -1, spans[base + 3] ?? -1, this.#epochStart, this.#epochLength))
      return false;
    this.#next++;
    return true;
  }

  /** Any other record. True where it begins a run. */
  begin(index: number): boolean {
    this.end(index);
    const { spans, stride } = this.#chunk;
    const base = index * stride + SPAN.headers;
    const [start = -1, end = -1, epochStart = -1, epochEnd = -1, at = -1, atEnd = -1] = spans.subarray(base);
    const epoch = this.#digits(epochStart, epochEnd);
    const sequence = this.#digits(at, atEnd);
    const producer = start < 0 ? "" : this.#chunk.bytes.toString("utf8", start, end);
    // Who is no writer of the topic has no number here (R2).
    if (epoch < 1 || sequence < 1 || !speaksFor(producer, this.#at.writers)) {
      this.#unnumbered(index);
      return false;
    }
    const mark = this.#at.expected.get(producer);
    const position = { epoch, sequence };
    const started = mark !== undefined && epoch > mark.epoch ? this.#epochStarted(index) : undefined;
    const verdict = judgeExact(mark, position, { start: started });
    if (verdict === "drop") {
      this.#judging.duplicates++;
      return false;
    }
    if (verdict !== "apply") {
      const record = this.#chunk.record(index);
      const error = new SequenceError(verdict, { record, number: { producer, ...position }, mark });
      this.#judging.faults.push({ at: this.#at, kind: verdict, error });
      this.#judging.faulted.add(this.#at);
      return false;
    }
    // R6: an EpochStarted moves the mark and is nobody's event.
    if (started !== undefined) {
      this.#move(producer, epoch, sequence, index);
      return false;
    }
    this.#producer = producer;
    this.#producerStart = start;
    this.#producerLength = end - start;
    this.#epoch = epoch;
    this.#epochStart = epochStart;
    this.#epochLength = epochEnd - epochStart;
    this.#first = sequence;
    this.#next = sequence + 1;
    this.#from = index;
    return true;
  }

  /** What follows each other up to before `index` is a range. */
  end(index: number): void {
    if (this.#from < 0) return;
    this.#judging.ranges.push({
      chunk: this.#chunk,
      from: this.#from,
      to: index,
      producer: this.#producer,
      epoch: this.#epoch,
      firstSequence: this.#first,
      topicId: this.#at.topicId,
    });
    this.#judging.count += index - this.#from;
    this.#move(this.#producer, this.#epoch, this.#next - 1, index - 1);
    this.#from = -1;
  }

  #move(producer: string, epoch: number, sequence: number, lastIndex: number): void {
    const { topic, partition, topicId, expected } = this.#at;
    let before = this.#judging.advances.get(this.#at);
    if (before === undefined) {
      before = new Map();
      this.#judging.advances.set(this.#at, before);
    }
    const mark = expected.get(producer);
    if (!before.has(producer)) before.set(producer, mark);
    const nextOffset = placeBehind(this.#slice, lastIndex);
    expected.set(producer, { topic, partition, producer, epoch, sequence, nextOffset, topicId });
  }

  #unnumbered(index: number): void {
    const sequence = (this.#chunk.offsets[index] ?? 0) + 1;
    const mark = this.#at.expected.get(UNNUMBERED);
    const known = mark?.topicId === this.#at.topicId ? mark : undefined;
    if (judgeLatest(known, { epoch: 1, sequence }) === "drop") {
      this.#judging.duplicates++;
      return;
    }
    const record = this.#chunk.record(index);
    const error = new DecodeError(record, "it has no number of a producer in its headers");
    const failure = { code: "unnumbered_record", error, attempts: 1, firstFailedMs: null };
    this.#judging.parkings.push({ at: this.#at, record, envelope: null, number: null, queue: null, failure });
    this.#move(UNNUMBERED, 1, sequence, index);
  }

  #epochStarted(index: number): EpochStart | undefined {
    try {
      const event: unknown = JSON.parse(this.#chunk.record(index).value);
      return isEpochStarted(event) ? event : undefined;
    } catch {
      return undefined;
    }
  }

  /** A number of up to 15 digits; -1 for anything else. */
  #digits(start: number, end: number): number {
    if (start < 0 || end <= start || end - start > 15) return -1;
    const { bytes } = this.#chunk;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  #same(start: number, end: number, otherStart: number, length: number): boolean {
    if (end - start !== length) return false;
    const { bytes } = this.#chunk;
    for (let step = 0; step < length; step++)
      if (bytes[start + step] !== bytes[otherStart + step]) return false;
    return true;
  }
}
