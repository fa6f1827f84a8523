import assert from "node:assert/strict";
import { test } from "node:test";
import { BusError } from "@bourse/bus";
import { testService } from "@bourse/host/testing";
import { gateway } from "../service.ts";

const as = { keyId: "operator", role: "operator" } as const;

test("a time that there is not is refused by name: it would find nothing", async (t) => {
  const { request } = await testService(t, gateway);
  const never = "2026-13-45T99:99:99.000Z";
  for (const [path, field] of [
    ["records", "fromTime"],
    ["records", "toTime"],
    ["count", "toTime"],
    ["positions", "time"],
  ] as const) {
    const asked = { as, query: { [field]: never } };
    const answer = await request("GET", `/api/v1/platform/topics/trade-events/${path}`, asked);
    assert.equal(answer.status, 400, path);
    assert.equal(answer.body.errors[0].field, field);
  }
});

test("a topic that can't be read says so and where, and is no fault of the gateway's", async (t) => {
  const { bus, request } = await testService(t, gateway);
  const path = "/api/v1/platform/topics/trade-events/records";
  const error = new BusError("unreadable_batch", "trade-events/0 can't be read from offset 7 on", {
    retryable: false,
  });
  t.mock.method(bus, "read", async () => {
    throw error;
  });
  const answer = await request("GET", path, { as, query: { from: "0", waitMs: "10" } });
  assert.deepEqual(
    [answer.status, answer.body.code, answer.body.detail],
    [502, "topic_unreadable", "trade-events/0 can't be read from offset 7 on"],
  );
});

test("a topic that can't be asked is named, with why, and hides no other", async (t) => {
  const { bus, request } = await testService(t, gateway);
  const asked = bus.offsets.bind(bus);
  const away = (topic: string): Promise<never> =>
    Promise.reject(new BusError("bus_unavailable", `${topic}/3 has no leader`, { retryable: true }));
  t.mock.method(bus, "offsets", (topic: string) => (topic === "trade-events" ? away(topic) : asked(topic)));
  const { status, body } = await request("GET", "/api/v1/platform/topics", { as });
  assert.equal(status, 200);
  for (const { name, partitions, error } of body.topics)
    assert.deepEqual(
      [partitions.length > 0, error],
      name === "trade-events" ? [false, "trade-events/3 has no leader"] : [true, null],
      name,
    );
  t.mock.method(bus, "offsets", away);
  const none = await request("GET", "/api/v1/platform/topics", { as });
  assert.deepEqual([none.status, none.body.code], [503, "bus_unavailable"]);
});
