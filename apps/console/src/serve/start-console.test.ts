import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { startConsole } from "./start-console.ts";

/** A console before a gateway that takes what it is sent and answers nothing, ends the connection, or answers without an end. */
async function impatientConsole(
  t: TestContext,
  does: "nothing" | "ends" | "answers" = "nothing",
): Promise<{ readonly port: number; readonly asked: () => number; readonly left: Promise<void> }> {
  const left = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  let received = "";
  const gateway = createServer((socket) => {
    sockets.add(socket);
    socket
      .on("error", () => undefined)
      .on("data", (bytes) => {
        received += bytes.toString("latin1");
        if (does === "ends") socket.destroy();
        if (does === "answers") answerWithoutEnd(socket);
      })
      .on("close", () => left.resolve());
  });
  await once(gateway.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    gateway.close();
  });
  const running = await startConsole({
    gatewayUrl: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`,
    host: "127.0.0.1",
    port: 0,
    progress: () => undefined,
    requestTimeoutMs: 200,
  });
  t.after(() => running.close());
  return {
    port: Number(new URL(running.url).port),
    asked: () => received.split(" HTTP/1.1\r\n").length - 1,
    left: left.promise,
  };
}

function answerWithoutEnd(socket: Socket): void {
  const fill = (): void => {
    while (socket.write("x".repeat(100_000)));
  };
  socket.on("drain", fill).write("HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n");
  fill();
}

for (const [what, sent] of [
  ["head", "GET / HTTP/1.1\r\nhost: x\r\nx-slow: "],
  [
    "body",
    "POST /api/v1/x HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
  ],
] as const)
  test(`a ${what} that does not come to its end is answered 408, and the connection ends`, {
    timeout: 180_000,
  }, async (t) => {
    const { port } = await impatientConsole(t);
    const socket = connect({ port, host: "127.0.0.1" });
    t.after(() => socket.destroy());
    socket.write(sent);
    assert.match(await text(socket), /^HTTP\/1\.1 408 /);
  });

test("of one connection one request is worked on at a time, and who sends more ahead than may wait is cut off", {
  timeout: 180_000,
}, async (t) => {
  const { port, asked } = await impatientConsole(t);
  const ask = (count: number): string => "GET /api/v1/x HTTP/1.1\r\nhost: x\r\n\r\n".repeat(count);
  const socket = connect({ port, host: "127.0.0.1" });
  t.after(() => socket.destroy());
  socket.on("error", () => undefined);
  // Not `once`, which rejects where the connection is reset before that.
  const cut = new Promise((resolve) => socket.on("close", resolve));
  socket.resume().write(ask(102));
  await cut;
  assert.ok(asked() <= 1, `${asked()} of them were passed on`);
});

test("what is sent ahead is answered, in order", { timeout: 180_000 }, async (t) => {
  const { port } = await impatientConsole(t);
  const socket = connect({ port, host: "127.0.0.1" });
  t.after(() => socket.destroy());
  const page = (n: number, headers = ""): string => `GET /assets/${n} HTTP/1.1\r\nhost: x\r\n${headers}\r\n`;
  socket.write(Array.from({ length: 50 }, (_, n) => page(n)).join("") + page(50, "connection: close\r\n"));
  const answered = (await text(socket)).matchAll(/there is no GET \/assets\/(\d+)/g);
  assert.deepEqual(
    Array.from(answered, ([, n]) => Number(n)),
    Array.from({ length: 51 }, (_, n) => n),
  );
});

test("who is answered that the gateway does not take a body may go on asking", {
  timeout: 180_000,
}, async (t) => {
  const { port } = await impatientConsole(t, "ends");
  const socket = connect({ port, host: "127.0.0.1" });
  t.after(() => socket.destroy());
  const body = JSON.stringify({ reason: "x".repeat(100_000) });
  const head = `host: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  socket.write(`POST /api/v1/x HTTP/1.1\r\n${head}\r\n${body}`);
  socket.write("GET /assets/next HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  const answers = await text(socket);
  assert.match(answers, /^HTTP\/1\.1 503 .*HTTP\/1\.1 404 .*there is no GET \/assets\/next/s);
});

test("who does not take an answer of the gateway's is cut off, and the gateway with it", {
  timeout: 180_000,
}, async (t) => {
  const { port, left } = await impatientConsole(t, "answers");
  // It is never read from.
  const socket = connect({ port, host: "127.0.0.1" });
  t.after(() => socket.destroy());
  socket.on("error", () => undefined).write("GET /api/v1/x HTTP/1.1\r\nhost: x\r\n\r\n");
  await left;
});
