import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { Type } from "typebox";
import type { Route } from "../definition.ts";
import type { ProblemCode } from "../problem-catalogue.ts";
import { bareServer } from "../testing/bare-server.ts";
import { bareService } from "../testing/bare-service.ts";
import { answersIn, exchange, HI, JSON_TYPE, LAST, post, RUBBISH } from "../testing/wire.ts";
import { testService } from "../testing.ts";

/** What a socket sees, byte by byte: any HTTP client works, and no client can do harm. */

const LIMIT = 100;

const echo: Route["handle"] = (_service, { body, params }) => ({ status: 201, body: { body, params } });
const base = { summary: "echo", access: "public", answers: {} } as const;
const text = Type.Object({ text: Type.String() });

const routes: readonly Route[] = [
  { ...base, method: "POST", path: "/echo", body: text, bodyLimit: LIMIT, handle: echo },
  {
    ...base,
    method: "POST",
    path: "/later",
    body: text,
    handle: async (...given) => {
      await new Promise(setImmediate);
      return await echo(...given);
    },
  },
  { ...base, method: "PATCH", path: "/things/:id", body: text, handle: echo },
  { ...base, method: "DELETE", path: "/things/:id", handle: () => ({ status: 204, body: { not: "sent" } }) },
  { ...base, method: "GET", path: "/words", handle: () => ({ status: 200, body: "grün €" }) },
  { ...base, access: "authenticated", method: "POST", path: "/private", body: text, handle: echo },
  { ...base, method: "GET", path: "/nothing", handle: () => ({ status: 200, body: undefined }) },
];

const service = bareService({ routes });

const CHUNKED = `POST /echo HTTP/1.1\r\nhost: x\r\n${JSON_TYPE}transfer-encoding: chunked\r\n\r\n`;
const ECHOED = JSON.stringify({ body: { text: "hi" }, params: {} });

test("where there is no content its type does not matter", async (t) => {
  const { running } = await testService(t, service);
  for (const type of ["application/x-www-form-urlencoded", "application/json", "no type", ""])
    for (const framing of ["", "content-length: 0\r\n", "transfer-encoding: chunked\r\n"]) {
      const end = framing.startsWith("transfer") ? "0\r\n\r\n" : "";
      const removal = `DELETE /things/1 HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\n${framing}\r\n${end}`;
      const [answer] = answersIn(await exchange(running.port, [removal, LAST]));
      assert.equal(answer?.status, 204, `${type}, ${framing}`);
    }
  const missing = post("/echo", "", "content-type: text/plain\r\n");
  const [answer] = answersIn(await exchange(running.port, [missing, LAST]));
  assert.deepEqual([answer?.status, JSON.parse(answer?.body ?? "").detail], [400, "the body is missing"]);
});

test("a route that takes no content refuses some, so that nothing that was meant is passed over", async (t) => {
  const { running } = await testService(t, service);
  const chunks = "transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
  for (const [fields, given] of [
    [`${JSON_TYPE}content-length: 2\r\n\r\n{}`, "a body of 2 bytes"],
    ["content-type: text/plain\r\ncontent-length: 2\r\n\r\n{}", "a body of 2 bytes"],
    ["content-length: 2\r\n\r\n{}", "a body of 2 bytes"],
    [`${JSON_TYPE}${chunks}`, "a body"],
    [chunks, "a body"],
  ] as const) {
    const removal = `DELETE /things/1?a=2 HTTP/1.1\r\nhost: x\r\n${fields}`;
    const [answer] = answersIn(await exchange(running.port, [removal, LAST]));
    const { code, errors } = JSON.parse(answer?.body ?? "");
    const allowed = "none: DELETE /things/1 says all by its address and query";
    assert.deepEqual(
      [answer?.status, code, errors],
      [400, "validation_failed", [{ field: "body", given, allowed }]],
    );
  }
});

