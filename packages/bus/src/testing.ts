export { assignPartitions } from "./assign-partitions.ts";
export type { ConformanceOptions, OutageHarness } from "./conformance.ts";
export { busConformance } from "./conformance.ts";
export type { BusHarness } from "./conformance-suite.ts";
export type { LocalKafka, ProvisionKafkaOptions, StartKafkaOptions } from "./kafka-server/index.ts";
export { KAFKA_VERSION, kafkaCacheFolder, provisionKafka, startKafka } from "./kafka-server/index.ts";
export type { KafkaTestEnvironment, TestKafka } from "./kafka-server/test-kafka.ts";
export { kafkaSkip, privateKafka, testKafka } from "./kafka-server/test-kafka.ts";
export { recordSizes } from "./limits.ts";
