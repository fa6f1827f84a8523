import { assert } from "@bourse/base";
import type { Run } from "./outbox.ts";
import { epochOf } from "./own-numbers.ts";
import type { Position } from "./sequence-check.ts";

/** Events of one run that are sent together: `from` and `to` are places in the run, `to` exclusive. */
export interface RunSlice {
  readonly run: Run;
  readonly from: number;
  readonly to: number;
}

/** How many records wait in memory, in all lanes of a relay together. */
export interface QueuedRecords {
  records: number;
}

/**
 * What one relay knows of one (topic, partition): numbers up to `acknowledged` are durable in the topic, those up to
 * `through` are acknowledged, in flight or queued here without a gap, those up to `known` are committed in the outbox.
 */
export class RelayLane {
  readonly topic: string;
  readonly partition: number;
  /** Of what is committed now; the table may still hold runs of an earlier one that a broker has lost (R6). */
  epoch = 0;
  /** Of the number `through`: where the table is read on. */
  throughEpoch = 0;
  acknowledged = 0;
  through = 0;
  known = 0;
  /** A send or a read of the table is under way: there is one at a time (R4). */
  busy = false;
  /** What is missing between `through` and `known` is to be read from the table. */
  mustRead = false;
  /** Cancels the wait for a hand-off that may still fill a gap. */
  cancelWait: (() => void) | null = null;
  /** `known` at the last slow poll: other instances had that long to send it. */
  knownAtPoll = 0;
  sentWritten = 0;
  topicId = "";
  /** The offset behind the record of `acknowledged`: a log that ends before that has lost its end. null: not resumed. */
  end: bigint | null = null;
  /** What the log went by when `acknowledged` was last seen to be there; null: since it was resumed nobody has looked. */
  lineage: string | null = null;
  /** How often the log was seen to have lost what it had, by whichever relay. */
  losses = 0;
  /** The log has lost something since: `lost_end` was seen here while nothing was sent, `noted` by another relay. */
  lost: "lost_end" | "noted" | null = null;
  fault: string | null = null;
  queuedRecords = 0;
  /** What another relay has had acknowledged, and the offset behind its record. */
  #skipTo = 0;
  #skipEnd = 0n;
  /** Where epochs after the first begin. */
  #epochs: readonly Position[] = [];
  readonly #queuedInAll: QueuedRecords;
  readonly #queue: Run[] = [];
  /** Runs that were handed over before an earlier one, by first sequence. */
  readonly #early = new Map<number, Run>();

  constructor(topic: string, partition: number, queuedInAll: QueuedRecords = { records: 0 }) {
    this.topic = topic;
    this.partition = partition;
    this.#queuedInAll = queuedInAll;
  }

  /** How far the topic has all numbers: sending goes on behind that, with what the table has. */
  resumeAt(at: {
    readonly epoch: number;
    readonly acknowledged: number;
    readonly known: number;
    readonly end: bigint;
    /** Where epochs after the first begin; none: there are none. */
    readonly epochs?: readonly Position[];
  }): void {
    this.#queued(-this.queuedRecords);
    this.#queue.length = 0;
    this.#early.clear();
    this.#skipTo = 0;
    this.#skipEnd = 0n;
    this.#epochs = at.epochs ?? [];
    this.end = at.end;
    this.lineage = null;
    this.lost = null;
    this.epoch = at.epoch;
    this.throughEpoch = epochOf(at.acknowledged, this.#epochs);
    this.acknowledged = at.acknowledged;
    this.through = at.acknowledged;
    this.sentWritten = 0;
    // A run may have been handed over since the heads were read.
    this.known = Math.max(this.known, at.known, at.acknowledged);
    this.knownAtPoll = this.known;
    this.mustRead = this.known > this.through;
  }

  /** The bus has acknowledged a batch: its records have an offset each. */
  sent(last: number, firstOffset: bigint): void {
    this.#acknowledge(last, firstOffset + BigInt(last - this.acknowledged));
  }

  /** Another relay has had the batch acknowledged: {@link isSkipped}. */
  sentElsewhere(last: number): void {
    this.#acknowledge(last, this.#skipEnd);
  }

  /** The two move together: what is sent next goes behind a log that has the numbers before it. */
  #acknowledge(last: number, end: bigint): void {
    this.acknowledged = last;
    if (this.end === null || end > this.end) this.end = end;
  }

