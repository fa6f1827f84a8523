import type { Clock } from "@bourse/base";
import type { KafkaBus, PackedBatch } from "@bourse/bus/kafka";
import { StreamWriter, type WriterOptions } from "./stream-writer.ts";
import type { TradeSource } from "./trade-source.ts";

export interface ProduceOptions extends WriterOptions {
  readonly bus: Pick<KafkaBus, "sendPacked">;
  readonly source: TradeSource;
  /** The most trades; absent: as many as the source has. */
  readonly count?: number;
  /** Trades a second, steadily; absent: as fast as they go. */
  readonly ratePerSecond?: number;
  /** How long a send is tried before the run gives up. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Milliseconds that only go forward, for rates and durations. */
  readonly elapsedMs: () => number;
  /** After each acknowledgement: how many are acknowledged, in how long since the send. Awaited. */
  readonly onAcknowledged?: (records: number, sentMs: number) => void | Promise<void>;
  readonly onRetry?: (cause: unknown) => void;
  /** Ends the run after what is on its way. */
  readonly signal?: AbortSignal;
}

export interface Produced {
  readonly producer: string;
  /** Acknowledged records. */
  readonly records: number;
  /** As they were sent: compressed by nothing, with their headers. */
  readonly bytes: number;
  readonly poisoned: Readonly<Record<string, number>>;
  readonly retries: number;
  readonly seconds: number;
}

/** A request holds so much: one partition's share of it is always a batch that a broker takes. */
const REQUEST_BYTES = 900_000;
/** How long records of a steady stream wait for others. */
const LINGER_MS = 5;

/**
 * Produces a stream: while one request is on its way the next one is packed. Memory is two requests, whatever the length
 * of the run. Rejects with the bus's error when patience is at its end; what was acknowledged has been told. With the
 * source's own, where that breaks off, once all that came before is acknowledged.
 */
export async function produceTrades(options: ProduceOptions): Promise<Produced> {
  const { bus, patienceMs, elapsedMs, signal, onAcknowledged, onRetry } = options;
  const writer = new StreamWriter(options);
  const startedMs = elapsedMs();
  let records = 0;
  let bytes = 0;
  let retries = 0;
  const send = async (batches: readonly PackedBatch[]): Promise<void> => {
    const sentMs = elapsedMs();
    await bus.sendPacked(batches, {
      patienceMs,
      onRetry: (cause) => {
        retries++;
        onRetry?.(cause);
      },
    });
    let acknowledged = 0;
    for (const batch of batches) {
      acknowledged += batch.count;
      bytes += batch.bytes.length;
    }
    records += acknowledged;
    await onAcknowledged?.(acknowledged, elapsedMs() - sentMs);
  };
  const fill = filler(options, writer, startedMs);
  let sending: Promise<void> = Promise.resolve();
  const breaks: unknown[] = [];
  const endOfSource = (cause: unknown): boolean => {
    breaks.push(cause);
    return false;
  };
  for (;;) {
    const more = signal?.aborted === true ? false : await fill().catch(endOfSource);
    // A rejection ends the run here; no other send has begun by then.
    await sending;
    const batches = writer.take();
    if (batches.length > 0) {
      sending = send(batches);
      // It is awaited a turn later: until then nobody else looks at it.
      sending.catch(() => undefined);
    }
    if (!more) break;
  }
  await sending;
  if (breaks.length > 0) throw breaks[0];
  const { producer, poisoned } = writer;
  return { producer, records, bytes, poisoned, retries, seconds: (elapsedMs() - startedMs) / 1_000 };
}

/** Packs the next request and answers whether there is another one after it. */
function filler(options: ProduceOptions, writer: StreamWriter, startedMs: number): () => Promise<boolean> {
  const {
    source,
    count = Number.POSITIVE_INFINITY,
    ratePerSecond,
    clock,
    pause,
    elapsedMs,
    signal,
  } = options;
  let made = 0;
  return async () => {
    if (ratePerSecond !== undefined) await pause(LINGER_MS, signal);
    const due =
      ratePerSecond === undefined
        ? count
        : Math.min(count, Math.floor(((elapsedMs() - startedMs) / 1_000) * ratePerSecond));
    const nowMs = clock.nowMs();
    while (made < due && writer.waitingBytes < REQUEST_BYTES) {
      const next = source.next();
      // Only a source that waits for a file costs a turn of the event loop.
      const trade = next instanceof Promise ? await next : next;
      if (trade === null) return false;
      writer.add(trade, nowMs);
      made++;
    }
    return made < count;
  };
}
