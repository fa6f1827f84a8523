import assert from "node:assert/strict";
import { test } from "node:test";
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
