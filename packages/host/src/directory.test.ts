import assert from "node:assert/strict";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { Type } from "typebox";
import type { AnyRoute, AnyServiceDefinition, Peers, RouteRequest } from "./definition.ts";
import { createDirectory, type PlatformDirectory } from "./directory.ts";
import type { PeerError } from "./peer-error.ts";
import { problem } from "./problem.ts";
import { runService } from "./run-service.ts";
import { bareService } from "./testing/bare-service.ts";
import { machineTimer, TEST_TOKEN, testRuntime } from "./testing.ts";

const operator = { keyId: "k0", role: "operator" } as const;

/** The service that is called: it answers in every way there is. */
const seen: RouteRequest[] = [];
const note =
  (answer: AnyRoute["handle"]): AnyRoute["handle"] =>
  (service, request, commit) => {
    seen.push(request);
    return answer(service, request, commit);
  };
const text = Type.Object({ text: Type.String() });
const routes: readonly AnyRoute[] = [
  internal("/internal/echo", (_service, { body, query }) => ({ status: 200, body: { body, query } })),
  internal("/internal/refuse", () => problem("insufficient_funds", "no", { extensions: { required: "1" } })),
  internal("/internal/away", () => problem("not_ready", "later")),
  internal("/internal/unknown", () => problem("outcome_unknown", "who knows")),
  internal("/internal/throws", () => {
    throw new Error("a bug");
  }),
  internal("/internal/never", () => new Promise(() => undefined)),
  {
    ...internal("/api/v1/things/:id", (_service, { params, query, body, principal, headers }) => ({
      status: 201,
      headers: { location: `/api/v1/things/${params.id}` },
      body: { id: params.id, query, body, principal, key: headers["idempotency-key"] },
    })),
    access: "authenticated",
    params: Type.Object({ id: Type.String() }),
  },
];

function internal(path: string, handle: AnyRoute["handle"]): AnyRoute {
  return {
    method: "POST",
    path,
    summary: "",
    access: "internal",
    query: Type.Object({ n: Type.Optional(Type.Integer()), list: Type.Optional(Type.Array(Type.String())) }),
    body: text,
    answers: {},
    handle: note(handle),
  };
}

const wallet: AnyServiceDefinition = bareService({ routes });
const order = bareService({ name: "order", calls: ["wallet"], setup: ({ peers }) => peers });
const gateway = bareService({
  name: "gateway",
  setup: () => ({}),
  authenticate: (_service, { authorization }) => (authorization === "Bearer good" ? operator : null),
  routes: (directory) =>
    directory.services.flatMap((entry) =>
      entry.routes
        .filter((route) => route.access !== "internal")
        .map((route) => ({
          ...route,
          handle: (_service: object, request: RouteRequest) => directory.forward(entry.name, route, request),
        })),
    ),
});

interface Platform {
  readonly peers: Peers;
  readonly gatewayUrl: string;
  readonly stopWallet: () => Promise<unknown>;
}

/** The same three services, once as neighbours in a process, once each with a directory of its own. */
async function platform(t: TestContext, form: "in process" | "over HTTP"): Promise<Platform> {
  const { runtime, ends } = await testRuntime(t);
  let walletUrl = "http://127.0.0.1:1";
  const directory = (): PlatformDirectory => {
    const made = createDirectory({
      definitions: [wallet, order, gateway],
      urlOf: (name) => (name === "wallet" ? walletUrl : "http://127.0.0.1:1"),
      internalToken: TEST_TOKEN,
      timer: machineTimer,
    });
    ends.push(() => made.close());
    return made;
  };
  const shared = directory();
  const start = async (definition: Parameters<typeof runService>[0]) => {
    const running = await runService(definition, {
      ...runtime,
      directory: form === "in process" ? shared : directory(),
    });
    ends.push(() => running.drain(1_000));
    return running;
  };
  const called = await start(wallet);
  walletUrl = called.url;
  const caller = await start(order);
  const door = await start(gateway);
  return { peers: caller.service as Peers, gatewayUrl: door.url, stopWallet: () => called.drain(50) };
}

const post = (peers: Peers, path: string, timeoutMs?: number) =>
  peers.call("wallet", {
    method: "POST",
    path,
    body: { text: "x" },
    query: { n: "1" },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });

async function failure(call: Promise<unknown>): Promise<PeerError> {
  try {
    await call;
  } catch (error) {
    return error as PeerError;
  }
  return assert.fail("the call failed");
}

