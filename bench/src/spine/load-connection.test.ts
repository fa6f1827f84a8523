import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { LoadConnection, postText, readAnswer } from "./load-connection.ts";

const read = (text: string) => readAnswer(Buffer.from(text, "latin1"));

test("an answer is read when it is whole, and only if it says its length", () => {
  const whole =
    "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\ncontent-length: 2\r\nx: y\r\n\r\n{}";
  for (let length = 0; length < whole.length; length++)
    assert.equal(read(whole.slice(0, length)), "incomplete", `${length} bytes`);
  assert.deepEqual(read(whole), { status: 201, body: Buffer.from("{}") });
  assert.equal(read(`${whole}H`), "malformed", "more than one answer");
  assert.equal(read("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), "malformed");
  assert.equal(read("HTTP/1.1 100 Continue\r\ncontent-length: 0\r\n\r\n"), "malformed");
  assert.equal(read("SMTP ready\r\n\r\n"), "malformed");
});

test("requests follow each other on one connection to a real server, answers of many pieces included", async (t) => {
  const bodies: string[] = [];
  const sockets = new Set<unknown>();
  const server = createServer((request, response) => {
    sockets.add(request.socket);
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      bodies.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
      const answer = "x".repeat(Number(JSON.parse(body).length));
      response.writeHead(201, { "content-length": answer.length }).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  t.after(() => server.close());
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const connection = await LoadConnection.open(`http://${host}`, assert.ifError);
  t.after(() => connection.close());
  for (const length of [0, 10, 1_000_000, 10]) {
    const answer = await new Promise<readonly [number, string]>((resolve) =>
      connection.send(postText(host, "/orders", "bk_1", JSON.stringify({ length })), (status, body) =>
        resolve([status, body.toString()]),
      ),
    );
    assert.deepEqual(answer, [201, "x".repeat(length)]);
    assert.equal(bodies.at(-1), `POST /orders Bearer bk_1 {"length":${length}}`);
  }
  assert.equal(sockets.size, 1);
});

test("a connection that the platform closes is told", async (t) => {
  const server = createServer((request) => request.socket.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : "";
  const failure = await new Promise<Error>((resolve) => {
    void LoadConnection.open(`http://127.0.0.1:${port}`, resolve).then((connection) => {
      t.after(() => connection.close());
      connection.send(postText("x", "/", "k", "{}"), () => assert.fail("no answer was given"));
    });
  });
  assert.match(failure.message, /closed/);
});
