export type { ProvisionKafkaOptions } from "./provision-kafka.ts";
export { KAFKA_VERSION, kafkaCacheFolder, provisionKafka } from "./provision-kafka.ts";
export type { LocalKafka, StartKafkaOptions } from "./start-kafka.ts";
export { startKafka } from "./start-kafka.ts";