test("who asks for a tunnel is told that there is none, behind what was asked before", async (t) => {
  const { running } = await testService(t, service);
  const tunnel = "CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n";
  for (const [pieces, statuses] of [
    [[tunnel], [501]],
    [[`${post("/later", HI)}${post("/echo", HI)}${tunnel}hello`], [201, 201, 501]],
  ] as const) {
    const answers = answersIn(await exchange(running.port, pieces));
    assert.deepEqual(
      answers.map(({ status }) => status),
      statuses,
    );
    const { headers, body } = answers.at(-1) ?? {};
    assert.deepEqual([headers?.["content-type"], headers?.connection], ["application/problem+json", "close"]);
    assert.equal(JSON.parse(body ?? "").code, "method_not_implemented");
  }
});

test("one answer, all of it", async (t) => {
  const { running } = await testService(t, service);
  const [answer, last] = answersIn(
    await exchange(running.port, [post("/echo", HI, `${JSON_TYPE}x-request-id: mine\r\n`), LAST]),
  );
  const { date, ...headers } = answer?.headers ?? {};
  assert.ok(Date.parse(date ?? "") > 0);
  assert.deepEqual(
    { ...answer, headers },
    {
      status: 201,
      headers: {
        "x-request-id": "mine",
        "content-type": "application/json; charset=utf-8",
        "cache-control": "no-store",
        "content-length": String(ECHOED.length),
        connection: "keep-alive",
        "keep-alive": "timeout=72",
      },
      body: ECHOED,
    },
  );
  assert.deepEqual([last?.status, last?.headers["content-length"], last?.body], [200, "0", ""]);
});

const taken: readonly [string, readonly string[], readonly [number, string][]][] = [
  ["a body in pieces", [...post("/echo", HI)], [[201, ECHOED]]],
  ["a chunked body", [CHUNKED, '5\r\n{"tex\r\n', '8\r\nt":"hi"}\r\n', "0\r\n\r\n"], [[201, ECHOED]]],
  [
    "pipelined requests, answered in their order",
    [post("/later", HI) + post("/echo", '{"text":"2"}') + post("/later", '{"text":"3"}')],
    [
      [201, ECHOED],
      [201, ECHOED.replace("hi", "2")],
      [201, ECHOED.replace("hi", "3")],
    ],
  ],
  [
    "a parameter with escapes",
    [post("/things/a%2Fb%20c", HI, JSON_TYPE, "PATCH")],
    [[201, ECHOED.replace("{}", '{"id":"a/b c"}')]],
  ],
  ["no body and no type", ["DELETE /things/1 HTTP/1.1\r\nhost: x\r\n\r\n"], [[204, ""]]],
  ["a body that nobody asked for", [post("/words", HI, JSON_TYPE, "GET")], [[200, '"grün €"']]],
  ["HEAD", ["HEAD /words HTTP/1.1\r\nhost: x\r\n\r\n"], [[200, ""]]],
  [
    "a type that was not taken, and the request behind its body",
    [post("/echo", HI, "content-type: application/jsonp\r\n").concat(post("/echo", HI))],
    [
      [415, ""],
      [201, ECHOED],
    ],
  ],
  [
    "JSON in another spelling",
    [post("/echo", HI, "content-type: Application/JSON ; a=b\r\n")],
    [[201, ECHOED]],
  ],
];

for (const [what, pieces, expected] of taken) {
  test(`on one connection: ${what}`, async (t) => {
    const { running } = await testService(t, service);
    const answers = answersIn(await exchange(running.port, [...pieces, LAST]));
    assert.deepEqual(
      answers.map(({ status, body }) => [status, status < 300 ? body : ""]),
      [...expected, [200, ""]],
    );
    for (const { status, headers } of answers) assert.equal(status === 204, !("content-length" in headers));
  });
}

test("HEAD says how long the answer to GET is", async (t) => {
  const { running } = await testService(t, service);
  const [head] = answersIn(await exchange(running.port, ["HEAD /words HTTP/1.1\r\nhost: x\r\n\r\n", LAST]));
  assert.equal(head?.headers["content-length"], String(Buffer.byteLength('"grün €"')));
});

test("a client that asks first is told to go on", async (t) => {
  const { running } = await testService(t, service);
  const asking = post("/echo", HI, `${JSON_TYPE}expect: 100-continue\r\n`);
  const [goOn, answer] = answersIn(await exchange(running.port, [asking, LAST]));
  assert.deepEqual([goOn?.status, answer?.status, answer?.body], [100, 201, ECHOED]);
});

