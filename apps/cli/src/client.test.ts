import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { choosePorts } from "@bourse/ports";
import { GatewayClient } from "./client.ts";
import { RefusedError, UnreachableError } from "./client-errors.ts";
import { type FakeAnswer, type FakeRequest, fakeGateway, problemAnswer } from "./testing/fake-gateway.ts";

async function clientOf(t: TestContext, answer: (request: FakeRequest) => FakeAnswer) {
  const gateway = await fakeGateway(t, answer);
  const client = new GatewayClient({ url: `${gateway.url}/`, key: "bk_x" });
  t.after(() => client.close());
  return { client, requests: gateway.requests };
}

describe("the client", () => {
  it("sends key, idempotency key, query and JSON", async (t) => {
    const { client, requests } = await clientOf(t, () => ({ status: 201, body: { done: true } }));
    const answer = await client.request({
      method: "POST",
      path: "/api/v1/orders",
      query: { status: ["OPEN", "PENDING"], limit: 2, absent: undefined },
      body: { quantity: "1" },
      idempotencyKey: "k-1",
    });
    assert.deepEqual(answer, { status: 201, body: { done: true } });
    const [request] = requests;
    assert.deepEqual(request?.query.toString(), "status=OPEN&status=PENDING&limit=2");
    assert.deepEqual(request?.body, { quantity: "1" });
    assert.deepEqual(
      [request?.headers.authorization, request?.headers["idempotency-key"], request?.headers["content-type"]],
      ["Bearer bk_x", "k-1", "application/json"],
    );
  });

  it("tells a refusal field by field: what was given, what is allowed", async (t) => {
    const errors = [{ field: "price", given: "1.23456", allowed: "steps of 0.01" }];
    const { client } = await clientOf(t, () => problemAnswer(422, "off_tick", { errors }));
    await assert.rejects(client.get("/"), (error: unknown) => {
      assert.ok(error instanceof RefusedError);
      assert.equal(error.message, "No (422 off_tick): for the test\n  price: 1.23456 -> steps of 0.01");
      return true;
    });
  });

  it("says what to do where nothing listens", async () => {
    const [nobodys] = await choosePorts(1);
    const client = new GatewayClient({ url: `http://127.0.0.1:${nobodys}` });
    await assert.rejects(client.get("/"), (error: unknown) => {
      assert.ok(error instanceof UnreachableError);
      assert.match(error.message, /no platform answers at http:\S+\. Start one with `bourse up`/);
      return true;
    });
    await client.close();
  });

  it("takes a connection that breaks for silence, not for a refusal", async (t) => {
    const { client } = await clientOf(t, () => "cut");
    await assert.rejects(client.get("/"), UnreachableError);
  });

  it("is not misled by something that is no platform", async (t) => {
    const { client } = await clientOf(t, () => ({ status: 404, body: "hello" }));
    await assert.rejects(client.get("/"), /An answer that is not the platform's \(404/);
  });
});
