import { BusError } from "../bus-error.ts";
import type { TopicPartition } from "../topic-partition.ts";

/** The protocol's error codes that are told apart here (https://kafka.apache.org/protocol#protocol_error_codes). */
export const KafkaCode = {
  NONE: 0,
  OFFSET_OUT_OF_RANGE: 1,
  CORRUPT_MESSAGE: 2,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER_OR_FOLLOWER: 6,
  MESSAGE_TOO_LARGE: 10,
  COORDINATOR_LOAD_IN_PROGRESS: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  INVALID_TOPIC: 17,
  RECORD_LIST_TOO_LARGE: 18,
  NOT_ENOUGH_REPLICAS: 19,
  ILLEGAL_GENERATION: 22,
  INCONSISTENT_GROUP_PROTOCOL: 23,
  UNKNOWN_MEMBER_ID: 25,
  INVALID_SESSION_TIMEOUT: 26,
  REBALANCE_IN_PROGRESS: 27,
  TOPIC_AUTHORIZATION_FAILED: 29,
  GROUP_AUTHORIZATION_FAILED: 30,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  INVALID_TIMESTAMP: 32,
  UNSUPPORTED_VERSION: 35,
  TOPIC_ALREADY_EXISTS: 36,
  INVALID_PARTITIONS: 37,
  INVALID_REPLICATION_FACTOR: 38,
  INVALID_CONFIG: 40,
  SECURITY_DISABLED: 54,
  NOT_CONTROLLER: 41,
  INVALID_REQUEST: 42,
  POLICY_VIOLATION: 44,
  GROUP_ID_NOT_FOUND: 69,
  FENCED_LEADER_EPOCH: 74,
  UNKNOWN_LEADER_EPOCH: 75,
  MEMBER_ID_REQUIRED: 79,
  INVALID_RECORD: 87,
  UNKNOWN_TOPIC_ID: 100,
  INCONSISTENT_TOPIC_ID: 103,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(KafkaCode).map(([name, code]) => [code, name]),
);

const REFUSALS: ReadonlySet<number> = new Set([
  KafkaCode.MESSAGE_TOO_LARGE,
  KafkaCode.INVALID_TOPIC,
  KafkaCode.RECORD_LIST_TOO_LARGE,
  KafkaCode.INCONSISTENT_GROUP_PROTOCOL,
  KafkaCode.INVALID_SESSION_TIMEOUT,
  KafkaCode.TOPIC_AUTHORIZATION_FAILED,
  KafkaCode.GROUP_AUTHORIZATION_FAILED,
  KafkaCode.CLUSTER_AUTHORIZATION_FAILED,
  KafkaCode.INVALID_TIMESTAMP,
  KafkaCode.UNSUPPORTED_VERSION,
  KafkaCode.INVALID_PARTITIONS,
  KafkaCode.INVALID_REPLICATION_FACTOR,
  KafkaCode.INVALID_CONFIG,
  KafkaCode.SECURITY_DISABLED,
  KafkaCode.INVALID_REQUEST,
  KafkaCode.POLICY_VIOLATION,
  KafkaCode.INVALID_RECORD,
]);

/** What of the topic's settings stands against it. */
const SETTINGS: ReadonlyMap<number, string> = new Map([
  [KafkaCode.MESSAGE_TOO_LARGE, "max.message.bytes of the topic is less"],
  [KafkaCode.RECORD_LIST_TOO_LARGE, "segment.bytes of the topic is less"],
  [
    KafkaCode.INVALID_TIMESTAMP,
    "message.timestamp.*.max.ms of the topic does not take a time so far from the broker's",
  ],
]);

const DENIALS: ReadonlySet<number> = new Set([
  KafkaCode.TOPIC_AUTHORIZATION_FAILED,
  KafkaCode.GROUP_AUTHORIZATION_FAILED,
  KafkaCode.CLUSTER_AUTHORIZATION_FAILED,
]);

/** What a request needs an ACL for, in Kafka's words. */
export interface Access {
  readonly principal: string;
  readonly operation: AccessOperation;
  /** `topic order-events`, `group order.reference`, `cluster`. */
  readonly resource: string;
}

export type AccessOperation =
  | "READ"
  | "WRITE"
  | "CREATE"
  | "DELETE"
  | "ALTER"
  | "DESCRIBE"
  | "DESCRIBE_CONFIGS"
  | "ALTER_CONFIGS";

export function kafkaCodeName(code: number): string {
  return NAMES.get(code) ?? `code ${code}`;
}

/** Whether the broker refuses for good: the same request will not be taken later either. */
export function isRefusal(code: number): boolean {
  return REFUSALS.has(code);
}

/** An ACL is missing: who wanted what, and where. */
export function denied({ principal, operation, resource }: Access): BusError {
  const message = `${principal} may not ${operation} ${resource}: the broker has no ACL that allows it`;
  return new BusError("bus_refused", message, { retryable: false });
}

/** The bus's error for an error code of the broker; `access` is what the request needs an ACL for. */
export function brokerError(code: number, what: string, access?: Access): BusError {
  if (access !== undefined && DENIALS.has(code)) return denied(access);
  const setting = SETTINGS.get(code);
  const why = setting === undefined ? "" : ` (${setting})`;
  const message = `${what}: the broker answers ${kafkaCodeName(code)}${why}`;
  if (code === KafkaCode.UNKNOWN_TOPIC_OR_PARTITION)
    return new BusError("unknown_topic", message, { retryable: false });
  if (isRefusal(code)) return new BusError("bus_refused", message, { retryable: false });
  return new BusError("bus_unavailable", message, { retryable: true });
}

export function unavailable(what: string, cause?: unknown): BusError {
  const reason = cause instanceof Error ? `: ${reasonOf(cause)}` : "";
  return new BusError("bus_unavailable", `${what}${reason}`, { retryable: true, cause });
}

export function unreadable({ topic, partition }: TopicPartition, offset: bigint, cause: unknown): BusError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${topic}/${partition} can't be read from offset ${offset} on: ${reason}`;
  return new BusError("unreadable_batch", message, { retryable: false, cause });
}

/** The innermost message that says something. */
function reasonOf(error: Error): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return reasonOf(error.errors[0]);
  if (error.cause instanceof Error) return `${error.message} ${reasonOf(error.cause)}`;
  return error.message;
}

export function closedError(): BusError {
  return new BusError("bus_closed", "the event bus is closed", { retryable: false });
}
