import type { AbortSignalLike, Timer } from "@bourse/base";
import {
  BusError,
  type EventBus,
  LogChangedError,
  LostEndError,
  lostEnd,
  type OutgoingBatch,
  type OutgoingRecord,
  type SentBatch,
  type TopicPartition,
} from "@bourse/bus";
import { createBackoff } from "./backoff.ts";
import { askingOnce } from "./elsewhere.ts";
import { type Log, reasonOf } from "./log.ts";
import type { DeliveryMetrics } from "./metrics.ts";
import type { OutputLog } from "./output-log.ts";
import { HEADER } from "./record-headers.ts";
import { isInLog, type LastApplied } from "./seek-hint.ts";

interface SenderParts {
  readonly subscription: string;
  readonly bus: EventBus;
  readonly timer: Timer;
  readonly log: Log;
  readonly metrics: Pick<DeliveryMetrics, "retries">;
  readonly signal: AbortSignalLike;
}

/** Records of one send. A bus writes what is sent together at once, and everything else of the process waits for it. */
const MOST_RECORDS = 4_000;

/** What a step of one partition has made. */
interface Made {
  readonly owned: {
    readonly partition: number;
    /** By topic: moved on with what is acknowledged. */
    readonly outputs: ReadonlyMap<string, OutputLog>;
  };
  readonly step: { readonly toSend: readonly OutgoingBatch[] };
}

/** What became of it. Of what is not heard of again the outcome is unknown, and the sender was closed. */
interface Outcomes<Step extends Made> {
  /** Steps that were sent together. */
  acknowledged(steps: readonly Step[]): void;
  /** For good: no later try changes it. */
  refused(step: Step, refusal: unknown): void;
  /** A log of its outputs ends before what it has acknowledged: nothing was sent behind that. */
  lostEnd(step: Step, error: LostEndError): void;
  /** As `lostEnd`, and nobody knew before the outputs were behind that: they are acknowledged, too. */
  gapWritten(step: Step, error: LostEndError): void;
}

/**
 * Sends the outputs of steps until their outcome is known. What the bus refuses for good is found out and given back (R12):
 * a later try of it would hold up the other partitions for ever.
 */
export class OutputSender<Step extends Made> {
  readonly #parts: SenderParts;
  readonly #outcomes: Outcomes<Step>;
  #retrying: string | null = null;

  constructor(parts: SenderParts, outcomes: Outcomes<Step>) {
    this.#parts = parts;
    this.#outcomes = outcomes;
  }

  /** Why outputs are sent again; null: they are not. */
  get retrying(): string | null {
    return this.#retrying;
  }

  /** Resolves also where the signal aborts before the outcome is known: whoever comes next makes the same records. */
  async send(steps: readonly Step[]): Promise<void> {
    const batches = steps.flatMap(({ step }) => step.toSend);
    // What needs several sends goes step by step: then a refusal is its own, and nothing is sent twice for it.
    if (steps.length > 1 && recordsOf(batches) > MOST_RECORDS) {
      for (const each of steps) await this.send([each]);
      return;
    }
    const stepOf = new Map(steps.map((each) => [each.owned.partition, each]));
    let isKnown = true;
    try {
      for (const part of partsOf(batches)) {
        isKnown = await this.#untilKnown(part, stepOf);
        if (!isKnown) break;
      }
    } catch (refusal) {
      const [only, ...others] = steps;
      // Sent together they don't say whose is refused.
      if (others.length > 0) await Promise.all(steps.map((each) => this.send([each])));
      else if (only === undefined) return;
      else if (refusal instanceof LostEndError) this.#outcomes.lostEnd(only, refusal);
      else this.#outcomes.refused(only, refusal);
      return;
    }
    if (isKnown) this.#outcomes.acknowledged(steps);
  }

