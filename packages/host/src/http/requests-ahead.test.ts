import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { bareServer } from "../testing/bare-server.ts";
import { answersIn, exchange, HI, JSON_TYPE, post } from "../testing/wire.ts";

const LAST_HI = post("/echo", HI, `${JSON_TYPE}connection: close\r\n`);

test("of one connection one request is worked on at a time, and answered before the next one is begun", async (t) => {
  let [working, most] = [0, 0];
  const port = await bareServer(t, {
    serve: async () => {
      working++;
      most = Math.max(most, working);
      await new Promise(setImmediate);
      working--;
      return { status: 200, body: {} };
    },
  });
  const answers = answersIn(await exchange(port, [post("/echo", HI).repeat(50) + LAST_HI]));
  assert.deepEqual([answers.length, most], [51, 1]);
});

test("what is sent ahead by a client that takes no answer is not worked on", {
  timeout: 60_000,
}, async (t) => {
  let served = 0;
  const cut = Promise.withResolvers<void>();
  const port = await bareServer(t, {
    serve: () => {
      served++;
      return { status: 200, body: "x".repeat(20_000_000) };
    },
    requestTimeoutMs: 100,
    connected: (socket) => socket.on("close", () => cut.resolve()),
  });
  const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(post("/echo", HI).repeat(20)));
  t.after(() => socket.destroy());
  await cut.promise;
  assert.equal(served, 1);
});

test("who sends more ahead than may wait is cut off", { timeout: 60_000 }, async (t) => {
  let served = 0;
  const [late, cut] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  t.after(() => late.resolve());
  const port = await bareServer(t, {
    serve: async () => {
      served++;
      await late.promise;
      return { status: 200, body: {} };
    },
    connected: (socket) => socket.on("close", () => cut.resolve()),
  });
  const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(post("/echo", HI).repeat(102)));
  socket.on("error", () => undefined);
  t.after(() => socket.destroy());
  await cut.promise;
  assert.equal(served, 1);
});

test("behind an answer that ends its connection nothing is begun", async (t) => {
  let served = 0;
  const port = await bareServer(t, {
    serve: () => {
      served++;
      return { status: 200, body: {}, headers: { connection: "close" } };
    },
  });
  const answers = answersIn(await exchange(port, [post("/echo", HI).repeat(2)]));
  assert.deepEqual([answers.length, served], [1, 1]);
});
