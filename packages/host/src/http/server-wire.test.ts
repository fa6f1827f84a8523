import assert from "node:assert/strict";
import { type AddressInfo, connect } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { Type } from "typebox";
import type { Route } from "../definition.ts";
import { ANONYMOUS } from "../principal.ts";
import type { ProblemCode } from "../problem-catalogue.ts";
import { bareService } from "../testing/bare-service.ts";
import { testService } from "../testing.ts";
import type { Dispatcher, MountedRoute } from "./dispatcher.ts";
import { createServer } from "./server.ts";

/** What a socket sees, byte by byte: any HTTP client works, and no client can do harm. */

const LIMIT = 100;
const HI = '{"text":"hi"}';
const JSON_TYPE = "content-type: application/json\r\n";

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
  { ...base, method: "GET", path: "/nothing", handle: () => ({ status: 200, body: undefined }) },
];

const service = bareService({ routes });

interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends pieces one after the other; resolves with all that came when the server has ended the connection. */
function exchange(port: number, pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => {
      const send = (index: number): void => {
        const piece = pieces[index];
        if (piece !== undefined) socket.write(piece, () => setImmediate(send, index + 1));
      };
      send(0);
    });
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.on("end", () => resolve(received));
    socket.on("error", reject);
  });
}

function answersIn(wire: string): readonly WireAnswer[] {
  return wire.split(/(?=HTTP\/1\.1 \d)/).map((one) => {
    const [head = "", body = ""] = one.split("\r\n\r\n");
    const [line = "", ...fields] = head.split("\r\n");
    const headers = fields.map((field): [string, string] => {
      const colon = field.indexOf(": ");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 2)];
    });
    return { status: Number(line.slice(9, 12)), headers: Object.fromEntries(headers), body };
  });
}

