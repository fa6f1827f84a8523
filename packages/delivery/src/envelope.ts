import type { Topic, TopicEvent } from "@bourse/contracts";

/** An event as a consumer gets it: decoded, validated, with what its record headers said (R3). Never mutated. */
export interface Envelope<Event = unknown> {
  readonly event: Event;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string | null;
  readonly producer: string;
  readonly epoch: number;
  readonly sequence: number;
  /** When it was numbered, in milliseconds; engine time on the engine's topics. */
  readonly timeMs: number;
  readonly traceparent?: string;
}

type WithoutTimestamp<Event> = Event extends { timestamp: string } ? Omit<Event, "timestamp"> : object;

/** An event on its way out. `timestamp` is added after `eventType` when it is numbered. */
export interface OutgoingEvent<T extends Topic = Topic> {
  readonly topic: T;
  /** null with an explicit partition for what concerns a whole partition. */
  readonly key: string | null;
  readonly partition: number;
  readonly event: WithoutTimestamp<TopicEvent<T>>;
}

/** The event's number, known once the transaction has committed (R3). */
export interface NumberedEvent {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly timeMs: number;
}