  /** Says false where the signal aborts before that. Rejects with what no later try will change. */
  async #untilKnown(part: readonly OutgoingBatch[], stepOf: ReadonlyMap<number, Step>): Promise<boolean> {
    const { subscription, timer, metrics, log, signal } = this.#parts;
    const backoff = createBackoff(timer, signal);
    const logOf = ({ topic, partition }: TopicPartition): OutputLog | undefined =>
      stepOf.get(partition)?.owned.outputs.get(topic);
    for (;;) {
      try {
        const sent = await this.#trySend(part, logOf);
        for (const [nth, { topic, partition, firstOffset }] of sent.entries()) {
          const [step, log] = [stepOf.get(partition), logOf({ topic, partition })];
          if (step === undefined || log === undefined) continue;
          const behind = log.end;
          if (firstOffset < behind)
            this.#outcomes.gapWritten(step, lostEnd({ topic, partition, behind }, firstOffset));
          const records = part[nth]?.records ?? [];
          log.end = firstOffset + BigInt(records.length);
          log.last = { topic, partition, ...numberOfLast(records), nextOffset: log.end };
        }
        this.#retrying = null;
        return true;
      } catch (error) {
        if (isRefusal(error)) {
          this.#retrying = null;
          throw error;
        }
        const reason = reasonOf(error);
        metrics.retries.inc({ subscription });
        if (this.#retrying === null) log.warn({ subscription, reason }, "outputs are sent again");
        this.#retrying = reason;
        if (signal.aborted) return false;
        await backoff.wait();
      }
    }
  }

  /**
   * One try of all batches. Where others write, too, a log that may have lost something is looked at first: it may be as long
   * as before by what they have sent.
   */
  async #trySend(
    part: readonly OutgoingBatch[],
    logOf: (at: TopicPartition) => OutputLog | undefined,
  ): Promise<readonly SentBatch[]> {
    const { bus } = this.#parts;
    const batches = (): readonly OutgoingBatch[] =>
      part.map((batch) => {
        const { end = 0n, lineage } = logOf(batch) ?? {};
        return lineage === undefined ? { ...batch, behind: end } : { ...batch, behind: end, lineage };
      });
    for (const seen = new Set<OutputLog>(); ; ) {
      try {
        return await bus.send(batches());
      } catch (error) {
        const log = error instanceof LogChangedError ? logOf(error.at) : undefined;
        if (!(error instanceof LogChangedError) || log === undefined || seen.has(log)) throw error;
        seen.add(log);
        const { at, lineage } = error;
        if (log.last !== null && !(await isInLog({ bus, endsOf: askingOnce(bus) }, log.last)))
          throw lostEnd({ ...at, behind: log.end }, log.last.nextOffset - 1n);
        log.lineage = lineage;
      }
    }
  }
}

/** Of a batch: one is never empty. */
function numberOfLast(records: readonly OutgoingRecord[]): Pick<LastApplied, "producer" | "sequence"> {
  const { headers } = records[records.length - 1] as OutgoingRecord;
  return { producer: headers[HEADER.producer] as string, sequence: Number(headers[HEADER.sequence]) };
}

function recordsOf(batches: readonly OutgoingBatch[]): number {
  return batches.reduce((sum, { records }) => sum + records.length, 0);
}

/**
 * The batches in their order, as much together as one send has. A stop between two of them leaves each output topic with a
 * beginning of what a command has made: whoever takes over makes it again, compares that, and sends the rest (R8).
 */
function* partsOf(batches: readonly OutgoingBatch[]): Generator<readonly OutgoingBatch[]> {
  let part: OutgoingBatch[] = [];
  let room = MOST_RECORDS;
  for (const batch of batches) {
    const { records } = batch;
    for (let from = 0; from < records.length; ) {
      const isWhole = from === 0 && records.length <= room;
      const taken = isWhole ? records : records.slice(from, from + room);
      part.push(isWhole ? batch : { ...batch, records: taken });
      from += taken.length;
      room -= taken.length;
      if (room > 0) continue;
      yield part;
      part = [];
      room = MOST_RECORDS;
    }
  }
  if (part.length > 0) yield part;
}

function isRefusal(error: unknown): boolean {
  return error instanceof BusError && (error.code === "bus_refused" || error.code === "lost_end");
}
