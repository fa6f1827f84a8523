import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { BODY_LIMIT, bareServer } from "../testing/bare-server.ts";
import { answersIn, exchange, HI, JSON_TYPE, LAST, post, RUBBISH } from "../testing/wire.ts";

/** Who is slow to send or to take is cut off, and nobody who waits is. */

/** Sends what it has at once, then a character after each pause; resolves with all that came until the end. */
function drip(port: number, atOnce: string, pauseMs: number): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    let dripping: NodeJS.Timeout | undefined;
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => {
      socket.write(atOnce);
      dripping = setInterval(() => socket.write("x"), pauseMs);
    });
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

const TRIES = 20;

/**
 * The status of each answer. A connection's first request has its time from the connection on: where the machine stood
 * still for as long before it was read, nothing is shown, and it is tried again.
 */
async function statusesOf(attempt: () => Promise<string>): Promise<readonly number[]> {
  for (let tries = 1; ; tries++) {
    const statuses = answersIn(await attempt()).map(({ status }) => status);
    if (statuses[0] !== 408 || tries === TRIES) return statuses;
  }
}

const slow: readonly [string, string][] = [
  ["head", "POST /echo HTTP/1.1\r\nhost: x\r\nx-slow: "],
  ["body", `POST /echo HTTP/1.1\r\nhost: x\r\n${JSON_TYPE}content-length: ${BODY_LIMIT}\r\n\r\n`],
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
  const statuses = await statusesOf(async () => {
    const late = Promise.withResolvers<void>();
    const port = await bareServer(t, {
      serve: async () => {
        await late.promise;
        return { status: 200, body: {} };
      },
      requestTimeoutMs: 200,
      faulty: late.resolve,
    });
    return drip(port, `${post("/echo", HI)}POST /echo HTTP/1.1\r\nx-slow: `, 20);
  });
  assert.deepEqual(statuses, [200, 408]);
});

for (const [what, half, rest] of [
  ["head", "POST /echo HTTP/1.1\r\nx-slow: ", "x\r\nhost: x\r\ncontent-length: 0\r\n\r\n"],
  ["body", post("/echo", HI).slice(0, -1), "}"],
] as const) {
  test(`the rest of a ${what} that comes after its time, while its 408 waits, is not served`, async (t) => {
    let served = 0;
    const statuses = await statusesOf(async () => {
      const late = Promise.withResolvers<void>();
      const sent = Promise.withResolvers<void>();
      const port = await bareServer(t, {
        serve: async () => {
          served++;
          await sent.promise;
          return { status: 200, body: {} };
        },
        requestTimeoutMs: 200,
        faulty: late.resolve,
      });
      return new Promise<string>((resolve) => {
        let wire = "";
        const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(post("/echo", HI) + half));
        void late.promise.then(() => socket.write(rest, () => turnsLater(2, sent.resolve)));
        socket.setEncoding("utf8");
        socket.on("data", (chunk) => {
          wire += chunk;
        });
        socket.on("error", () => undefined);
        socket.on("close", () => resolve(wire));
      });
    });
    assert.deepEqual(statuses, [200, 408]);
    assert.equal(served, 1);
  });
}

/** Between two of them sockets are read that have something to be read. */
function turnsLater(turns: number, go: () => void): void {
  setImmediate(() => (turns === 1 ? go() : turnsLater(turns - 1, go)));
}

for (const [what, sent] of [
  ["an answer", post("/echo", HI)],
  ["several answers", post("/echo", HI).repeat(3)],
  ["its answers, with rubbish behind the request,", post("/echo", HI) + RUBBISH],
] as const) {
  test(`who does not take ${what} is cut off`, { timeout: 120_000 }, async (t) => {
    const long = "x".repeat(20_000_000);
    const cut = Promise.withResolvers<void>();
    const port = await bareServer(t, {
      serve: () => ({ status: 200, body: long }),
      requestTimeoutMs: 100,
      connected: (socket) => socket.on("close", () => cut.resolve()),
    });
    let received = 0;
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(sent));
    t.after(() => socket.destroy());
    await cut.promise;
    socket.on("data", (chunk) => {
      received += chunk.length;
    });
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.on("close", resolve));
    assert.ok(received < long.length, `${received} bytes`);
  });
}

test("who waits for an answer that takes long is not cut off, nor is what came behind it", async (t) => {
  let served = 0;
  const port = await bareServer(t, {
    serve: async () => {
      served++;
      if (served === 1) await sleep(1_000);
      return { status: 200, body: {} };
    },
    requestTimeoutMs: 100,
  });
  const last = post("/echo", HI, `${JSON_TYPE}connection: close\r\n`);
  assert.deepEqual(await statusesOf(() => exchange(port, [post("/echo", HI) + last])), [200, 200]);
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

test("who goes before the answer is told of to a route that asks", { timeout: 60_000 }, async (t) => {
  const told = Promise.withResolvers<void>();
  const port = await bareServer(t, {
    serve: async (_mounted, { gone }) => {
      const signal = gone();
      assert.equal(signal.aborted, false);
      signal.addEventListener("abort", () => told.resolve());
      socket.destroy();
      await told.promise;
      assert.equal(gone().aborted, true);
      return { status: 200, body: {} };
    },
  });
  const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(post("/echo", HI)));
  await told.promise;
});

test("the time is a request's: a connection may be used for longer", async (t) => {
  const port = await bareServer(t, {
    serve: () => ({ status: 200, body: {} }),
    requestTimeoutMs: 200,
  });
  const used = (): Promise<string> =>
    new Promise((resolve) => {
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
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(received));
    });
  assert.deepEqual(await statusesOf(used), [200, 200, 200, 200, 200]);
});
