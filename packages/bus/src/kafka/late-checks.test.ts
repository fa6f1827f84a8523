import assert from "node:assert/strict";
import { test } from "node:test";

test("the client's checks of options are compiled when they are asked for, and find what they found", async () => {
  await import("./client.ts");
  const { ajv, Producer } = await import("@platformatic/kafka");
  const compiled = (): number =>
    [...Reflect.get(ajv, "_cache").values()].filter(({ validate }) => validate).length;
  assert.equal(compiled(), 0, "as it is loaded");

  const options = { clientId: "late", bootstrapBrokers: ["127.0.0.1:1"], strict: true };
  await new Producer(options).close();
  assert.ok(compiled() > 0, "once they are asked for");
  assert.throws(() => new Producer({ ...options, retries: -1 }), /retries must be >= 0/);
  assert.throws(() => new Producer({ ...options, clientId: "" }), /clientId must match pattern/);
});
