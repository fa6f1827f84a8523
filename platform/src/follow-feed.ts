import type { BusRecord } from "@bourse/bus";
import { rfc3339 } from "@bourse/contracts";
import type { Environment } from "@bourse/host";
import { FEED_TOPICS } from "./feeds.ts";
import { kafkaSecurity } from "./kafka/kafka-settings.ts";
import { PROCESSOR_USER } from "./kafka/kafka-users.ts";

/** The back office's feeds, by the names of their topics. */
export const FEEDS: readonly string[] = FEED_TOPICS.map(({ name }) => name);

export interface FeedRow {
  readonly time: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface FeedOptions {
  readonly topic: string;
  readonly bootstrapServers: string;
  /** How the brokers are spoken to (docs/kafka.md). */
  readonly env: Environment;
  /** Processes of one group share the feed; another name begins anew. */
  readonly group: string;
  readonly signal: AbortSignal;
  /** Awaited before the group goes on: what it has seen comes again only after a crash, or where a member came or went meanwhile. */
  readonly handle: (rows: readonly FeedRow[]) => void | Promise<void>;
}

const MAX_ROWS = 1_000;

/** Follows a feed from where the group was, until the signal. Answers how many rows were handled. */
export async function followFeed(options: FeedOptions): Promise<number> {
  const { topic, bootstrapServers, env, group, signal, handle } = options;
  const security = kafkaSecurity(env, PROCESSOR_USER);
  const { kafkaBus } = await import("@bourse/bus/kafka");
  const bus = kafkaBus({ bootstrapServers, clientId: `bourse-process-${process.pid}`, ...security });
  let handled = 0;
  try {
    const consumer = await bus.consume({ group, topics: [topic], onAssigned: async () => new Map() });
    let isHandling = false;
    const end = (): void => {
      // What is in hand is the group's to know of before it is left.
      if (!isHandling) void consumer.close();
    };
    signal.addEventListener("abort", end, { once: true });
    while (!signal.aborted) {
      const records = await consumer.take(MAX_ROWS);
      if (records.length === 0) break;
      isHandling = true;
      await handle(records.map(rowOf));
      handled += records.length;
      await consumer.commit(records.map((at) => ({ ...at, nextOffset: at.offset + 1n })));
      isHandling = false;
    }
    return handled;
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
