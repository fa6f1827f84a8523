import type { AccessNeeds, AccessRule, UserQuota } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import { type AnyServiceDefinition, publishedTopics } from "@bourse/host";
import { definitions } from "../definitions.ts";

/** The SCRAM user that a service is to the brokers. */
export function userOf(service: string): string {
  return `bourse-${service}`;
}

/** Who makes topics, users and rules: a super user of the brokers (deploy/kafka/server.properties). */
export const ADMIN_USER = "bourse-admin";
/** Who writes made-up streams, under a prefix that no service reads by default (R2). */
export const GENERATOR_USER = "bourse-generator";
const GENERATOR_PREFIX = "sim.";

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
  return [...definitions.flatMap(rulesOf), ...generatorRules()];
}

/** The users whose ACLs, quotas and passwords are made from here. */
export function kafkaUsers(): readonly string[] {
  return [...definitions.map(({ name }) => userOf(name)), GENERATOR_USER];
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
  return (["CREATE", "DESCRIBE_CONFIGS", "READ", "WRITE"] as const).map((operation) => ({
    principal: `User:${GENERATOR_USER}`,
    operation,
    resource: "topic",
    name: GENERATOR_PREFIX,
    pattern: "prefixed",
  }));
}

const MEGABYTE = 1_000_000;
const BASE_BYTES = 5 * MEGABYTE;
const BYTES_PER_TOPIC = 20 * MEGABYTE;
const GENERATOR_BYTES = 100 * MEGABYTE;
/** Half a request handler thread, and as much for each group, whose members ask all the time. */
const REQUEST_PERCENTAGE = 50;

/**
 * What each user may take of one broker: far more than it needs, so that one that runs wild is held back before the
 * others feel it. By how many topics it writes and reads.
 */
export function userQuotas(): readonly UserQuota[] {
  const services = definitions.map((definition) => {
    const { reads, groups } = accessOf(definition);
    const consumed = reads.length - publishedTopics(definition).length;
    return {
      user: userOf(definition.name),
      producerBytesPerSecond: BASE_BYTES + BYTES_PER_TOPIC * definition.publishes.length,
      consumerBytesPerSecond: BASE_BYTES + BYTES_PER_TOPIC * Math.max(1, consumed),
      requestPercentage: REQUEST_PERCENTAGE * (2 + groups.length),
    };
  });
  const generator = {
    user: GENERATOR_USER,
    producerBytesPerSecond: GENERATOR_BYTES,
    consumerBytesPerSecond: GENERATOR_BYTES,
    requestPercentage: REQUEST_PERCENTAGE * 2,
  };
  return [...services, generator];
}

function inOrder(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
