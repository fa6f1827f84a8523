import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerRequest } from "@bourse/host";
import { INTERNAL_TOKEN_HEADER, PRINCIPAL_HEADER } from "@bourse/host";
import { TEST_TOKEN, testService } from "@bourse/host/testing";
import { gateway } from "../service.ts";

const headers = {
  [INTERNAL_TOKEN_HEADER]: TEST_TOKEN,
  [PRINCIPAL_HEADER]: JSON.stringify({ keyId: "operator", role: "operator" }),
};

for (const path of ["wallet", "wallet/journals-balance"])
  test(`who goes before ${path} is checked is not checked for any longer`, { timeout: 60_000 }, async (t) => {
    const { directory, running } = await testService(t, gateway);
    const asked = Promise.withResolvers<PeerRequest>();
    const told = Promise.withResolvers<void>();
    directory.attach({
      name: "wallet",
      call: async (request) => {
        request.signal?.addEventListener("abort", () => told.resolve());
        asked.resolve(request);
        await told.promise;
        return { status: 200, body: {} };
      },
      forward: () => assert.fail("it is asked, not forwarded to"),
    });
    const client = new AbortController();
    const url = `http://127.0.0.1:${running.port}/api/v1/platform/invariants/${path}`;
    const answer = assert.rejects(fetch(url, { method: "POST", headers, signal: client.signal }));
    const { signal } = await asked.promise;
    assert.equal(signal?.aborted, false);
    client.abort();
    await Promise.all([answer, told.promise]);
  });
