import { CliError } from "./cli-error.ts";
import type { GatewayClient } from "./client.ts";
import { EXIT } from "./exit-codes.ts";

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
  /** Why nothing is known of its partitions at the moment. */
  readonly error: string | null;
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

/** Throws where they are not known: none is another answer than not any. */
export function partitionsOf({ name, partitions, error }: TopicView): readonly PartitionView[] {
  if (error === null) return partitions;
  throw new CliError(EXIT.unreachable, `the partitions of ${name} can't be asked now: ${error}`);
}
