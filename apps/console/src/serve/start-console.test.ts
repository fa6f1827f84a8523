import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { type RunningConsole, startConsole } from "./start-console.ts";

/** Before a gateway that takes what it is sent and answers nothing. */
async function impatientConsole(t: TestContext): Promise<RunningConsole> {
  const sockets = new Set<Socket>();
  const gateway = createServer((socket) => void sockets.add(socket.on("error", () => undefined)));
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
  return running;
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
    const running = await impatientConsole(t);
    const socket = connect({ port: Number(new URL(running.url).port), host: "127.0.0.1" });
    t.after(() => socket.destroy());
    socket.write(sent);
    assert.match(await text(socket), /^HTTP\/1\.1 408 /);
  });
