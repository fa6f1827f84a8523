import type { GatewayClient } from "./client.ts";

/** A topic of `GET /api/v1/platform/topics`. Offsets are decimal strings: they may pass 2^53. */
export interface TopicView {
  readonly name: string;
  readonly description: string;
  readonly class: string;
  readonly key: string;
  readonly events: readonly {
    readonly eventType: string;
    readonly writer: string;
    readonly version: number;
  }[];
  readonly partitions: readonly PartitionView[];
}

export interface PartitionView {
  readonly partition: number;
  readonly earliest: string;
  /** Behind the last record. */
  readonly latest: string;
}

export interface RecordView {
  readonly partition: number;
  readonly offset: string;
  /** RFC 3339. */
  readonly time: string;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: unknown;
}

export async function listTopics(client: GatewayClient): Promise<readonly TopicView[]> {
  const { topics } = await client.get<{ topics: readonly TopicView[] }>("/api/v1/platform/topics");
  return topics;
}