for (const path of ["/echo", "/nowhere"])
  test(`an expectation that nobody knows is refused with its problem at ${path}, and the connection goes on`, async (t) => {
    const { running } = await testService(t, service);
    const asking = post(path, HI, `${JSON_TYPE}expect: tea\r\nx-request-id: mine\r\n`);
    const [refused, last] = answersIn(await exchange(running.port, [asking, LAST]));
    const { "content-type": type, "x-request-id": id } = refused?.headers ?? {};
    assert.deepEqual([refused?.status, type?.split(";")[0], id], [417, "application/problem+json", "mine"]);
    const { code, detail } = JSON.parse(refused?.body ?? "");
    assert.deepEqual([code, detail], ["expectation_failed", `Expect is "tea", and allowed is 100-continue`]);
    assert.equal(last?.status, 200);
  });

test("HTTP/1.0 gets its answer and the end", async (t) => {
  const { running } = await testService(t, service);
  const [answer] = answersIn(
    await exchange(running.port, [post("/echo", HI).replace("HTTP/1.1", "HTTP/1.0")]),
  );
  assert.deepEqual([answer?.status, answer?.headers.connection, answer?.body], [201, "close", ECHOED]);
});

const LENGTH_AND_CHUNKS = post("/echo", HI, `${JSON_TYPE}transfer-encoding: chunked\r\n`);
const LONG_HEAD = `GET /words HTTP/1.1\r\nhost: x\r\nx-long: ${"x".repeat(20_000)}\r\n\r\n`;
const cut: readonly [string, readonly string[], number, ProblemCode][] = [
  [
    "a length above the limit, before its body",
    [post("/echo", "x".repeat(LIMIT + 1)).slice(0, -LIMIT)],
    413,
    "body_too_large",
  ],
  [
    "chunks above the limit, before their end",
    [CHUNKED, `${LIMIT.toString(16)}\r\n${"x".repeat(LIMIT)}\r\n1\r\nx\r\n`],
    413,
    "body_too_large",
  ],
  ["no HTTP", ["hello\r\n\r\n"], 400, "malformed_http"],
  ["no host", [post("/echo", HI).replace("host: x\r\n", "")], 400, "malformed_http"],
  ["two hosts", [post("/echo", HI, `${JSON_TYPE}Host: y\r\n`)], 400, "malformed_http"],
  ["no host, and no route", ["GET /nowhere HTTP/1.1\r\n\r\n"], 400, "malformed_http"],
  ["a length and chunks", [LENGTH_AND_CHUNKS], 400, "malformed_http"],
  ["a head without an end", [LONG_HEAD], 431, "head_too_large"],
];

for (const [what, pieces, status, code] of cut) {
  test(`${what}: ${status} with its problem, and the connection ends`, async (t) => {
    const { running } = await testService(t, service);
    const answers = answersIn(await exchange(running.port, pieces));
    assert.deepEqual(
      answers.map(({ status, headers, body }) => [
        status,
        headers["content-type"]?.split(";")[0],
        JSON.parse(body).code,
      ]),
      [[status, "application/problem+json", code]],
    );
  });
}

test("a drain cuts the connections that idle clients keep", async (t) => {
  const { running } = await testService(t, service);
  const idle = exchange(running.port, [post("/echo", HI)]).catch(() => "cut");
  await exchange(running.port, [LAST]);
  assert.equal(await running.drain(60_000), true);
  await idle;
});

const behind: readonly [string, string, readonly [number, string][]][] = [
  ["a request that is in work", post("/later", HI) + RUBBISH, [[201, ECHOED]]],
  [
    "two that are in work",
    post("/later", HI) + post("/later", '{"text":"2"}') + RUBBISH,
    [
      [201, ECHOED],
      [201, ECHOED.replace("hi", "2")],
    ],
  ],
  ["one in work and half of another one", `${post("/later", HI)}${CHUNKED}no length\r\n`, [[201, ECHOED]]],
];

