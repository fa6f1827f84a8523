import type { Sought } from "@bourse/bus";
import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import { EXIT } from "../exit-codes.ts";
import { listTopics, partitionsOf } from "../topic-records.ts";
import type {
  CountedPart,
  CountPart,
  LagView,
  Piece,
  StreamFilter,
  StreamPage,
  StreamPartition,
  StreamPlace,
  StreamPosition,
  StreamSource,
} from "./stream-source.ts";

/** Through the operator's doors of a running platform, whichever bus it has. */
export class GatewaySource implements StreamSource {
  readonly #client: GatewayClient;

  constructor(client: GatewayClient) {
    this.#client = client;
  }

  async partitions(topic: string): Promise<readonly StreamPartition[]> {
    const topics = await listTopics(this.#client);
    const found = topics.find(({ name }) => name === topic);
    if (found !== undefined) return partitionsOf(found);
    throw new CliError(EXIT.usage, `topic: ${topic} -> ${topics.map(({ name }) => name).join(", ")}`);
  }

  find({ topic, partition }: StreamPlace, filter: StreamFilter, piece: Piece): Promise<StreamPage> {
    return this.#client.get<StreamPage>(pathOf(topic, "records"), {
      partition,
      ...queryOf(filter),
      ...piece,
    });
  }

  count({ topic, partition }: StreamPlace, filter: StreamFilter, part: CountPart): Promise<CountedPart> {
    return this.#client.get<CountedPart>(pathOf(topic, "count"), {
      partition,
      ...queryOf(filter),
      ...part,
    });
  }

  async position(topic: string, sought: Sought, from?: string): Promise<readonly StreamPosition[]> {
    const query =
      "timeMs" in sought
        ? { time: new Date(sought.timeMs).toISOString() }
        : "key" in sought
          ? { key: sought.key }
          : { ...sought.event };
    const { positions } = await this.#client.get<{ positions: readonly StreamPosition[] }>(
      pathOf(topic, "positions"),
      { ...query, from },
    );
    return positions;
  }

  lag(): Promise<LagView> {
    return this.#client.get<LagView>("/api/v1/platform/lag");
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

function pathOf(topic: string, what: string): string {
  return `/api/v1/platform/topics/${encodeURIComponent(topic)}/${what}`;
}

function queryOf({ key, type, fromMs, toMs }: StreamFilter): Record<string, string | undefined> {
  return {
    key,
    type,
    fromTime: fromMs === undefined ? undefined : new Date(fromMs).toISOString(),
    toTime: toMs === undefined ? undefined : new Date(toMs).toISOString(),
  };
}
