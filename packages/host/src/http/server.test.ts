import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { OperationalError } from "@bourse/base";
import { BusError } from "@bourse/bus";
import { StoreError } from "@bourse/store";
import { Type } from "typebox";
import type { AnyRoute, Route } from "../definition.ts";
import { PeerError } from "../peer-error.ts";
import { problem } from "../problem.ts";
import { bareService } from "../testing/bare-service.ts";
import { testService } from "../testing.ts";

interface Seen {
  requests: { body: unknown; requestId: string; principal: unknown; query: unknown }[];
}

const account = { keyId: "k1", role: "account", accountId: "a1" } as const;
const operator = { keyId: "k0", role: "operator" } as const;

function route(path: string, access: Route["access"], handle: Route<Seen>["handle"] = echo): Route<Seen> {
  return {
    method: "POST",
    path,
    summary: path,
    access,
    body: Type.Object({ text: Type.String({ maxLength: 100 }) }),
    query: Type.Object({ n: Type.Optional(Type.Integer()) }),
    bodyLimit: 1_000,
    answers: { 200: Type.Unknown() },
    problems: ["insufficient_funds"],
    handle,
  };
}

const echo: Route<Seen>["handle"] = (seen, { body, requestId, principal, query }) => {
  seen.requests.push({ body, requestId, principal, query });
  return { status: 200, body: { body, principal }, headers: { "x-more": "1" } };
};

function service(routes: readonly Route<Seen>[]) {
  return bareService({ setup: (): Seen => ({ requests: [] }), routes });
}

const throwing = (error: unknown): Route<Seen> =>
  route("/throws", "public", async () => {
    throw error;
  });

test("a body that is too large is told how large it may be", async (t) => {
  const { request } = await testService(t, service([route("/echo", "public")]));
  const { body } = await request("POST", "/echo", { body: { text: "x".repeat(2_000) } });
  assert.equal(body.detail, "the body is larger than the 1000 bytes that this route takes");
});

test("an answer carries its headers and the request's id, which may be the client's", async (t) => {
  const { request, service: seen } = await testService(t, service([route("/echo", "public")]));
  const answer = await request("POST", "/echo", {
    body: { text: "hi" },
    query: { n: "2" },
    headers: { "x-request-id": "client-id.1" },
  });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, { body: { text: "hi" }, principal: null });
  assert.equal(answer.headers["x-request-id"], "client-id.1");
  assert.equal(answer.headers["x-more"], "1");
  assert.deepEqual(seen.requests[0], {
    body: { text: "hi" },
    requestId: "client-id.1",
    principal: null,
    query: { n: 2 },
  });
  const without = await request("POST", "/echo", {
    body: { text: "hi" },
    headers: { "x-request-id": "bad id\t" },
  });
  assert.match(
    without.headers["x-request-id"] ?? "",
    /^[0-9a-f]{32}$/,
    "an id that is not plain is replaced",
  );
});

const refusals: readonly [
  string,
  string,
  string,
  { body?: unknown; headers?: Record<string, string> },
  number,
  string,
][] = [
  ["broken JSON", "POST", "/echo", { body: '{"text":' }, 400, "malformed_json"],
  ["no body", "POST", "/echo", {}, 400, "validation_failed"],
  ["a wrong field", "POST", "/echo", { body: { text: 1 } }, 400, "validation_failed"],
  ["a NUL", "POST", "/echo", { body: '{"text":"\\u0000"}' }, 400, "malformed_json"],
  ["a prototype", "POST", "/echo", { body: '{"__proto__":{"text":"x"},"text":"y"}' }, 400, "malformed_json"],
  ["8,000 levels", "POST", "/deep", { body: "[".repeat(8_000) + "]".repeat(8_000) }, 400, "malformed_json"],
  ["too large", "POST", "/echo", { body: { text: "x".repeat(2_000) } }, 413, "body_too_large"],
  [
    "another type",
    "POST",
    "/echo",
    { body: "a=1", headers: { "content-type": "text/plain" } },
    415,
    "unsupported_media_type",
  ],
  ["an unknown query", "POST", "/echo?x=1", { body: { text: "x" } }, 400, "validation_failed"],
  ["another method", "DELETE", "/echo", {}, 405, "method_not_allowed"],
  ["another path", "GET", "/nothing", {}, 404, "route_not_found"],
  ["a broken escape", "GET", "/%zz", {}, 400, "malformed_url"],
  ["a broken escape in a query", "POST", "/echo?n=%zz", { body: { text: "x" } }, 400, "malformed_url"],
  ["a query that is no UTF-8", "POST", "/echo?n=%ff", { body: { text: "x" } }, 400, "malformed_url"],
];