function post(path: string, body: string, fields: string = JSON_TYPE, method = "POST"): string {
  return `${method} ${path} HTTP/1.1\r\nhost: x\r\n${fields}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** The last request of a connection, so that the test can wait for the end. */
const LAST = "GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
const CHUNKED = `POST /echo HTTP/1.1\r\nhost: x\r\n${JSON_TYPE}transfer-encoding: chunked\r\n\r\n`;
const ECHOED = JSON.stringify({ body: { text: "hi" }, params: {} });

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
  assert.equal(await running.drain(2_000), true);
  await idle;
});

const RUBBISH = "hello\r\n\r\n";
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

test("a request that was answered before the fault in its body came has one answer", async (t) => {
  const { running } = await testService(t, service);
  const head = CHUNKED.replace("application/json", "application/jsonp");
  const answers = answersIn(await exchange(running.port, [head, "no length\r\n"]));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [415],
  );
});

/** A server without a service behind it. */
async function bareServer(
  t: TestContext,
  { log = {}, ...options }: { serve: Dispatcher["serve"]; log?: object; requestTimeoutMs?: number },
): Promise<number> {
  const [route] = routes as readonly [Route];
  const { serve, ...rest } = options;
  const server = createServer({
    dispatcher: { mounted: [{ route } as unknown as MountedRoute], serve } as unknown as Dispatcher,
    readCaller: () => ANONYMOUS,
    authenticate: null,
    newId: () => "id",
    log: log as Logger,
    ...rest,
  });
  await server.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => server.close());
  return (server.server.address() as AddressInfo).port;
}

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

/** Sends what it has at once, then a character after each pause; resolves with all that came until the end. */
function drip(port: number, atOnce: string, pauseMs: number): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => socket.write(atOnce));
    const dripping = setInterval(() => socket.write("x"), pauseMs);
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      received += chunk;
    });
    // What is sent after the end is not taken.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearInterval(dripping);
      resolve(received);
    });
  });
}

const slow: readonly [string, string][] = [
  ["head", "POST /echo HTTP/1.1\r\nhost: x\r\nx-slow: "],
  ["body", `POST /echo HTTP/1.1\r\nhost: x\r\n${JSON_TYPE}content-length: ${LIMIT}\r\n\r\n`],
];

for (const [what, atOnce] of slow) {
  test(`a ${what} that drips in is answered 408, and the connection ends`, async (t) => {
    let served = 0;
    const port = await bareServer(t, {
      serve: () => {
        served++;
        return { status: 200, body: {} };
      },
      requestTimeoutMs: 200,
    });
    const [answer] = answersIn(await drip(port, atOnce, 20));
    assert.equal(answer?.status, 408);
    assert.equal(JSON.parse(answer?.body ?? "").code, "request_timeout");
    assert.equal(served, 0);
  });
}

test("a request that drips in behind one that is in work: first its answer, then 408", async (t) => {
  const port = await bareServer(t, {
    serve: async () => {
      await sleep(1_000);
      return { status: 200, body: {} };
    },
    requestTimeoutMs: 600,
  });
  const answers = answersIn(await drip(port, `${post("/echo", HI)}POST /echo HTTP/1.1\r\nx-slow: `, 20));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 408],
  );
});

for (const [what, half, rest] of [
  ["head", "POST /echo HTTP/1.1\r\nx-slow: ", "x\r\ncontent-length: 0\r\n\r\n"],
  ["body", post("/echo", HI).slice(0, -1), "}"],
] as const) {
  test(`the rest of a ${what} that comes after its time, while its 408 waits, is not served`, async (t) => {
    let served = 0;
    const port = await bareServer(t, {
      serve: async () => {
        served++;
        await sleep(1_000);
        return { status: 200, body: {} };
      },
      requestTimeoutMs: 600,
    });
    const received = await new Promise<string>((resolve) => {
      let wire = "";
      const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(post("/echo", HI) + half));
      const late = setTimeout(() => socket.write(rest), 950);
      socket.setEncoding("utf8");
      socket.on("data", (chunk) => {
        wire += chunk;
      });
      socket.on("error", () => undefined);
      socket.on("close", () => {
        clearTimeout(late);
        resolve(wire);
      });
    });
    assert.deepEqual(
      answersIn(received).map(({ status }) => status),
      [200, 408],
    );
    assert.equal(served, 1);
  });
}

test("who does not take its answers, with rubbish behind the request, is cut off", async (t) => {
  const long = "x".repeat(20_000_000);
  const port = await bareServer(t, {
    serve: () => ({ status: 200, body: long }),
    requestTimeoutMs: 200,
  });
  let received = 0;
  const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(post("/echo", HI) + RUBBISH));
  await sleep(1_000);
  socket.on("data", (chunk) => {
    received += chunk.length;
  });
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.on("close", resolve));
  assert.ok(received < long.length, `${received} bytes`);
});

test("a client that leaves before its answer, with rubbish behind the request, breaks nothing", async (t) => {
  const served = Promise.withResolvers<void>();
  const port = await bareServer(t, {
    serve: async () => {
      await sleep(50);
      served.resolve();
      return { status: 200, body: {} };
    },
  });
  const socket = connect({ port, host: "127.0.0.1" }, () => {
    socket.write(post("/echo", HI) + RUBBISH, () => socket.destroy());
  });
  await served.promise;
  const [answer] = answersIn(await exchange(port, [LAST.replace("GET /nothing", "POST /echo")]));
  assert.equal(answer?.status, 200);
});

test("the time is a request's: a connection may be used for longer", async (t) => {
  const port = await bareServer(t, {
    serve: () => ({ status: 200, body: {} }),
    requestTimeoutMs: 200,
  });
  const answered = new Promise<string>((resolve) => {
    let received = "";
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.setEncoding("utf8");
    let left = 5;
    const ask = (): void => {
      left--;
      socket.write(post("/echo", HI, left === 0 ? `${JSON_TYPE}connection: close\r\n` : JSON_TYPE));
      if (left > 0) setTimeout(ask, 120);
    };
    ask();
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.on("close", () => resolve(received));
  });
  assert.deepEqual(
    answersIn(await answered).map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
});
