import {
  BusError,
  type BusRecord,
  contentOf,
  countRecords,
  findBackwards,
  findForwards,
  findPosition,
  type Sought,
} from "@bourse/bus";
import type { KafkaBus } from "@bourse/bus/kafka";
import { rfc3339 } from "@bourse/contracts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import type { RecordView } from "../topic-records.ts";
import type {
  CountedPart,
  CountPart,
  LagRow,
  LagView,
  Piece,
  StreamFilter,
  StreamPage,
  StreamPartition,
  StreamPlace,
  StreamPosition,
  StreamSource,
} from "./stream-source.ts";

/** Of one call; the commands go on with the next one. */
const MAX_SCANNED = 200_000;

/** Topics and groups of a broker, also those of nobody's platform. */
export class KafkaSource implements StreamSource {
  readonly #bus: KafkaBus;

  constructor(bus: KafkaBus) {
    this.#bus = bus;
  }

  async partitions(topic: string): Promise<readonly StreamPartition[]> {
    try {
      const offsets = await this.#bus.offsets(topic);
      return offsets.map(({ partition, earliest, latest }) => ({
        partition,
        earliest: String(earliest),
        latest: String(latest),
      }));
    } catch (error) {
      if (!(error instanceof BusError) || error.code !== "unknown_topic") throw error;
      const names = (await this.#bus.topics()).map(({ name }) => name).sort();
      throw new CliError(EXIT.usage, `topic: ${topic} -> ${names.join(", ")}`);
    }
  }

  async find(at: StreamPlace, filter: StreamFilter, piece: Piece): Promise<StreamPage> {
    const shared = { ...at, filter, maxScanned: MAX_SCANNED };
    const { records, nextOffset, complete } =
      "last" in piece
        ? await findBackwards(this.#bus, { ...shared, limit: piece.last })
        : await findForwards(this.#bus, {
            ...shared,
            from: BigInt(piece.from),
            limit: piece.limit,
            waitMs: piece.waitMs ?? 0,
          });
    return { records: records.map(viewOf), nextOffset: String(nextOffset), complete };
  }

  async count(at: StreamPlace, filter: StreamFilter, { by, from, until }: CountPart): Promise<CountedPart> {
    const counted = await countRecords(this.#bus, {
      ...at,
      filter,
      by,
      maxScanned: MAX_SCANNED,
      ...(from === undefined ? {} : { from: BigInt(from) }),
      ...(until === undefined ? {} : { until: BigInt(until) }),
    });
    return { ...counted, nextOffset: String(counted.nextOffset), until: String(counted.until) };
  }

  async position(topic: string, sought: Sought, from?: string): Promise<readonly StreamPosition[]> {
    const start = from === undefined ? {} : { from: BigInt(from) };
    const found = await findPosition(this.#bus, { topic, sought, maxScanned: MAX_SCANNED, ...start });
    return found.map(({ partition, offset, record, complete }) => ({
      partition,
      offset: String(offset),
      record: record === null ? null : viewOf(record),
      complete,
    }));
  }

  /** What groups have committed: a broker knows nothing of marks. */
  async lag(): Promise<LagView> {
    const groups = await this.#bus.groups();
    const topics = [...new Set(groups.flatMap(({ offsets }) => offsets.map(({ topic }) => topic)))];
    const ends = new Map(
      await Promise.all(
        topics.map(async (topic) => [topic, await this.#bus.offsets(topic).catch(() => [])] as const),
      ),
    );
    const rows = groups.flatMap(({ group, state, offsets }) =>
      offsets.map(({ topic, partition, committed }): LagRow => {
        const end = ends.get(topic)?.find((each) => each.partition === partition)?.latest;
        const lag = end === undefined ? null : Math.max(0, Number(end - committed));
        return {
          group,
          service: null,
          kind: "group",
          topic,
          partition,
          state,
          source: "committed",
          position: String(committed),
          end: end === undefined ? null : String(end),
          lag,
          committed: String(committed),
          committedLag: lag,
          error: null,
        };
      }),
    );
    const views = groups.map(({ group, state, members }) => ({ group, state, members }));
    return { rows, groups: views, silent: [], unknown: [] };
  }

  moveGroup = async (group: string, topic: string, positions: readonly StreamPosition[]): Promise<void> => {
    const wanted = positions.map(({ partition, offset }) => ({
      topic,
      partition,
      nextOffset: BigInt(offset),
    }));
    await this.#bus.moveGroup(group, wanted);
  };

  close(): Promise<void> {
    return this.#bus.close();
  }
}

function viewOf(record: BusRecord): RecordView {
  const { partition, offset, key, headers, timestampMs } = record;
  return {
    partition,
    offset: String(offset),
    time: rfc3339(timestampMs),
    key,
    headers,
    value: contentOf(record),
  };
}
