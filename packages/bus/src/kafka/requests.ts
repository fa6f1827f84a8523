import { type API, createAPI, fetchV13, produceV9, type Reader, Writer } from "./client.ts";

/** Produce and fetch at the wire level with record batches as bytes; framing and errors are the library's. */

export interface ProducePartition {
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
}

export interface ProduceRequest {
  readonly acks: number;
  readonly timeoutMs: number;
  readonly partitions: readonly ProducePartition[];
}

const PRODUCE_KEY = 0;
const PRODUCE_VERSION = 9;
const FETCH_KEY = 1;
const FETCH_VERSION = 13;
/** Tagged field of a partition in a reply to FETCH. */
const DIVERGING_EPOCH = 0;

export const produceApi: API<[request: ProduceRequest], produceV9.ProduceResponse> = createAPI(
  PRODUCE_KEY,
  PRODUCE_VERSION,
  ({ acks, timeoutMs, partitions }: ProduceRequest): Writer =>
    Writer.create()
      .appendString(null)
      .appendInt16(acks)
      .appendInt32(timeoutMs)
      .appendArray([...Map.groupBy(partitions, ({ topic }) => topic)], (writer, [topic, ofTopic]) => {
        writer.appendString(topic).appendArray(ofTopic, (inner, { partition, batch }) => {
          inner
            .appendInt32(partition)
            .appendUnsignedVarInt(batch.length + 1)
            .append(batch);
        });
      })
      .appendTaggedFields(),
  produceV9.parseResponse,
);

export interface FetchedPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly errorCode: number;
  /** Before the records were read: up to it they can be had. */
  readonly highWatermark: bigint;
  /** Record batches one after the other, as they came in pieces; the last one may be cut off. */
  readonly batches: ReplyBytes;
  /** The log has other records before the offset that was asked for than the one who asks has read (KIP-595). */
  readonly hasDiverged: boolean;
}

/** A part of a reply that nobody has put together yet. */
export interface ReplyBytes {
  readonly length: number;
  readonly buffers: readonly Buffer[];
}

/** In one piece: in `memory`, which is large enough, or in memory of its own. */
export function joined({ buffers, length }: ReplyBytes, memory: Buffer = Buffer.allocUnsafe(length)): Buffer {
  let at = 0;
  for (const piece of buffers) at += piece.copy(memory, at);
  return memory.subarray(0, length);
}

export interface FetchReply {
  /** How long the broker holds back what this client asks for next: a quota. */
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

export const fetchApi: API<fetchV13.FetchRequest, FetchReply> = createAPI(
  FETCH_KEY,
  FETCH_VERSION,
  fetchV13.createRequest,
  (_correlationId: number, _apiKey: number, _apiVersion: number, reader: Reader): FetchReply => {
    const throttleTimeMs = reader.readInt32();
    const errorCode = reader.readInt16();
    reader.readInt32();
    const topics = reader.readArray((inTopic) => {
      const topicId = inTopic.readUUID();
      return inTopic.readArray((inPartition) => readPartition(inPartition, topicId), true, false);
    });
    return { throttleTimeMs, errorCode, partitions: topics.flat() };
  },
);

function readPartition(reader: Reader, topicId: string): FetchedPartition {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const highWatermark = reader.readInt64();
  // Last stable offset, log start offset.
  reader.skip(16);
  // Aborted transactions: none of ours are.
  reader.readNullableArray((aborted) => aborted.skip(16));
  // The replica to read from.
  reader.skip(4);
  const size = reader.readUnsignedVarInt() - 1;
  const batches =
    size > 0 ? reader.buffer.subarray(reader.position, reader.position + size) : { length: 0, buffers: [] };
  reader.skip(Math.max(0, size));
  return {
    topicId,
    partition,
    errorCode,
    highWatermark,
    batches,
    hasDiverged: tagsOf(reader).has(DIVERGING_EPOCH),
  };
}

/** The tagged fields that are there (KIP-482). What they say is passed over. */
function tagsOf(reader: Reader): ReadonlySet<number> {
  const tags = new Set<number>();
  for (let left = reader.readUnsignedVarInt(); left > 0; left--) {
    tags.add(reader.readUnsignedVarInt());
    const bytes = reader.readUnsignedVarInt();
    reader.skip(bytes);
  }
  return tags;
}
