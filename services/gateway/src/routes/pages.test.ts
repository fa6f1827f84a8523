import assert from "node:assert/strict";
import { test } from "node:test";
import { testService } from "@bourse/host/testing";
import { gateway } from "../service.ts";

test("no page stands in a frame of another: who has given a key there would click for it", async (t) => {
  const { request } = await testService(t, gateway);
  for (const path of ["/", "/swagger-ui.html"]) {
    const { headers } = await request("GET", path);
    const policy = headers["content-security-policy"] ?? "";
    assert.match(policy, /^default-src 'self';.*base-uri 'none';.*frame-ancestors 'none'$/, path);
    assert.equal(headers["x-content-type-options"], "nosniff", path);
  }
});
