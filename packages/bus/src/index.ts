export type { BusErrorCode } from "./bus-error.ts";
export { BusError } from "./bus-error.ts";
export type {
  BusRecord,
  ConsumeOptions,
  EventBus,
  GroupConsumer,
  GroupInfo,
  Headers,
  OutgoingBatch,
  OutgoingRecord,
  PartitionOffsets,
  PartitionReader,
  ReadOptions,
  SentBatch,
  StartPosition,
  TopicInfo,
  TopicPartition,
  TopicSpec,
} from "./port.ts";
export { topicPartitionKey } from "./port.ts";
