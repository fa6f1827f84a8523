import type { Static, TObject } from "typebox";

/** Names of services: producers in headers, owners of schemas and ports. */
export const SERVICE_NAMES = [
  "gateway",
  "auth",
  "market-data",
  "order",
  "matching",
  "portfolio",
  "wallet",
  "risk",
  "reference-data",
  "drop-copy",
  "trade-processor",
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/**
 * Who writes an event type: a service, or a generator, which numbers its own run (R7). Each run is a producer of its own,
 * `generator-<run>`, so that one that was interrupted leaves no gap behind which readers would wait.
 */
export type Writer = ServiceName | "generator";

/** An event type: its name, the one writer of it (R2), its schema and that schema's version. */
export interface EventContract<Name extends string = string, Schema extends TObject = TObject> {
  readonly eventType: Name;
  readonly writer: Writer;
  readonly version: number;
  readonly description: string;
  readonly schema: Schema;
}

/** The event as its writer makes it: `timestamp` is added when the outbox or the engine numbers it. */
export type EventOf<C extends EventContract> = Static<C["schema"]>;

export interface Topic<Events extends readonly EventContract[] = readonly EventContract[]> {
  readonly name: string;
  readonly description: string;
  /** R7. `exact`: numbered, gapless, applied once. `latest`: a newer event replaces an older one of its key. */
  readonly class: "exact" | "latest";
  /** Fixed: a change is a new topic version (R3). */
  readonly partitions: number;
  /** -1 keeps for ever. */
  readonly retentionMs: number;
  /**
   * How long a relay may hold records back so that more of them travel together, as a Kafka producer's linger.ms: for
   * topics that tell what is already done. Default 0: somebody waits for the record.
   */
  readonly lingerMs?: number;
  /** What the record key is. */
  readonly key:
    | "symbol"
    | "accountId"
    | "client_id"
    | "clientId"
    | "symbol or asset"
    | "as the origin"
    | "actor";
  /**
   * `plain`: a published contract of one event whose values have neither `eventType` nor `timestamp`: the topic says what
   * they are, and the record says when.
   */
  readonly values?: "plain";
  /**
   * Derived, never listed by hand: the dead letters of `origin`, or what was done at a service. Or a generator's stream
   * behind a prefix, which no service writes.
   */
  readonly family?: "dead-letter" | "audit" | "stream";
  /** The topic whose dead letters these are. */
  readonly origin?: string;
  readonly events: Events;
}

/** Any event of a topic, discriminated by `eventType`. */
export type TopicEvent<T extends Topic> = EventOf<T["events"][number]>;

export function defineTopic<const Events extends readonly EventContract[]>(
  topic: Topic<Events>,
): Topic<Events> {
  return topic;
}

export function defineEvent<const Name extends string, Schema extends TObject>(
  contract: EventContract<Name, Schema>,
): EventContract<Name, Schema> {
  return contract;
}
