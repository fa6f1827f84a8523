import { createHash } from "node:crypto";
import type { GatewayClient } from "@bourse/cli";
import type { TradeFacts } from "../journal/reconcile.ts";

interface RecordView {
  readonly partition: number;
  readonly offset: string;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: { readonly eventType?: string };
}

interface TopicView {
  readonly name: string;
  readonly partitions: readonly { readonly partition: number; readonly latest: string }[];
}

/** What matters for "nothing twice": what the engine obeys, what it says, and what wallet says of it. */
const TOPICS = ["order-events", "execution-events", "trade-events"] as const;
const PAGE = 5_000;

/**
 * Reads the log as a stranger would, on from where it stopped. A number may come again, as relays and a second owner
 * may send it again, but then with the same content (R4, R8).
 */
export class TopicAudit {
  readonly trades: TradeFacts[] = [];
  readonly violations: string[] = [];
  equalDuplicates = 0;
  readonly #next = new Map<string, string>();
  readonly #seen = new Map<string, string>();

  async readOn(client: GatewayClient): Promise<void> {
    const { topics } = await client.get<{ topics: readonly TopicView[] }>("/api/v1/platform/topics");
    for (const { name, partitions } of topics) {
      if (!(TOPICS as readonly string[]).includes(name)) continue;
      for (const { partition, latest } of partitions)
        await this.#readPartition(client, name, partition, latest);
    }
  }

  async #readPartition(
    client: GatewayClient,
    topic: string,
    partition: number,
    latest: string,
  ): Promise<void> {
    const place = `${topic}/${partition}`;
    for (let from = this.#next.get(place) ?? "0"; BigInt(from) < BigInt(latest); ) {
      const { records, nextOffset } = await client.get<{
        records: readonly RecordView[];
        nextOffset: string;
      }>(`/api/v1/platform/topics/${topic}/records`, { partition, from, limit: PAGE, waitMs: 1_000 });
      for (const record of records) this.#take(place, record);
      if (records.length === 0)
        throw new Error(`${place} ends at ${from} and says that it ends at ${latest}`);
      from = nextOffset;
      this.#next.set(place, from);
    }
  }

  #take(place: string, { key, headers, value, offset }: RecordView): void {
    const { producer, epoch, sequence } = headers;
    const id = `${place} ${producer} ${epoch}/${sequence}`;
    const content = createHash("sha256")
      .update(JSON.stringify([key, headers["event-version"], value]))
      .digest("base64");
    const before = this.#seen.get(id);
    if (before !== undefined) {
      if (before === content) this.equalDuplicates += 1;
      else this.violations.push(`${id} came again at offset ${offset} with another content`);
      return;
    }
    this.#seen.set(id, content);
    if (value.eventType === "TradeExecuted") this.trades.push(value as unknown as TradeFacts);
  }
}
