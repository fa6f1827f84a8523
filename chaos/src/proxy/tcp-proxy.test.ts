import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, connect as openSocket, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { TcpProxy, type TcpProxyOptions } from "./tcp-proxy.ts";

interface Echo {
  readonly port: number;
  readonly heard: () => string;
}

/** Answers every chunk with itself behind its name. */
async function echo(t: TestContext, name: string): Promise<Echo> {
  let heard = "";
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
      socket.write(`${name}:${chunk.toString()}`);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === "object" ? (address?.port ?? 0) : 0, heard: () => heard };
}

async function proxyTo(
  t: TestContext,
  targets: readonly number[],
  options?: TcpProxyOptions,
): Promise<TcpProxy> {
  const proxy = await TcpProxy.open(targets, options);
  t.after(() => proxy.close());
  return proxy;
}

async function client(t: TestContext, proxy: TcpProxy): Promise<Socket> {
  const socket = openSocket(proxy.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  t.after(() => void socket.destroy());
  return socket;
}

async function ask(socket: Socket, text: string): Promise<string> {
  const answered = once(socket, "data");
  socket.write(text);
  const [chunk] = (await answered) as [Buffer];
  return chunk.toString();
}

/** Bytes of another connection through the same proxy come after those that were written before. */
async function untilSwallowed(proxy: TcpProxy, bytes: number): Promise<void> {
  while (proxy.swallowedBytes < bytes) await new Promise((resolve) => setImmediate(resolve));
}

test("bytes pass both ways, connections go to the targets in turn", async (t) => {
  const [one, two] = [await echo(t, "one"), await echo(t, "two")];
  const proxy = await proxyTo(t, [one.port, two.port]);
  assert.equal(await ask(await client(t, proxy), "a"), "one:a");
  assert.equal(await ask(await client(t, proxy), "b"), "two:b");
  assert.equal(proxy.connectionsOf(two.port), 1);
});

test("what is lost on the way to the server never arrives, and the connection stays open", async (t) => {
  const server = await echo(t, "s");
  const proxy = await proxyTo(t, [server.port]);
  const socket = await client(t, proxy);
  assert.equal(await ask(socket, "before"), "s:before");
  proxy.lose({ direction: "to-server" });
  socket.write("gone");
  await untilSwallowed(proxy, 4);
  assert.equal(server.heard(), "before");
  assert.equal(socket.destroyed, false);
});

test("what is lost on the way back was done by the server", async (t) => {
  const server = await echo(t, "s");
  const proxy = await proxyTo(t, [server.port]);
  const socket = await client(t, proxy);
  let back = "";
  socket.on("data", (chunk: Buffer) => {
    back += chunk.toString();
  });
  proxy.lose({ direction: "to-client" });
  socket.write("done");
  await untilSwallowed(proxy, "s:done".length);
  assert.equal(server.heard(), "done");
  assert.equal(back, "");
});

test("a stream that lost bytes stays dumb, a new one is whole", async (t) => {
  const server = await echo(t, "s");
  const proxy = await proxyTo(t, [server.port]);
  const hurt = await client(t, proxy);
  proxy.lose({ direction: "to-server" });
  hurt.write("x");
  await untilSwallowed(proxy, 1);
  proxy.endLoss();
  hurt.write("y");
  await untilSwallowed(proxy, 2);
  assert.equal(await ask(await client(t, proxy), "z"), "s:z");
  assert.equal(server.heard(), "z");
});

test("a loss may be of some connections only, told by their first bytes", async (t) => {
  const server = await echo(t, "s");
  const proxy = await proxyTo(t, [server.port], { labelOf: (first) => first.toString().slice(0, 1) });
  proxy.lose({ direction: "to-server", of: (label) => label === "w" });
  const wallet = await client(t, proxy);
  wallet.write("w1");
  await untilSwallowed(proxy, 2);
  assert.equal(await ask(await client(t, proxy), "m1"), "s:m1");
  assert.equal(server.heard(), "m1");
});

test("connections to a target that is taken out are cut", async (t) => {
  const [old, fresh] = [await echo(t, "old"), await echo(t, "new")];
  const proxy = await proxyTo(t, [old.port]);
  const socket = await client(t, proxy);
  assert.equal(await ask(socket, "a"), "old:a");
  const closed = once(socket, "close");
  proxy.route([fresh.port]);
  await closed;
  assert.equal(await ask(await client(t, proxy), "b"), "new:b");
});

test("a name is another one on the other side", async (t) => {
  const server = await echo(t, "s");
  const proxy = await proxyTo(t, [server.port], {
    labelOf: (first) => first.toString(),
    rewriting: (label) => (label.startsWith("me") ? { from: "group-a", to: "group-b" } : null),
  });
  assert.equal(await ask(await client(t, proxy), "me in group-a"), "s:me in group-a");
  assert.equal(await ask(await client(t, proxy), "you in group-a"), "s:you in group-a");
  assert.equal(server.heard(), "me in group-byou in group-a");
});

test("new connections are led elsewhere, and those that there are stay where they are", async (t) => {
  const [old, fresh] = [await echo(t, "old"), await echo(t, "new")];
  const proxy = await proxyTo(t, [old.port]);
  const socket = await client(t, proxy);
  assert.equal(await ask(socket, "a"), "old:a");
  proxy.lead([fresh.port]);
  assert.equal(await ask(await client(t, proxy), "b"), "new:b");
  assert.equal(await ask(socket, "c"), "old:c");
});