  /**
   * Another relay has had these acknowledged, the last one before the offset `end`: what of them is not on its way is not
   * sent here, too.
   */
  skipTo(sequence: number, end: bigint): void {
    if (sequence > this.#skipTo) {
      this.#skipTo = sequence;
      this.#skipEnd = end;
    }
    if (!this.busy) this.skip();
  }

  /** Whether another relay has had acknowledged what is on its way here. */
  isSkipped(sequence: number): boolean {
    return this.#skipTo >= sequence;
  }

  /** Only between two batches. */
  skip(): void {
    const to = this.#skipTo;
    if (to <= this.acknowledged) return;
    this.#queued(this.acknowledged - Math.min(to, this.through));
    this.#acknowledge(to, this.#skipEnd);
    while (this.#queue[0] !== undefined && this.#queue[0].lastSequence <= to) this.#queue.shift();
    if (to > this.through) {
      this.through = to;
      // Of a broker that is filled again, a relay sends what is of earlier epochs, too.
      this.throughEpoch = epochOf(to, this.#epochs);
    }
    this.known = Math.max(this.known, to);
    this.#linkEarly();
  }

  /**
   * Takes a committed run. `roomFor` says how many more records may be kept in memory: beyond it the run is only
   * remembered as known and read from the table later.
   */
  offer(run: Run, roomFor: number): void {
    assert(
      this.epoch === 0 || run.epoch === this.epoch,
      "an epoch changes only while all instances are stopped (R6)",
    );
    this.epoch = run.epoch;
    this.known = Math.max(this.known, run.lastSequence);
    if (run.lastSequence <= this.through) return;
    if (run.bodies.length > roomFor) {
      this.mustRead = true;
      return;
    }
    if (run.firstSequence > this.through + 1) {
      if (!this.mustRead) this.#keepEarly(run);
      return;
    }
    this.#push(run);
    this.#linkEarly();
  }

  /** A hand-off is missing between the queue and what came early. */
  get gap(): boolean {
    return this.known > this.through;
  }

  /** Runs that were read from the table, in order. Says false when the number after `through` is not among them. */
  refill(runs: readonly Run[]): boolean {
    for (const run of runs) {
      if (run.lastSequence <= this.through) continue;
      if (run.firstSequence > this.through + 1) return false;
      this.#push(run);
    }
    const filled = runs.length > 0;
    this.#linkEarly();
    return filled;
  }

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /** Removes the next events from the queue: at least one, and no more than both bounds allow. */
  takeBatch(maxRecords: number, maxCharacters: number): readonly RunSlice[] {
    const slices: RunSlice[] = [];
    let records = 0;
    let characters = 0;
    let next = this.acknowledged + 1;
    while (this.#queue.length > 0) {
      const run = this.#queue[0] as Run;
      const from = Math.max(0, next - run.firstSequence);
      let to = from;
      while (to < run.bodies.length && records < maxRecords) {
        const size = (run.bodies[to] as string).length;
        if (records > 0 && characters + size > maxCharacters) break;
        characters += size;
        records++;
        to++;
      }
      if (to === from) break;
      slices.push({ run, from, to });
      next = run.firstSequence + to;
      if (to < run.bodies.length) break;
      this.#queue.shift();
    }
    this.#queued(-records);
    return slices;
  }

  #queued(records: number): void {
    this.queuedRecords += records;
    this.#queuedInAll.records += records;
  }

  #push(run: Run): void {
    this.#queue.push(run);
    this.#queued(run.lastSequence - this.through);
    this.through = run.lastSequence;
    this.throughEpoch = run.epoch;
    // The table may have what another instance has committed since anybody was told of it.
    this.known = Math.max(this.known, this.through);
  }

  #keepEarly(run: Run): void {
    if (this.#early.has(run.firstSequence)) return;
    this.#early.set(run.firstSequence, run);
    this.#queued(run.bodies.length);
  }

  #linkEarly(): void {
    if (this.#early.size > 0) {
      for (const [first, run] of [...this.#early].sort(([a], [b]) => a - b)) {
        if (first > this.through + 1) break;
        this.#early.delete(first);
        this.#queued(-run.bodies.length);
        if (run.lastSequence > this.through) this.#push(run);
      }
    }
    if (this.gap) return;
    this.mustRead = false;
    this.cancelWait?.();
    this.cancelWait = null;
  }
}
