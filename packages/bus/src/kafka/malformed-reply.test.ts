import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { BusError } from "../bus-error.ts";
import { kafkaBus } from "./kafka-bus.ts";

/** A server that answers every request with the same bytes. */
async function serverAnswering(context: TestContext, answer: (request: Buffer) => Buffer): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (request) => socket.write(answer(Buffer.from(request))));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? `127.0.0.1:${address.port}` : "";
}

/** The reply's frame, with the correlation number of the request. */
function framed(request: Buffer, body: Buffer): Buffer {
  const frame = Buffer.alloc(8);
  frame.writeInt32BE(4 + body.length, 0);
  request.copy(frame, 4, 8, 12);
  return Buffer.concat([frame, body]);
}

const REPLIES: readonly (readonly [string, (request: Buffer) => Buffer])[] = [
  ["text of another protocol", () => Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ["a negative length", () => Buffer.alloc(64, 0xff)],
  ["an unknown correlation number", () => Buffer.from([0, 0, 0, 8, 0x7f, 0, 0, 1, 1, 2, 3, 4])],
  ["an empty body", (request) => framed(request, Buffer.alloc(0))],
  ["a body that is cut off", (request) => framed(request, Buffer.from([0, 0, 0, 0, 0, 5, 1]))],
  ["a body of nonsense", (request) => framed(request, Buffer.alloc(300, 0x7f))],
];

for (const [name, answer] of REPLIES) {
  test(`a broker that answers with ${name} fails the call and nothing else`, {
    timeout: 60_000,
  }, async (context) => {
    const bootstrapServers = await serverAnswering(context, answer);
    const bus = kafkaBus({ bootstrapServers, clientId: "test", callTimeoutMs: 300, sendTimeoutMs: 300 });
    const batch = {
      topic: "t",
      partition: 0,
      records: [{ key: null, value: "x", headers: {}, timestampMs: 0 }],
    };
    for (const call of [() => bus.topics(), () => bus.send([batch])]) {
      await assert.rejects(call(), (error) => error instanceof BusError && error.code === "bus_unavailable");
    }
    await bus.close();
  });
}

test("no broker at all: calls are rejected in time, and the addresses are named", async () => {
  const bus = kafkaBus({ bootstrapServers: "127.0.0.1:1", clientId: "test", callTimeoutMs: 200 });
  await assert.rejects(bus.topics(), /127\.0\.0\.1:1\b/);
  await bus.close();
  assert.throws(() => kafkaBus({ bootstrapServers: " , ", clientId: "test" }), /host:port/);
  assert.throws(() => kafkaBus({ bootstrapServers: "a:b:c", clientId: "test" }), /host:port/);
});
