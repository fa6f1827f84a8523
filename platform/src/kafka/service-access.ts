import type { AccessNeeds, AccessRule, UserQuota } from "@bourse/bus/kafka";
import type { Topic } from "@bourse/contracts";
import { type AnyServiceDefinition, publishedTopics } from "@bourse/host";
import { allDefinitions } from "../definitions.ts";
import { FEED_GROUPS, FEED_TOPICS } from "../feeds.ts";
import { GENERATOR_USER, PROCESSOR_USER, userOf } from "./kafka-users.ts";

const GENERATED = "sim.";

/**
 * What a service does on the brokers, out of its definition: it writes its event types' topics and the dead letters and
 * the audit that follow from what it consumes; it reads what it consumes, and back what it writes (R4, R8).
 */
export function accessOf(definition: AnyServiceDefinition): AccessNeeds {
  const written = publishedTopics(definition).map(({ name }) => name);
  const consumed = definition.consumes.flatMap((consumption) => {
    const topics: readonly Topic[] =
      consumption.kind === "shard" ? [consumption.input, ...consumption.outputs] : consumption.topics;
    return topics.map(({ name }) => name);
  });
  const viewed = (definition.reads ?? []).map(({ name }) => name);
  const groups = definition.consumes
    .filter(({ kind }) => kind !== "view")
    .map(({ subscription }) => `${definition.name}.${subscription}`);
  return {
    writes: inOrder(written),
    reads: inOrder([...consumed, ...viewed, ...written]),
    groups: inOrder(groups),
  };
}

/** Everything that each service may do, and nothing else: the brokers' ACLs. */
export function accessRules(): readonly AccessRule[] {
  return [...allDefinitions.flatMap(rulesOf), ...generatorRules(), ...processorRules()];
}

/** The users whose ACLs, quotas and passwords are made from here. */
export function kafkaUsers(): readonly string[] {
  return [...allDefinitions.map(({ name }) => userOf(name)), GENERATOR_USER];
}

function rulesOf(definition: AnyServiceDefinition): readonly AccessRule[] {
  const principal = `User:${userOf(definition.name)}`;
  const { writes, reads, groups } = accessOf(definition);
  const onTopic = (operation: AccessRule["operation"], name: string): AccessRule => ({
    principal,
    operation,
    resource: "topic",
    name,
    pattern: "literal",
  });
  return [
    ...reads.flatMap((name) => [
      onTopic("READ", name),
      // The start compares each topic's settings with what is asked for (R9).
      onTopic("DESCRIBE_CONFIGS", name),
    ]),
    ...writes.map((name) => onTopic("WRITE", name)),
    ...(groups.length === 0
      ? []
      : [
          {
            principal,
            operation: "READ",
            resource: "group",
            name: `${definition.name}.`,
            pattern: "prefixed",
          } as const,
        ]),
    ...(definition.reads === undefined
      ? []
      : [
          {
            principal,
            operation: "DESCRIBE",
            resource: "group",
            name: "*",
            pattern: "literal",
          } as const,
        ]),
  ];
}

function generatorRules(): readonly AccessRule[] {
  return MAKER.map((operation) => prefixed(GENERATOR_USER, operation, "topic", GENERATED));
}

/** Besides what it does as a service it processes generated streams by itself, and sets aside what it can't read. */
function processorRules(): readonly AccessRule[] {
  const onTopic = (operation: AccessRule["operation"], name: string): AccessRule =>
    prefixed(PROCESSOR_USER, operation, "topic", name);
  return [
    ...(["DESCRIBE_CONFIGS", "READ"] as const).map((operation) => onTopic(operation, GENERATED)),
    ...MAKER.flatMap((operation) => [
      onTopic(operation, `dead-letter-${GENERATED}`),
      onTopic(operation, "audit-events.trade-processor"),
    ]),
    // The back office's feeds, to print them.
    ...FEED_TOPICS.map(
      ({ name }): AccessRule => ({
        principal: `User:${PROCESSOR_USER}`,
        operation: "READ",
        resource: "topic",
        name,
        pattern: "literal",
      }),
    ),
    prefixed(PROCESSOR_USER, "READ", "group", FEED_GROUPS),
  ];
}

/** What it takes to make a topic, to write it and to read it back. */
const MAKER = ["CREATE", "DESCRIBE_CONFIGS", "READ", "WRITE"] as const;

function prefixed(
  user: string,
  operation: AccessRule["operation"],
  resource: AccessRule["resource"],
  name: string,
): AccessRule {
  return { principal: `User:${user}`, operation, resource, name, pattern: "prefixed" };
}

const MEGABYTE = 1_000_000;
const BASE_BYTES = 5 * MEGABYTE;
const BYTES_PER_TOPIC = 20 * MEGABYTE;
const STREAM_BYTES = 100 * MEGABYTE;
/** Half a request handler thread, and as much for each group, whose members ask all the time. */
const REQUEST_PERCENTAGE = 50;

/**
 * What each user may take of one broker: far more than it needs, so that one that runs wild is held back before the
 * others feel it. By how many topics it writes and reads.
 */
export function userQuotas(): readonly UserQuota[] {
  const services = allDefinitions.filter(({ name }) => userOf(name) !== PROCESSOR_USER);
  const own = services.map((definition) => {
    const { reads, groups } = accessOf(definition);
    const consumed = reads.length - publishedTopics(definition).length;
    return {
      user: userOf(definition.name),
      producerBytesPerSecond: BASE_BYTES + BYTES_PER_TOPIC * definition.publishes.length,
      consumerBytesPerSecond: BASE_BYTES + BYTES_PER_TOPIC * Math.max(1, consumed),
      requestPercentage: REQUEST_PERCENTAGE * (2 + groups.length),
    };
  });
  const streams = [PROCESSOR_USER, GENERATOR_USER].map((user) => ({
    user,
    producerBytesPerSecond: STREAM_BYTES,
    consumerBytesPerSecond: STREAM_BYTES,
    requestPercentage: REQUEST_PERCENTAGE * 2,
  }));
  return [...own, ...streams];
}

function inOrder(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
