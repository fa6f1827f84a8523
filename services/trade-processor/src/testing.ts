import { type EventBus, type OutgoingRecord, partitionOf } from "@bourse/bus";
import { encodeTradeReported, generatorProducer, type TradeStream } from "@bourse/contracts";

export type Report = Parameters<typeof encodeTradeReported>[0];

/** A report with everything in order, but for what a test says. */
export function report(changed: Partial<Report> & { readonly tradeId: string }): Report {
  return {
    eventType: "TradeReported",
    timestamp: "2026-11-21T09:30:00.000Z",
    clientId: "C0001",
    symbol: "AAPL",
    side: "BUY",
    quantity: "10",
    price: "180.5",
    fee: "0.25",
    ...changed,
  };
}

/** What a record of the stream is made of: a report, or anything else under a key. */
export type Reported =
  | Report
  | { readonly key: string | null; readonly value: string; readonly headers?: Record<string, string> };

/** Sends as one run of a generator: it numbers its own records in each partition (R7). */
export function reporter(
  bus: EventBus,
  {
    topic,
    run = "test",
    timeMs,
    place = (key) => partitionOf(key, topic.partitions),
  }: {
    readonly topic: TradeStream;
    readonly run?: string;
    readonly timeMs: () => number;
    /** The partition for a key: another one than the usual is a writer's mistake. */
    readonly place?: (key: string, nth: number) => number;
  },
): (reports: readonly Reported[]) => Promise<void> {
  const last = new Map<number, number>();
  const producer = generatorProducer(run);
  return async (reports) => {
    const batches = new Map<number, OutgoingRecord[]>();
    for (const [nth, each] of reports.entries()) {
      const key = "value" in each ? each.key : each.clientId;
      const partition = place(key ?? "", nth);
      // A record with headers of its own takes no number: the others would miss it (R5).
      const isOwn = "value" in each && each.headers !== undefined;
      const sequence = (last.get(partition) ?? 0) + (isOwn ? 0 : 1);
      last.set(partition, sequence);
      const headers = {
        id: `${topic.name}/${partition}/1/${sequence}`,
        producer,
        epoch: "1",
        sequence: String(sequence),
        "event-version": "1",
      };
      const record = {
        key,
        value: "value" in each ? each.value : encodeTradeReported(each),
        headers: "value" in each ? { ...headers, ...each.headers } : headers,
        timestampMs: timeMs(),
      };
      const batch = batches.get(partition);
      if (batch === undefined) batches.set(partition, [record]);
      else batch.push(record);
    }
    await bus.send([...batches].map(([partition, records]) => ({ topic: topic.name, partition, records })));
  };
}
