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

export interface RecordsPage {
  readonly records: readonly RecordView[];
  /** Where to go on. */
  readonly nextOffset: string;
}

/** Where reading begins: the last so many records, or an offset; then it may wait for the first one. */
type ReadFrom =
  | { readonly last: number }
  | { readonly from: string; readonly limit: number; readonly waitMs?: number };

export async function listTopics(client: GatewayClient): Promise<readonly TopicView[]> {
  const { topics } = await client.get<{ topics: readonly TopicView[] }>("/api/v1/platform/topics");
  return topics;
}

export function readRecords(
  client: GatewayClient,
  at: { readonly topic: string; readonly partition: number },
  from: ReadFrom,
): Promise<RecordsPage> {
  const path = `/api/v1/platform/topics/${encodeURIComponent(at.topic)}/records`;
  return client.get<RecordsPage>(path, { partition: at.partition, ...from });
}
