export type { BusErrorCode } from "./bus-error.ts";
export { BusError, LogChangedError, LostEndError, lostEnd } from "./bus-error.ts";
export type { EmbeddedBus, EmbeddedBusOptions } from "./embedded/embedded-bus.ts";
export { embeddedBus } from "./embedded/embedded-bus.ts";
export type { CountedBy, CountOptions, RecordCount } from "./inspect/count-records.ts";
export { COUNTED_BY, countRecords } from "./inspect/count-records.ts";
export type { EventNumber, FoundPosition, Sought } from "./inspect/find-position.ts";
export { findPosition } from "./inspect/find-position.ts";
export type { FindOptions, FoundRecords } from "./inspect/find-records.ts";
export { findBackwards, findForwards } from "./inspect/find-records.ts";
export type { RecordFilter } from "./inspect/record-filter.ts";
export { contentOf, typeOf } from "./inspect/record-filter.ts";
export { brokerAddresses } from "./kafka/broker-addresses.ts";
export { MAX_VALUE_BYTES } from "./limits.ts";
export { partitionOf } from "./partition-of.ts";
export type {
  BusRecord,
  ChunkSlice,
  ConsumeOptions,
  EventBus,
  GroupConsumer,
  GroupInfo,
  Headers,
  OutgoingBatch,
  OutgoingRecord,
  PartitionOffsets,
  PartitionReader,
  RawHeader,
  ReadOptions,
  RecordChunk,
  SentBatch,
  StartPosition,
  TopicInfo,
  TopicSpec,
} from "./port.ts";
export { CHUNK_SPANS, chunksOfRecords, SPAN } from "./record-chunk.ts";
export type { RecordValue } from "./record-value.ts";
export { readValue, valueBytes } from "./record-value.ts";
export { ShareCalls } from "./share-calls.ts";
export type { TopicPartition } from "./topic-partition.ts";
export { topicPartitionKey } from "./topic-partition.ts";