test("every refusal is a problem document and changes nothing", async (t) => {
  const deep: Route<Seen> = { ...route("/deep", "public"), bodyLimit: 100_000 };
  const { request, service: seen } = await testService(t, service([route("/echo", "public"), deep]));
  for (const [what, method, path, given, status, code] of refusals) {
    await t.test(what, async () => {
      const answer = await request(method, path, given);
      assert.equal(answer.status, status);
      assert.match(answer.headers["content-type"] ?? "", /^application\/problem\+json/);
      assert.equal(answer.body.code, code);
      assert.equal(answer.body.status, status);
      assert.equal(answer.body.type, `urn:bourse:problem:${code}`);
      assert.ok(answer.body.title.length > 0 && answer.body.detail.length > 0);
      assert.ok((answer.headers["x-request-id"] ?? "").length > 0);
      if (status === 405) assert.equal(answer.headers.allow, "POST");
    });
  }
  assert.equal(seen.requests.length, 0);
});

const failures: readonly [string, unknown, number, string][] = [
  [
    "the database away",
    new StoreError("store_unavailable", "x", { retryable: true }),
    503,
    "store_unavailable",
  ],
  ["a lost commit", new StoreError("commit_unknown", "x", { retryable: false }), 503, "outcome_unknown"],
  ["the bus away", new BusError("bus_unavailable", "x", { retryable: true }), 503, "bus_unavailable"],
  ["a peer away", new PeerError("peer_unavailable", "x", { service: "risk" }), 503, "peer_unavailable"],
  ["a lost answer", new PeerError("peer_outcome_unknown", "x", { service: "risk" }), 503, "outcome_unknown"],
  [
    "an instrument that is not known yet",
    new OperationalError("reference_pending", "x", { retryable: true }),
    503,
    "not_ready",
  ],
  [
    "a broken statement",
    new StoreError("statement_failed", "SELECT secret", { retryable: false }),
    500,
    "internal_error",
  ],
  ["a bug", new TypeError("secret is not a function"), 500, "internal_error"],
  ["no error at all", "secret", 500, "internal_error"],
];

for (const [what, error, status, code] of failures) {
  test(`${what} is ${status} ${code}, and says no more than it should`, async (t) => {
    const { request } = await testService(t, service([throwing(error)]));
    const answer = await request("POST", "/throws", { body: { text: "x" } });
    assert.equal(answer.status, status);
    assert.equal(answer.body.code, code);
    assert.equal(answer.headers["retry-after"] !== undefined, status === 503);
    assert.doesNotMatch(JSON.stringify(answer.body), /secret|\.ts|at /);
    if (status === 500) assert.equal(answer.body.requestId, answer.headers["x-request-id"]);
  });
}

test("a peer's refusal that nobody translated reaches the client as it was", async (t) => {
  const { body } = problem("insufficient_funds", "needs more", { extensions: { required: "2" } });
  const { request } = await testService(
    t,
    service([throwing(new PeerError("peer_refused", "x", { service: "wallet", problem: body }))]),
  );
  assert.deepEqual((await request("POST", "/throws", { body: { text: "x" } })).body, body);
});