for (const form of ["in process", "over HTTP"] as const) {
  test(`calls between services, ${form}`, async (t) => {
    const { peers, stopWallet } = await platform(t, form);
    assert.deepEqual(await post(peers, "/internal/echo"), { body: { text: "x" }, query: { n: 1 } });

    const refused = await failure(post(peers, "/internal/refuse"));
    assert.deepEqual([refused.code, refused.service, refused.retryable], ["peer_refused", "wallet", false]);
    assert.deepEqual([refused.problem?.code, refused.problem?.required], ["insufficient_funds", "1"]);

    assert.equal((await failure(post(peers, "/internal/away"))).code, "peer_unavailable");
    assert.equal((await failure(post(peers, "/internal/unknown"))).code, "peer_outcome_unknown");
    assert.equal((await failure(post(peers, "/internal/throws"))).code, "peer_outcome_unknown");
    assert.equal((await failure(post(peers, "/internal/nothing"))).problem?.code, "route_not_found");

    const late = await failure(post(peers, "/internal/never", 20));
    assert.equal(late.code, "peer_outcome_unknown");
    assert.match(late.message, /wallet did not answer within 20 ms/);

    assert.throws(() => peers.call("risk", { method: "GET", path: "/" }), /names risk among its calls/);

    await stopWallet();
    const gone = await failure(post(peers, "/internal/echo"));
    assert.deepEqual([gone.code, gone.retryable], ["peer_unavailable", true]);
  });

  test(`a gateway's door to a service, ${form}`, async (t) => {
    const { gatewayUrl, stopWallet } = await platform(t, form);
    const ask = async (path: string, headers: Record<string, string>, body: unknown = { text: "x" }) => {
      const answer = await fetch(`${gatewayUrl}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
      // biome-ignore lint/suspicious/noExplicitAny: a test states the shape by what it asserts
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as any };
    };
    const key = { authorization: "Bearer good" };
    seen.length = 0;
    const made = await ask("/api/v1/things/a%2Fb?n=7&list=x&list=y", {
      ...key,
      "idempotency-key": "once",
      "x-request-id": "mine",
    });
    assert.equal(made.status, 201);
    assert.deepEqual(made.body, {
      id: "a/b",
      query: { n: 7, list: ["x", "y"] },
      body: { text: "x" },
      principal: operator,
      key: "once",
    });
    assert.equal(made.headers.get("location"), "/api/v1/things/a/b");
    assert.equal(made.headers.get("x-request-id"), "mine");
    assert.equal(seen[0]?.requestId, "mine", "one id from the client to the owner");

    assert.equal((await ask("/api/v1/things/1", {})).status, 401);
    assert.equal((await ask("/api/v1/things/1", key, { text: 1 })).body.errors[0].field, "text");
    assert.equal((await ask("/internal/echo", key)).status, 404, "what is internal is not routed");
    assert.equal(seen.length, 1, "refused at the door");

    await stopWallet();
    const away = await ask("/api/v1/things/1", key);
    assert.equal(away.status, 503);
    assert.ok(["peer_unavailable", "draining"].includes(away.body.code));
    assert.ok(away.headers.get("retry-after"));
  });
}

test("a connection that breaks after the request was sent leaves the outcome unknown; a read is just unavailable", async (t) => {
  const server = createServer((socket) => socket.on("data", () => socket.destroy())).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const directory = createDirectory({
    definitions: [wallet],
    urlOf: () => `http://127.0.0.1:${port}`,
    internalToken: TEST_TOKEN,
    timer: machineTimer,
  });
  t.after(() => directory.close());
  const call = (method: "GET" | "POST") =>
    directory.call("wallet", { method, path: "/x", body: {} }, "id", 1_000);
  assert.equal((await failure(call("POST"))).code, "peer_outcome_unknown");
  assert.equal(
    (await failure(directory.call("wallet", { method: "GET", path: "/x" }, "id", 1_000))).code,
    "peer_unavailable",
  );
});

test("the gateway shows the documents of all services", async (t) => {
  const { gatewayUrl } = await platform(t, "in process");
  const document = await (await fetch(`${gatewayUrl}/wallet-service/api-docs`)).json();
  assert.deepEqual(Object.keys((document as { paths: object }).paths), ["/api/v1/things/{id}"]);
  const start = await (await fetch(`${gatewayUrl}/swagger-ui/start.js`)).text();
  assert.match(start, /wallet-service\/api-docs/);
  const page = await fetch(`${gatewayUrl}/swagger-ui.html`);
  assert.match(page.headers.get("content-type") ?? "", /text\/html/);
  const bundle = await fetch(`${gatewayUrl}/swagger-ui/swagger-ui-bundle.js`);
  assert.ok((await bundle.text()).length > 100_000);
  assert.equal((await fetch(`${gatewayUrl}/swagger-ui/..%2fpackage.json`)).status, 404);
});