for (const [what, sent, answered] of behind) {
  test(`what is no HTTP behind ${what} is answered after it`, async (t) => {
    const { running } = await testService(t, service);
    const answers = answersIn(await exchange(running.port, [sent, RUBBISH, RUBBISH]));
    const whole = answers.slice(0, -1);
    assert.deepEqual(
      whole.map(({ status, body }) => [status, body]),
      answered,
    );
    assert.equal(JSON.parse(answers.at(-1)?.body ?? "").code, "malformed_http");
  });
}

test("what is no HTTP behind a request that has been answered is answered, too", async (t) => {
  const { running } = await testService(t, service);
  const received = await new Promise<string>((resolve) => {
    let wire = "";
    const socket = connect({ port: running.port, host: "127.0.0.1" }, () => socket.write(post("/echo", HI)));
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      if (wire === "") socket.write(RUBBISH);
      wire += chunk;
    });
    socket.on("close", () => resolve(wire));
  });
  assert.deepEqual(
    answersIn(received).map(({ status }) => status),
    [201, 400],
  );
});

for (const [what, path, status, code] of [
  ["who may not", "/private", 401, "unauthenticated"],
  ["who asks for what is not there", "/nowhere", 404, "route_not_found"],
  ["who asks by another method", "/words", 405, "method_not_allowed"],
] as const) {
  test(`${what} is told so before his body is waited for, and the connection goes on behind it`, {
    timeout: 60_000,
  }, async (t) => {
    const { running } = await testService(t, service);
    const received = await new Promise<string>((resolve) => {
      let wire = "";
      const [head, body] = post(path, HI).split(/(?<=\r\n\r\n)/) as [string, string];
      const socket = connect({ port: running.port, host: "127.0.0.1" }, () => socket.write(head));
      socket.setEncoding("utf8");
      socket.on("data", (chunk) => {
        if (wire === "") socket.write(body + LAST);
        wire += chunk;
      });
      socket.on("close", () => resolve(wire));
    });
    const answers = answersIn(received);
    assert.deepEqual(
      answers.map((answer) => answer.status),
      [status, 200],
    );
    assert.equal(JSON.parse(answers[0]?.body ?? "").code, code);
  });
}

test("a request that was answered before the fault in its body came has one answer", async (t) => {
  const { running } = await testService(t, service);
  const head = CHUNKED.replace("application/json", "application/jsonp");
  const answers = answersIn(await exchange(running.port, [head, "no length\r\n"]));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [415],
  );
});

/** A connection that has been answered and is kept; null where it was ended instead. */
function kept(t: TestContext, port: number, path: string): Promise<{ socket: Socket; wire: string } | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () =>
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`),
    );
    t.after(() => socket.destroy());
    socket.setEncoding("utf8");
    socket.once("data", (wire: string) => resolve({ socket, wire }));
    socket.once("close", () => resolve(null));
    socket.on("error", () => undefined);
  });
}

test("connections beyond the bound are ended, and room comes back", async (t) => {
  const { running } = await testService(t, service, { env: { HTTP_MAX_CONNECTIONS: "2" } });
  const [first] = [await kept(t, running.port, "/words"), await kept(t, running.port, "/words")];
  assert.equal(await kept(t, running.port, "/words"), null);
  first?.socket.destroy();
  // The server hears of it in its own time.
  let next = await kept(t, running.port, "/metrics");
  while (next === null) next = await kept(t, running.port, "/metrics");
  assert.match(next.wire, /^bourse_http_connections_refused_total\{service="wallet"\} [1-9]/m);
});

test("a failure before the route is a 500, and the process goes on", async (t) => {
  const logged: unknown[] = [];
  let isLate = false;
  const port = await bareServer(t, {
    serve: () => {
      if (isLate) return Promise.reject(new TypeError("late"));
      isLate = true;
      throw new TypeError("at once");
    },
    log: { error: ({ err }: { err: Error }) => logged.push(err.message) },
  });
  const last = post("/echo", HI, `${JSON_TYPE}connection: close\r\n`);
  const answers = answersIn(await exchange(port, [post("/echo", HI), last]));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [500, 500],
  );
  assert.deepEqual(logged, ["at once", "late"]);
});
