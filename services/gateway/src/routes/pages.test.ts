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

test("documents and the page's parts are not sent again to who has them", async (t) => {
  const { request } = await testService(t, gateway);
  for (const path of ["/api-docs", "/asyncapi.json", "/swagger-ui/swagger-ui.css"]) {
    const { status, headers } = await request("GET", path);
    assert.equal(status, 200, path);
    const again = await request("GET", path, { headers: { "if-none-match": headers.etag ?? "" } });
    assert.deepEqual([again.status, again.headers.etag], [304, headers.etag], path);
  }
  const { status, body } = await request("GET", "/swagger-ui/nothing.js");
  assert.deepEqual([status, body.code], [404, "not_found"]);
});
