import type { GatewayClient } from "./client.ts";

/** A topic of `GET /api/v1/platform/topics`. Offsets are decimal strings: they may pass 2^53. */
export interface TopicView {
  readonly name: string;
  readonly class: string;
  readonly key: string;
  readonly writers: readonly string[];
  readonly events: readonly string[];
  readonly partitions: readonly {
    readonly partition: number;
    readonly earliest: string;
    readonly latest: string;
  }[];
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

/** Where reading begins: the last so many records, an offset (or `earliest`), or a time. */
export type ReadFrom =
  | { readonly last: number }
  | { readonly from: string; readonly waitMs?: number }
  | { readonly since: string };

export function readRecords(
  client: GatewayClient,
  at: { readonly topic: string; readonly partition: number },
  from: ReadFrom,
): Promise<RecordsPage> {
  const path = `/api/v1/platform/topics/${encodeURIComponent(at.topic)}/partitions/${at.partition}/records`;
  return client.get<RecordsPage>(path, { ...from });
}
