import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { seededRandom } from "@bourse/base";
import { choosePorts } from "@bourse/ports";
import { Registry } from "prom-client";
import type { AnyRoute, RouteRequest } from "./definition.ts";
import { createDirectory, type PlatformDirectory } from "./directory.ts";
import type { PeerError } from "./peer-error.ts";
import { problem } from "./problem.ts";
import { type ManualTimer, manualTimer } from "./testing/manual-timer.ts";
import { TEST_TOKEN } from "./testing.ts";

type Mood = "ok" | "hang" | "reset" | "error" | "bad_gateway" | "refusal" | "behind" | "draining";

interface Upstream {
  mood: Mood;
  /** Requests that arrived. */
  seen: number;
  /** Resolves when the next request has arrived. */
  arrival(): Promise<void>;
  /** Resolves when the next one is answered, or its connection is gone. */
  end(): Promise<void>;
  readonly port: number;
}

/** A real HTTP server that behaves as it is told. */
async function upstream(t: TestContext): Promise<Upstream> {
  const waiting: (() => void)[] = [];
  const ending: (() => void)[] = [];
  const server = createServer((_request: IncomingMessage, response: ServerResponse) => {
    response.once("close", () => {
      for (const resolve of ending.splice(0)) resolve();
    });
    state.seen += 1;
    answer(state.mood, response);
    for (const resolve of waiting.splice(0)) resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const state: Upstream = {
    mood: "ok",
    seen: 0,
    arrival: () => new Promise((resolve) => waiting.push(resolve)),
    end: () => new Promise((resolve) => ending.push(resolve)),
    port: (server.address() as AddressInfo).port,
  };
  return state;
}

function answer(mood: Mood, response: ServerResponse): void {
  const say = (status: number, body: unknown, type = "application/json"): void => {
    response.writeHead(status, { "content-type": type }).end(JSON.stringify(body));
  };
  const refuse = ({ status, body }: ReturnType<typeof problem>): void =>
    say(status, body, "application/problem+json");
  switch (mood) {
    case "ok":
      say(200, { fine: true });
      return;
    case "hang":
      return;
    case "reset":
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"half":');
      setImmediate(() => response.destroy());
      return;
    case "error":
      refuse(problem("internal_error", "a bug"));
      return;
    case "bad_gateway":
      response.writeHead(503, { "content-type": "text/html" }).end("<h1>no backend</h1>");
      return;
    case "refusal":
      refuse(problem("insufficient_funds", "no"));
      return;
    case "behind":
      refuse(problem("engine_lag", "matching is behind"));
      return;
    case "draining":
      response.shouldKeepAlive = false;
      refuse(problem("draining", "wallet is shutting down"));
      return;
  }
}

interface Caller {
  readonly directory: PlatformDirectory;
  readonly timer: ManualTimer;
  readonly call: (method?: "GET" | "POST") => Promise<string>;
  readonly figures: () => Promise<{ state: number; opened: number; refused: number }>;
}

function caller(t: TestContext, port: number): Caller {
  const timer = manualTimer();
  const metrics = new Registry();
  const directory = createDirectory({
    definitions: [],
    urlOf: () => `http://127.0.0.1:${port}`,
    internalToken: TEST_TOKEN,
    timer,
    random: seededRandom(1),
    metrics,
  });
  t.after(() => directory.close());
  const value = async (name: string): Promise<number> =>
    (await metrics.getSingleMetric(`bourse_peer_breaker_${name}`)?.get())?.values[0]?.value ?? 0;
  return {
    directory,
    timer,
    call: async (method = "POST") => {
      try {
        const { status } = await directory.call("wallet", { method, path: "/x" }, "id", 1_000);
        return String(status);
      } catch (error) {
        return (error as PeerError).code;
      }
    },
    figures: async () => ({
      state: await value("state"),
      opened: await value("opened_total"),
      refused: await value("refused_total"),
    }),
  };
}

/** Longer than the first opening, shorter than a second one may be. */
const FIRST_OPEN_MS = 500;

for (const { mood, said, read } of [
  { mood: "reset", said: "peer_outcome_unknown", read: "peer_unavailable" },
  { mood: "error", said: "500", read: "500" },
  { mood: "bad_gateway", said: "503", read: "503" },
] as const) {
  test(`R12: an upstream of mood ${mood} is left alone after five calls, probed, and used again`, async (t) => {
    const there = await upstream(t);
    const { call, timer, figures } = caller(t, there.port);
    assert.equal(await call(), "200");
    there.mood = mood;
    for (let n = 0; n < 4; n++) assert.equal(await call(), said);
    assert.equal(await call("GET"), read);
    assert.deepEqual(await figures(), { state: 2, opened: 1, refused: 0 });
    const { seen } = there;
    for (let n = 0; n < 3; n++) assert.equal(await call(), "peer_unavailable", "surely not sent");
    assert.equal(there.seen, seen, "nothing went out");
    timer.advance(FIRST_OPEN_MS);
    assert.equal(await call(), said, "the probe goes out, and fails");
    assert.deepEqual(await figures(), { state: 2, opened: 2, refused: 3 });
    assert.equal(await call(), "peer_unavailable");
    there.mood = "ok";
    timer.advance(2 * FIRST_OPEN_MS);
    assert.equal((await figures()).state, 1);
    assert.equal(await call(), "200");
    assert.equal(await call(), "200");
    assert.equal((await figures()).state, 0);
  });
}

test("a call that nobody waits for any more is ended at the other service, and says nothing of it", async (t) => {
  const there = await upstream(t);
  const { directory, call } = caller(t, there.port);
  there.mood = "hang";
  for (let n = 0; n < 6; n++) {
    const gone = new AbortController();
    const [arrived, ended] = [there.arrival(), there.end()];
    const request = { method: "POST", path: "/x", signal: gone.signal } as const;
    const lost = assert.rejects(directory.call("wallet", request, "id", 60_000));
    await arrived;
    gone.abort();
    await Promise.all([lost, ended]);
  }
  there.mood = "ok";
  assert.equal(await call(), "200");
});

/** As a load balancer does: new connections go to one of several servers, and those that there are stay where they are. */
async function balancer(t: TestContext): Promise<{ port: number; leadTo: (port: number) => void }> {
  let target = 0;
  const sockets = new Set<Socket>();
  const server = createTcpServer((client) => {
    const there = connect(target, "127.0.0.1");
    for (const socket of [client, there]) sockets.add(socket.on("error", () => undefined));
    client.pipe(there).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    leadTo: (port) => {
      target = port;
    },
  };
}

test("what an instance that ends does not take, another one is asked: over connections of their own", async (t) => {
  const [first, other, between] = [await upstream(t), await upstream(t), await balancer(t)];
  const { call, figures } = caller(t, between.port);
  between.leadTo(first.port);
  const connected = Array.from({ length: 8 }, () => call());
  assert.deepEqual(new Set(await Promise.all(connected)), new Set(["200"]));
  between.leadTo(other.port);
  first.mood = "draining";
  const { seen } = first;
  for (let n = 0; n < 8; n++) assert.equal(await call(), "200");
  assert.equal(first.seen - seen, 1, "one connection has told of all");
  assert.equal(other.seen, 8);
  assert.deepEqual(await figures(), { state: 0, opened: 0, refused: 0 });
});

test("an instance that ends and has nobody beside it is asked a few times, and that is said", async (t) => {
  const there = await upstream(t);
  const { call, figures } = caller(t, there.port);
  there.mood = "draining";
  assert.equal(await call(), "503");
  assert.equal(there.seen, 3);
  assert.deepEqual(await figures(), { state: 0, opened: 0, refused: 0 });
});

test("a call whose connections are closed under it may have been done all the same", async (t) => {
  const server = await upstream(t);
  const { directory, call } = caller(t, server.port);
  server.mood = "hang";
  const arrived = server.arrival();
  const lost = call("POST");
  await arrived;
  await directory.close();
  assert.equal(await lost, "peer_outcome_unknown");
  assert.equal(server.seen, 1);
});

test("R12: an upstream that hangs costs its callers five timeouts, then none", async (t) => {
  const there = await upstream(t);
  there.mood = "hang";
  const { call, timer, figures } = caller(t, there.port);
  const calls = [];
  for (let n = 0; n < 8; n++) {
    const arrived = there.arrival();
    calls.push(call());
    await arrived;
  }
  timer.advance(1_000);
  assert.deepEqual(await Promise.all(calls), Array(8).fill("peer_outcome_unknown"));
  assert.deepEqual(await figures(), { state: 2, opened: 1, refused: 0 }, "those in flight open it once");
  assert.equal(await call(), "peer_unavailable");
  timer.advance(FIRST_OPEN_MS);
  const arrived = there.arrival();
  const probe = call();
  await arrived;
  assert.equal(await call(), "peer_unavailable", "one probe at a time");
  timer.advance(1_000);
  assert.equal(await probe, "peer_outcome_unknown");
  there.mood = "ok";
  timer.advance(2 * FIRST_OPEN_MS);
  assert.equal(await call(), "200");
  assert.equal((await figures()).state, 0);
});

test("R12: an upstream that refuses connections, and is there again later", async (t) => {
  const gone = await upstream(t);
  const [port = 0] = await choosePorts(1);
  const { call, timer, figures } = caller(t, port);
  for (let n = 0; n < 6; n++) assert.equal(await call(), "peer_unavailable");
  assert.deepEqual(await figures(), { state: 2, opened: 1, refused: 1 });
  const back = createServer((_request, response) => answer("ok", response)).listen(port, "127.0.0.1");
  await new Promise((resolve) => back.once("listening", resolve));
  t.after(() => {
    back.closeAllConnections();
    back.close();
  });
  assert.equal(await call(), "peer_unavailable");
  timer.advance(FIRST_OPEN_MS);
  assert.equal(await call(), "200");
  assert.equal((await figures()).state, 0);
  assert.equal(gone.seen, 0);
});

test("R14: refusals are answers: neither a 4xx nor a service's own 503 opens the breaker", async (t) => {
  const there = await upstream(t);
  const { call, figures } = caller(t, there.port);
  for (const [mood, status] of [
    ["refusal", "422"],
    ["behind", "503"],
  ] as const) {
    there.mood = mood;
    for (let n = 0; n < 50; n++) assert.equal(await call(), status);
  }
  assert.deepEqual(await figures(), { state: 0, opened: 0, refused: 0 });
});

test("at the edge an open breaker is a 503 with Retry-After, at once", async (t) => {
  const there = await upstream(t);
  there.mood = "error";
  const { directory, call } = caller(t, there.port);
  for (let n = 0; n < 5; n++) await call();
  const { seen } = there;
  const route = { method: "POST", path: "/x", access: "public" } as unknown as AnyRoute;
  const request = { params: {}, query: {}, headers: {}, principal: null, requestId: "r", body: undefined };
  const edge = await directory.forward("wallet", route, request as RouteRequest);
  assert.deepEqual([edge.status, (edge.body as { code: string }).code], [503, "peer_unavailable"]);
  assert.equal(edge.headers?.["retry-after"], "1");
  assert.equal(there.seen, seen);
});

test("a neighbour in the process has no breaker: it is asked each time", async (t) => {
  const { directory, call, figures } = caller(t, 1);
  let asked = 0;
  directory.attach({
    name: "wallet",
    call: () => {
      asked += 1;
      return problem("internal_error", "a bug");
    },
    forward: () => problem("internal_error", "a bug"),
  });
  for (let n = 0; n < 50; n++) assert.equal(await call(), "500");
  assert.equal(asked, 50);
  assert.deepEqual(await figures(), { state: 0, opened: 0, refused: 0 });
});
