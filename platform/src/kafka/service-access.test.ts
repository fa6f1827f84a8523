import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { catalogue } from "@bourse/contracts";
import { publishedTopics } from "@bourse/host";
import { allDefinitions, definitions } from "../definitions.ts";
import { ACCESS_FORMATS, accessDocument } from "./access-documents.ts";
import { userOf } from "./kafka-users.ts";
import { accessOf, accessRules, kafkaUsers, userQuotas } from "./service-access.ts";

const rules = accessRules();
const writersOf = (topic: string): readonly string[] =>
  rules
    .filter(
      ({ operation, resource, name }) => operation === "WRITE" && resource === "topic" && name === topic,
    )
    .map(({ principal }) => principal.replace("User:bourse-", ""));

describe("what services may do on Kafka", () => {
  test("R2: a topic is written by the writers of its events, dead letters by who parks them, audits by their service", () => {
    let compared = 0;
    for (const topic of catalogue) {
      const running = allDefinitions.map(({ name }): string => name);
      const named = new Set(topic.events.map(({ writer }): string => writer));
      const audited = topic.name.replace("audit-events.", "");
      const allowed =
        topic.family === "audit"
          ? new Set([audited])
          : topic.family === "dead-letter"
            ? new Set(running)
            : named;
      for (const writer of writersOf(topic.name)) {
        assert.ok(allowed.has(writer), `${writer} writes ${topic.name}`);
        compared++;
      }
    }
    assert.ok(compared > definitions.length);
    for (const definition of definitions)
      for (const { name } of publishedTopics(definition))
        assert.ok(writersOf(name).includes(definition.name), `${definition.name} can't write ${name}`);
    assert.deepEqual(writersOf("trade-events").toSorted(), ["matching", "wallet"]);
    assert.deepEqual(writersOf("order-events"), ["order"]);
  });

  test("a service reads what it consumes and back what it writes, and no more", () => {
    for (const definition of definitions) {
      const consumed = definition.consumes.flatMap((each) =>
        each.kind === "shard" ? [each.input, ...each.outputs] : each.topics,
      );
      const known = new Set(
        [...consumed, ...publishedTopics(definition), ...(definition.reads ?? [])].map(({ name }) => name),
      );
      const read = rules
        .filter(({ principal }) => principal === `User:${userOf(definition.name)}`)
        .filter(({ operation, resource }) => operation === "READ" && resource === "topic");
      assert.deepEqual(new Set(read.map(({ name }) => name)), known, definition.name);
    }
    assert.deepEqual(
      definitions.filter(({ reads }) => reads !== undefined).map(({ name }) => name),
      ["gateway"],
    );
  });

  test("a group belongs to the service whose name it begins with", () => {
    for (const definition of definitions) {
      const prefixes = rules
        .filter(({ principal }) => principal === `User:${userOf(definition.name)}`)
        .filter(({ operation, resource }) => operation === "READ" && resource === "group");
      for (const group of accessOf(definition).groups)
        assert.ok(prefixes.some(({ name, pattern }) => pattern === "prefixed" && group.startsWith(name)));
      for (const { name } of prefixes) assert.equal(name, `${definition.name}.`);
    }
  });

  test("no service may make or change topics, rules or settings", () => {
    const services = new Set(definitions.map(({ name }) => `User:${userOf(name)}`));
    const operations = rules
      .filter(({ principal }) => services.has(principal))
      .map(({ operation }) => operation);
    assert.deepEqual([...new Set(operations)].sort(), ["DESCRIBE", "DESCRIBE_CONFIGS", "READ", "WRITE"]);
  });

  test("each user has a quota, and a service that is in every format", () => {
    assert.deepEqual(
      userQuotas().map(({ user }) => user),
      kafkaUsers(),
    );
    for (const format of ACCESS_FORMATS)
      for (const user of kafkaUsers()) assert.ok(accessDocument(format).includes(user), `${format}: ${user}`);
  });
});
