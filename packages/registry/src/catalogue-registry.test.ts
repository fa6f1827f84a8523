import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allEvents, catalogue, eventsOf } from "@bourse/contracts";
import { catalogueRegistry } from "./catalogue-registry.ts";
import { registryConformance } from "./conformance.ts";

registryConformance("the catalogue", async () => {
  const registry = catalogueRegistry();
  return { registry, close: () => registry.close() };
});

describe("the catalogue as a registry", () => {
  test("has a subject for each event of each topic, with every version on record", async () => {
    const registry = catalogueRegistry();
    const subjects = new Set(await registry.subjects());
    assert.deepEqual(
      subjects,
      new Set(
        catalogue.flatMap((topic) => eventsOf(topic).map((event) => `${topic.name}-${event.eventType}`)),
      ),
    );
    for (const { eventType, version } of allEvents()) {
      const subject = [...subjects].find((name) => name.endsWith(`-${eventType}`)) ?? "";
      assert.equal((await registry.versions(subject)).length, version, eventType);
    }
  });

  test("or one for each topic", async () => {
    const registry = catalogueRegistry({ strategy: "TopicNameStrategy" });
    assert.deepEqual(
      await registry.subjects(),
      catalogue.map(({ name }) => `${name}-value`),
    );
    const union = await registry.version("trade-events-value", "latest");
    const branches = union?.schema.oneOf;
    assert.ok(Array.isArray(branches) && branches.length === 3);
  });

  test("its ids are the same in every process, and no two schemas share one", async () => {
    const [one, other] = [catalogueRegistry(), catalogueRegistry()];
    const schemas = new Map<number, string>();
    for (const subject of await one.subjects()) {
      const mine = await one.version(subject, "latest");
      assert.deepEqual(mine, await other.version(subject, "latest"));
      const text = JSON.stringify(mine?.schema);
      assert.equal(schemas.get(mine?.id ?? 0) ?? text, text);
      schemas.set(mine?.id ?? 0, text);
    }
  });
});
