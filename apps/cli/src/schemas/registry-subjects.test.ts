import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonSchema } from "@bourse/contracts";
import { catalogueRegistry } from "@bourse/registry";
import { planRegistration, registerPlanned, withSchemaRegistry } from "./registry-subjects.ts";

test("what readers of the registry's versions could not read is told, and nothing is registered for it", async () => {
  const registry = catalogueRegistry({ topics: [] });
  const subject = "trade-events-TradeSettled";
  const older: JsonSchema = {
    type: "object",
    properties: { price: { type: "string" } },
    required: ["price"],
  };
  await registry.register(subject, older);
  const plan = await planRegistration(registry, "TopicRecordNameStrategy");
  const done = await registerPlanned(registry, plan);
  const refused = done.filter(({ state }) => state === "incompatible");
  assert.deepEqual(
    refused.map((each) => each.subject),
    [subject],
  );
  assert.match(refused[0]?.fault ?? "", /trade-events-TradeSettled version 1.*required_added/);
  assert.deepEqual(await registry.versions(subject), [1]);
  assert.equal((await registry.subjects()).length, plan.length);
  const again = await planRegistration(registry, "TopicRecordNameStrategy");
  assert.deepEqual(new Set(again.map(({ state }) => state)), new Set(["registered", "incompatible"]));
});

test("a registry and a strategy that exist are wanted", async () => {
  const work = async (): Promise<void> => undefined;
  await assert.rejects(withSchemaRegistry({}, work, {}), /SCHEMA_REGISTRY_URL/);
  await assert.rejects(
    withSchemaRegistry({ registry: "http://127.0.0.1:1", strategy: "Mine" }, work, {}),
    /Mine -> TopicNameStrategy/,
  );
});
