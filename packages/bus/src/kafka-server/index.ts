export type { LocalKafka, StartKafkaOptions } from "./local-kafka.ts";
export type { ProvisionKafkaOptions } from "./provision-kafka.ts";
export { KAFKA_VERSION, kafkaCacheFolder, provisionKafka } from "./provision-kafka.ts";
export { startKafka } from "./start-kafka.ts";
