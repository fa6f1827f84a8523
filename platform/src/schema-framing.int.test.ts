import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import type { EventBus, OutgoingBatch } from "@bourse/bus";
import { confluentRegistry } from "@bourse/registry";
import { registrySkip, testRegistry } from "@bourse/registry/testing";
import { withSchemaIds } from "./schema-framing.ts";

const skip = await registrySkip(process.env);

/** A bus that keeps what it is sent. */
function keepingBus(kind: EventBus["kind"]): { readonly bus: EventBus; readonly sent: OutgoingBatch[] } {
  const sent: OutgoingBatch[] = [];
  const bus = {
    kind,
    send: async (batches: readonly OutgoingBatch[]) => {
      sent.push(...batches);
      return [];
    },
    close: async () => undefined,
  };
  return { bus: bus as unknown as EventBus, sent };
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "schema-ids-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const SETTLED: OutgoingBatch = {
  topic: "trade-events",
  partition: 0,
  records: [{ key: "k", value: '{"eventType":"TradeSettled"}', headers: {}, timestampMs: 0 }],
};

describe("SCHEMA_REGISTRY_URL", () => {
  test("is not set: the very same bus", async (t) => {
    const { bus } = keepingBus("kafka");
    const options = { idsFile: join(folder(t), "ids.json"), progress: () => undefined };
    assert.equal(await withSchemaIds(bus, { ...options, env: {} }), bus);
    assert.equal(await withSchemaIds(bus, { ...options, env: { SCHEMA_REGISTRY_URL: "" } }), bus);
  });

  test("is left alone on the embedded bus, and that is said", async (t) => {
    const { bus } = keepingBus("embedded");
    const lines: string[] = [];
    const env = { SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" };
    const progress = (line: string): void => void lines.push(line);
    assert.equal(await withSchemaIds(bus, { env, idsFile: join(folder(t), "ids.json"), progress }), bus);
    assert.match(lines.join(), /embedded/);
  });

  test("wants an address and a strategy that exist", async (t) => {
    const { bus } = keepingBus("kafka");
    const options = { idsFile: join(folder(t), "ids.json"), progress: () => undefined };
    const SCHEMA_REGISTRY_URL = "http://127.0.0.1:1";
    await assert.rejects(
      withSchemaIds(bus, { ...options, env: { SCHEMA_REGISTRY_URL, SCHEMA_SUBJECT_STRATEGY: "Mine" } }),
      /SCHEMA_SUBJECT_STRATEGY is "Mine"; allowed is TopicNameStrategy or TopicRecordNameStrategy/,
    );
    await assert.rejects(
      withSchemaIds(bus, { ...options, env: { SCHEMA_REGISTRY_URL: "registry:8081" } }),
      /"registry:8081"; wanted is http/,
    );
  });

  test("registers what the services write, and frames it", skip === undefined ? {} : { skip }, async (t) => {
    const server = await testRegistry(process.env);
    t.after(() => server.stop());
    const registry = confluentRegistry({ url: server.url });
    t.after(() => registry.close());
    const idsFile = join(folder(t), "ids.json");
    const env = { SCHEMA_REGISTRY_URL: server.url };
    const { bus, sent } = keepingBus("kafka");
    const framed = await withSchemaIds(bus, { env, idsFile, only: ["wallet"], progress: () => undefined });
    t.after(() => framed.close());
    const subjects = new Set(await registry.subjects());
    assert.ok(subjects.has("trade-events-TradeSettled") && subjects.has("wallet-events-FundsHeld"));
    assert.ok(!subjects.has("order-events-OrderCreated"), "order's to register");
    await framed.send([SETTLED]);
    const id = sent[0]?.records[0]?.schemaId ?? 0;
    assert.equal((await registry.schemaOf(id))?.title, "TradeSettled");
    assert.ok(Object.values(JSON.parse(readFileSync(idsFile, "utf8"))).includes(id));

    // A second start finds everything there.
    const again = await withSchemaIds(bus, { env, idsFile, only: ["wallet"], progress: () => undefined });
    await again.send([SETTLED]);
    assert.equal(sent[1]?.records[0]?.schemaId, id);
    await again.close();
  });
});
