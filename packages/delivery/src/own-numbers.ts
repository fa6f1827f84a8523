import type { BusRecord, EventBus, TopicPartition } from "@bourse/bus";
import { countHighest } from "./highest-numbers.ts";
import { recordsBetween } from "./read-partition.ts";
import { HEADER } from "./record-headers.ts";
import type { Position } from "./sequence-check.ts";

/** A number that a log has, with all below it that it ever is to have. */
export interface Place {
  readonly sequence: number;
  /** The offset behind its record; null: no record of it was read. */
  readonly end: bigint | null;
}

/** What a piece of a log has of a producer's numbers. */
export interface OwnNumbers {
  /** Of its first record there; null: it has none. */
  readonly first: number | null;
  /** Its highest one; 0: it has none. */
  readonly last: number;
  /** The highest also of those that don't count, since an epoch had ended before them. */
  readonly highest: Position | null;
  /** How far all numbers are there that follow on the one that was asked for, wherever they lie; null: nothing was asked for. */
  readonly after: Place | null;
  /** The same for what follows on the first record. */
  readonly afterFirst: Place | null;
}

/**
 * Reads what a partition has of a producer between two offsets. A log that lost its end may have 1, 4, 2, 3: it has all that
 * follows on 1 up to 3 then, and up to 4 once that has come again. Rejects with `BusError`.
 */
export async function ownNumbers(
  bus: EventBus,
  { topic, partition, producer }: TopicPartition & { readonly producer: string },
  {
    from,
    end,
    after,
    epochs,
  }: {
    readonly from: bigint | "earliest";
    readonly end: bigint;
    readonly after: Place | null;
    /** Where epochs after the first begin. */
    readonly epochs: readonly Position[];
  },
): Promise<OwnNumbers> {
  const highest = new Map<string, Position>();
  const followsAfter = after === null ? null : new Following(after);
  let followsFirst: Following | null = null;
  let first: number | null = null;
  let last = 0;
  for await (const records of recordsBetween(bus, { topic, partition }, { from, end })) {
    const own = records.filter(({ headers }) => headers[HEADER.producer] === producer);
    countHighest(highest, own);
    for (const record of own) {
      const sequence = Number(record.headers[HEADER.sequence]);
      // What a zombie of an earlier epoch has sent beyond that epoch's end does not count as sent (R6).
      if (Number(record.headers[HEADER.epoch]) !== epochOf(sequence, epochs)) continue;
      first ??= sequence;
      last = Math.max(last, sequence);
      followsFirst ??= new Following({ sequence: sequence - 1, end: null });
      followsFirst.take(sequence, record);
      followsAfter?.take(sequence, record);
    }
  }
  return {
    first,
    last,
    highest: highest.get(producer) ?? null,
    after: followsAfter?.place ?? null,
    afterFirst: followsFirst?.place ?? null,
  };
}

/** Numbers go on from one epoch to the next, so each is of one. */
export function epochOf(sequence: number, epochs: readonly Position[]): number {
  return epochs.findLast((start) => start.sequence <= sequence)?.epoch ?? 1;
}

class Following {
  place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  take(sequence: number, { offset }: BusRecord): void {
    if (sequence === this.place.sequence + 1) this.place = { sequence, end: offset + 1n };
  }
}