test("access: who may do what", async (t) => {
  const levels = ["public", "authenticated", "operator", "internal"] as const;
  const { request } = await testService(t, service(levels.map((level) => route(`/${level}`, level))));
  const expected: readonly [string, Parameters<typeof request>[2], readonly number[]][] = [
    ["nobody", {}, [200, 401, 401, 401]],
    ["an account", { as: account }, [200, 200, 403, 200]],
    ["an operator", { as: operator }, [200, 200, 200, 200]],
    ["a service", { as: "internal" }, [200, 401, 401, 200]],
    [
      "a principal without a token",
      { headers: { "x-bourse-principal": JSON.stringify(operator) } },
      [200, 401, 401, 401],
    ],
    [
      "a principal with a wrong token",
      {
        headers: {
          "x-bourse-principal": JSON.stringify(operator),
          "x-bourse-internal": "test token between servicez",
        },
      },
      [200, 401, 401, 401],
    ],
    [
      "a broken principal",
      { as: "internal", headers: { "x-bourse-principal": '{"keyId":"k","role":"king"}' } },
      [200, 401, 401, 200],
    ],
  ];
  for (const [who, given, statuses] of expected) {
    const got: number[] = [];
    for (const level of levels)
      got.push((await request("POST", `/${level}`, { body: { text: "x" }, ...given })).status);
    assert.deepEqual(got, statuses, who);
  }
});

test("a gateway's authentication decides, and its failure is no pass", async (t) => {
  const gateway = {
    ...service([route("/secret", "authenticated")]),
    name: "gateway" as const,
    authenticate: async (_seen: Seen, headers: Readonly<Record<string, string | undefined>>) => {
      if (headers.authorization === "Bearer good") return account;
      if (headers.authorization === "Bearer bad") return problem("unauthenticated", "the key is not known");
      if (headers.authorization === "Bearer broken")
        throw new PeerError("peer_unavailable", "x", { service: "auth" });
      return null;
    },
  };
  const { request } = await testService(t, gateway);
  const ask = (key?: string) =>
    request("POST", "/secret", {
      body: { text: "x" },
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    });
  assert.deepEqual((await ask("good")).body.principal, account);
  assert.equal((await ask("bad")).body.detail, "the key is not known");
  assert.equal((await ask("broken")).body.code, "peer_unavailable");
  assert.equal((await ask()).status, 401);
});

test("a cut body harms nobody", async (t) => {
  const { running, request } = await testService(t, service([route("/echo", "public")]));
  await new Promise<void>((resolve, reject) => {
    const socket = connect(running.port, "127.0.0.1", () => {
      socket.write(
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
      );
      socket.destroySoon();
    });
    socket.on("close", () => resolve());
    socket.on("error", reject);
  });
  assert.equal((await request("POST", "/echo", { body: { text: "still here" } })).status, 200);
});

test("raw answers keep their content type", async (t) => {
  const page: AnyRoute = {
    method: "GET",
    path: "/",
    summary: "page",
    access: "public",
    answers: {},
    handle: () => ({ status: 200, headers: { "content-type": "text/html" }, body: "<p>hi</p>" }),
  };
  const { request } = await testService(t, { ...service([]), routes: [page] });
  const answer = await request("GET", "/");
  assert.equal(answer.body, "<p>hi</p>");
  assert.match(answer.headers["content-type"] ?? "", /^text\/html/);
});

test("durations are counted by route, method and status", async (t) => {
  const { request } = await testService(t, service([route("/echo", "public")]));
  await request("POST", "/echo", { body: { text: "x" } });
  await request("POST", "/echo", { body: { text: 1 } });
  await request("POST", "/echo", { body: { text: 1 } });
  const { body } = await request("GET", "/metrics");
  const count = (status: number) =>
    `http_request_duration_seconds_count{method="POST",route="/echo",status="${status}",service="wallet"}`;
  assert.ok(body.includes(`${count(200)} 1`));
  assert.ok(body.includes(`${count(400)} 2`));
  assert.match(body, /nodejs_eventloop_lag_seconds/);
});
