import { type BusRecord, kafkaBus } from "@bourse/bus";
import { cashBalanceFeed, ordersFeed, rfc3339, tradesFeed } from "@bourse/contracts";

/** The back office's feeds, by the names of their topics. */
export const FEEDS: readonly string[] = [ordersFeed.name, tradesFeed.name, cashBalanceFeed.name];

export interface FeedRow {
  readonly time: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface FeedOptions {
  readonly topic: string;
  readonly bootstrapServers: string;
  /** Processes of one group share the feed; another name begins anew. */
  readonly group: string;
  readonly signal: AbortSignal;
  /** Awaited before the group goes on: what it has seen comes again only after a crash. */
  readonly handle: (rows: readonly FeedRow[]) => void | Promise<void>;
}

const MAX_ROWS = 1_000;

/** Follows a feed from where the group was, until the signal. Answers how many rows were handled. */
export async function followFeed(options: FeedOptions): Promise<number> {
  const { topic, bootstrapServers, group, signal, handle } = options;
  const bus = kafkaBus({ bootstrapServers, clientId: `bourse-process-${process.pid}` });
  let handled = 0;
  try {
    const consumer = await bus.consume({ group, topics: [topic], onAssigned: async () => new Map() });
    signal.addEventListener("abort", () => void consumer.close(), { once: true });
    if (signal.aborted) await consumer.close();
    for (;;) {
      const records = await consumer.take(MAX_ROWS);
      if (records.length === 0) return handled;
      await handle(records.map(rowOf));
      handled += records.length;
      await consumer.commit(records.map((at) => ({ ...at, nextOffset: at.offset + 1n })));
    }
  } finally {
    await bus.close();
  }
}

function rowOf({ value, timestampMs }: BusRecord): FeedRow {
  const time = rfc3339(timestampMs);
  try {
    const fields: unknown = JSON.parse(value);
    if (typeof fields === "object" && fields !== null) return { time, fields: fields as FeedRow["fields"] };
  } catch {
    // Shown as it is.
  }
  return { time, fields: { unreadable: value } };
}
