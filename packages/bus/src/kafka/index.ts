/** Apart from the rest: the client takes the better part of a second of a core to load, which most processes never need. */
export type { AccessRule, AppliedRules } from "./access-rules.ts";
export type { KafkaConnectionOptions } from "./cluster-of.ts";
export type { SaslSettings } from "./connection-settings.ts";
export type { KafkaAdmin } from "./kafka-admin.ts";
export { kafkaAdmin } from "./kafka-admin.ts";
export type { KafkaBus, KafkaBusOptions } from "./kafka-bus.ts";
export { kafkaBus } from "./kafka-bus.ts";
export type { SendPackedOptions } from "./packed-sender.ts";
export type { UserQuota } from "./quotas.ts";
export type { PackedBatch, PackerOptions, ValueWriter } from "./record-packer.ts";
export { RecordPacker } from "./record-packer.ts";
export type { AccessNeeds } from "./required-access.ts";
export type { ScramUser } from "./scram-users.ts";
