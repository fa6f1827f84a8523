import { isDeepStrictEqual } from "node:util";
import { assert, InvariantError } from "@bourse/base";
import type { EventContract, ServiceName, Topic } from "@bourse/contracts";
import { rfc3339 } from "@bourse/contracts";
import type { TObject } from "typebox";
import { Compile } from "typebox/schema";
import type { OutgoingEvent } from "./envelope.ts";

/** What a service may write, and what its events must look like. */
export interface Contracts {
  /** Asserts R2 for an event on its way out; with validation on, its schema too. Returns the schema's version. */
  checkOutgoing(outgoing: OutgoingEvent): number;
  /** As `checkOutgoing` for a shard's output, whose timestamp is engine time and already there. */
  checkStamped(topic: Topic, event: object): number;
}

/** A compiled schema: a guard, and the first thing that is wrong in words. */
export interface CompiledSchema {
  readonly check: (value: unknown) => boolean;
  readonly fault: (value: unknown) => string;
}

/** `validate` costs a parse for each event: for tests. Who writes what is always checked. */
export function createContracts(
  service: ServiceName,
  publishes: readonly Topic[],
  validate: boolean,
): Contracts {
  const writable = new Map<string, Map<string, EventContract>>();
  for (const topic of publishes) {
    const own = topic.events.filter((contract) => contract.writer === service);
    writable.set(topic.name, new Map(own.map((contract) => [contract.eventType, contract])));
  }
  const contractOf = (topic: Topic, event: object): EventContract => {
    const eventType =
      topic.values === "plain"
        ? topic.events[0]?.eventType
        : (event as { readonly eventType?: unknown }).eventType;
    const contract = typeof eventType === "string" ? writable.get(topic.name)?.get(eventType) : undefined;
    if (contract === undefined) {
      throw new InvariantError(
        `${service} writes only what it is the writer of, not ${eventType} to ${topic.name} (R2)`,
      );
    }
    return contract;
  };
  return {
    checkOutgoing: (outgoing) => {
      const contract = contractOf(outgoing.topic, outgoing.event);
      const { partition, topic } = outgoing;
      if (!Number.isInteger(partition) || partition < 0 || partition >= topic.partitions)
        throw new InvariantError(
          `an event's partition is one of its topic's, not ${partition} of ${topic.name}`,
        );
      assert(
        !("timestamp" in outgoing.event),
        "an outgoing event has no timestamp: it gets one when it is numbered",
      );
      if (validate) validateEvent(topic, contract, stamped(topic, outgoing.event));
      return contract.version;
    },
    checkStamped: (topic, event) => {
      const contract = contractOf(topic, event);
      if (validate) validateEvent(topic, contract, event);
      return contract.version;
    },
  };
}

/** As it will be sent: what is plain has no time in its value. */
function stamped(topic: Topic, event: object): object {
  return topic.values === "plain" ? event : { timestamp: rfc3339(0), ...event };
}

/** The schema, and that JSON keeps the event as it is (no undefined, bigint or Date in it): it is passed on unparsed. */
function validateEvent(topic: Topic, contract: EventContract, event: object): void {
  const compiled = compiledSchema(contract.schema);
  if (!compiled.check(event)) {
    throw new InvariantError(
      `an event keeps its contract: ${contract.eventType} on ${topic.name}: ${compiled.fault(event)}`,
    );
  }
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(event)), event)) {
    throw new InvariantError(
      `JSON keeps an event as it is: ${contract.eventType} on ${topic.name} has undefined or non-JSON values`,
    );
  }
}

const COMPILED = new WeakMap<TObject, CompiledSchema>();

/** Compiled once a process. Unknown fields pass: readers ignore them (R12). */
export function compiledSchema(schema: TObject): CompiledSchema {
  let compiled = COMPILED.get(schema);
  if (compiled === undefined) {
    const validator = Compile(schema);
    compiled = {
      check: (value) => validator.Check(value),
      fault: (value) => {
        const [, [first]] = validator.Errors(value);
        return first === undefined ? "is valid" : `${first.instancePath || "/"} ${first.message}`;
      },
    };
    COMPILED.set(schema, compiled);
  }
  return compiled;
}
